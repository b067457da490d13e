import { cpus } from 'node:os';

/** Time that all processors together were busy since the machine's start, milliseconds. */
export function processorTimes(): { readonly busyMs: number } {
  let busyMs = 0;
  for (const { times } of cpus()) busyMs += times.user + times.nice + times.sys + times.irq;
  return { busyMs };
}
