import { TepuiError } from '../../base/index.js';
import type { Resources } from '../../state/index.js';
import type { mesos } from '../../wire/index.js';

const MIB = 1024 * 1024;
/** Amounts beyond this would not add up exactly. */
const LARGEST_SCALAR = 2 ** 32;

/**
 * Mesos resources in the machine's whole numbers: `cpus` in thousandths, `mem` and `disk` (megabytes) in bytes,
 * every other scalar in thousandths. Entries of one name are added up. Throws INVALID_ARGUMENT, or UNSUPPORTED
 * for what this release cannot account for (ranges, sets, volumes, reservations, revocable and shared resources).
 */
export function resourcesOf(list: readonly mesos.Resource[] | undefined): Resources {
  const others = new Map<string, number>();
  const sums = { cpuMilli: 0, memoryBytes: 0, diskBytes: 0 };
  for (const resource of list ?? []) {
    const value = scalarOf(resource);
    if (resource.name === 'cpus') sums.cpuMilli += Math.round(value * 1000);
    else if (resource.name === 'mem') sums.memoryBytes += Math.round(value * MIB);
    else if (resource.name === 'disk') sums.diskBytes += Math.round(value * MIB);
    else others.set(resource.name, (others.get(resource.name) ?? 0) + Math.round(value * 1000));
  }
  const sum = [...others.values(), ...Object.values(sums)].find((value) => !Number.isSafeInteger(value));
  if (sum !== undefined) throw new TepuiError('INVALID_ARGUMENT', `resources that add up to ${sum}`);
  const named = [...others].filter(([, milli]) => milli > 0).map(([name, milli]) => ({ name, milli }));
  return { ...sums, others: named.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function scalarOf(resource: mesos.Resource): number {
  const { name, type, scalar } = resource;
  if (name === '') throw new TepuiError('INVALID_ARGUMENT', 'a resource without a name');
  const special = (['disk', 'reservation', 'revocable', 'shared', 'provider_id'] as const).find(
    (field) => resource[field] !== undefined,
  );
  const reserved = (resource.reservations?.length ?? 0) > 0 || (resource.role ?? '*') !== '*';
  if (type !== 'SCALAR' || special !== undefined || reserved) {
    const what = type === 'SCALAR' ? `with ${special ?? 'reservations'}` : `of type ${type}`;
    throw new TepuiError('UNSUPPORTED', `resource ${name} ${what}: this release accounts for plain scalars`);
  }
  const value = scalar?.value ?? Number.NaN;
  if (value >= 0 && value <= LARGEST_SCALAR) return value;
  throw new TepuiError('INVALID_ARGUMENT', `resource ${name}: ${value} is no amount`);
}

/** The same resources in Mesos's words; `role` is whom they are offered or allocated to. */
export function mesosResources(resources: Resources, role: string | null): mesos.Resource[] {
  const allocation = role === null ? {} : { allocation_info: { role } };
  const list: mesos.Resource[] = [];
  const push = (name: string, value: number): void => {
    if (value > 0) list.push({ name, type: 'SCALAR', scalar: { value }, ...allocation });
  };
  push('cpus', resources.cpuMilli / 1000);
  push('mem', resources.memoryBytes / MIB);
  push('disk', resources.diskBytes / MIB);
  for (const { name, milli } of resources.others) push(name, milli / 1000);
  return list;
}
