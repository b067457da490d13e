import type { NamedAmount, Resources } from '../../state/index.js';

export const NOTHING: Resources = { cpuMilli: 0, memoryBytes: 0, diskBytes: 0, others: [] };

/** Merges two lists sorted by name; amounts of 0 or less fall out. */
function combine(
  a: readonly NamedAmount[],
  b: readonly NamedAmount[],
  join: (a: number, b: number) => number,
): readonly NamedAmount[] {
  if (b.length === 0) return a;
  const result: NamedAmount[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    const name =
      right === undefined || (left !== undefined && left.name <= right.name) ? left!.name : right.name;
    const milli = join(left?.name === name ? a[i++]!.milli : 0, right?.name === name ? b[j++]!.milli : 0);
    if (milli > 0) result.push({ name, milli });
  }
  return result;
}

export function add(a: Resources, b: Resources): Resources {
  return {
    cpuMilli: a.cpuMilli + b.cpuMilli,
    memoryBytes: a.memoryBytes + b.memoryBytes,
    diskBytes: a.diskBytes + b.diskBytes,
    others: combine(a.others, b.others, (x, y) => x + y),
  };
}

/** `a` less `b`; never below 0: an agent may come back smaller than what runs on it. */
export function subtract(a: Resources, b: Resources): Resources {
  return {
    cpuMilli: Math.max(0, a.cpuMilli - b.cpuMilli),
    memoryBytes: Math.max(0, a.memoryBytes - b.memoryBytes),
    diskBytes: Math.max(0, a.diskBytes - b.diskBytes),
    others: combine(a.others, b.others, (x, y) => x - y),
  };
}

export function amountOf(resources: Resources, name: string): number {
  return resources.others.find((one) => one.name === name)?.milli ?? 0;
}

/** Whether `whole` holds all of `part`. */
export function covers(whole: Resources, part: Resources): boolean {
  return (
    part.cpuMilli <= whole.cpuMilli &&
    part.memoryBytes <= whole.memoryBytes &&
    part.diskBytes <= whole.diskBytes &&
    part.others.every(({ name, milli }) => milli <= amountOf(whole, name))
  );
}

export function isNothing(resources: Resources): boolean {
  const { cpuMilli, memoryBytes, diskBytes, others } = resources;
  return cpuMilli === 0 && memoryBytes === 0 && diskBytes === 0 && others.length === 0;
}

/** The largest share that `part` takes of any kind of resource in `whole` (Ghodsi et al., NSDI 2011, section 4). */
export function dominantShare(part: Resources, whole: Resources): number {
  let share = 0;
  if (whole.cpuMilli > 0) share = Math.max(share, part.cpuMilli / whole.cpuMilli);
  if (whole.memoryBytes > 0) share = Math.max(share, part.memoryBytes / whole.memoryBytes);
  if (whole.diskBytes > 0) share = Math.max(share, part.diskBytes / whole.diskBytes);
  for (const { name, milli } of part.others) {
    const total = amountOf(whole, name);
    if (total > 0) share = Math.max(share, milli / total);
  }
  return share;
}
