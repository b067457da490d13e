import { must } from '../base/index.js';

/** A resource other than the three of every machine, in thousandths of its unit (`gpus` 2 is 2000). */
export interface NamedAmount {
  readonly name: string;
  readonly milli: number;
}

/** Whole numbers only, so that sums are exact and alike everywhere. */
export interface Resources {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Sorted by name, each name once, amounts above 0. */
  readonly others: readonly NamedAmount[];
}

export const NO_RESOURCES: Resources = { cpuMilli: 0, memoryBytes: 0, diskBytes: 0, others: [] };

/** The most that one amount may be: the sum of thousands stays exact. */
const LARGEST = 2 ** 50;
const NAME_LENGTH = 255;

/** Resources in their one form: sorted, equal names added up, zeros left out. */
export function makeResources(
  cpuMilli: number,
  memoryBytes: number,
  diskBytes: number,
  others: readonly NamedAmount[] = [],
): Resources {
  if (others.length === 0) return { cpuMilli, memoryBytes, diskBytes, others };
  const sums = new Map<string, number>();
  for (const { name, milli } of others) sums.set(name, (sums.get(name) ?? 0) + milli);
  const names = [...sums.keys()].filter((name) => sums.get(name) !== 0).sort();
  return {
    cpuMilli,
    memoryBytes,
    diskBytes,
    others: names.map((name) => ({ name, milli: must(sums.get(name), () => `no sum of ${name}`) })),
  };
}

export function addResources(a: Resources, b: Resources): Resources {
  return makeResources(a.cpuMilli + b.cpuMilli, a.memoryBytes + b.memoryBytes, a.diskBytes + b.diskBytes, [
    ...a.others,
    ...b.others,
  ]);
}

/** May go below zero in a field; `resourceShortage` tells. */
export function subtractResources(a: Resources, b: Resources): Resources {
  return makeResources(a.cpuMilli - b.cpuMilli, a.memoryBytes - b.memoryBytes, a.diskBytes - b.diskBytes, [
    ...a.others,
    ...b.others.map(({ name, milli }) => ({ name, milli: -milli })),
  ]);
}

export function sumResources(list: readonly Resources[]): Resources {
  return list.reduce(addResources, NO_RESOURCES);
}

export function isNothing(resources: Resources): boolean {
  const { cpuMilli, memoryBytes, diskBytes, others } = resources;
  return cpuMilli === 0 && memoryBytes === 0 && diskBytes === 0 && others.length === 0;
}

/** What `asked` wants beyond `available`, in words, or null when it fits. */
export function resourceShortage(available: Resources, asked: Resources): string | null {
  const rest = subtractResources(available, asked);
  const short: string[] = [];
  if (rest.cpuMilli < 0) short.push(`cpus ${asked.cpuMilli} of ${available.cpuMilli} thousandths`);
  if (rest.memoryBytes < 0) short.push(`memory ${asked.memoryBytes} of ${available.memoryBytes} bytes`);
  if (rest.diskBytes < 0) short.push(`disk ${asked.diskBytes} of ${available.diskBytes} bytes`);
  for (const { name, milli } of rest.others) if (milli < 0) short.push(`${name} by ${-milli} thousandths`);
  return short.length === 0 ? null : short.join(', ');
}

/** What is wrong with the form of resources that came from outside, or null. */
export function resourcesFault(resources: Resources, namedLimit: number): string | null {
  const { cpuMilli, memoryBytes, diskBytes, others } = resources;
  for (const amount of [cpuMilli, memoryBytes, diskBytes, ...others.map((other) => other.milli)]) {
    if (!Number.isSafeInteger(amount) || amount < 0 || amount > LARGEST) return `an amount of ${amount}`;
  }
  if (others.length > namedLimit) return `${others.length} named resources; the limit is ${namedLimit}`;
  for (const [i, { name, milli }] of others.entries()) {
    if (milli === 0) return `0 of ${name}`;
    if (name === '' || name.length > NAME_LENGTH) return `a resource name of ${name.length} characters`;
    if (i > 0 && must(others[i - 1], 'neighbour').name >= name) return `${name} is out of order`;
  }
  return null;
}
