import type { Timers } from '../base/index.js';
import { Machine, type MachineLimits } from '../state/index.js';
import type { StateStore } from '../storage/types.js';

/**
 * Rebuilds the machine from a state folder, in slices; its digest is verified. Empty folder: empty machine. Null
 * when it is no longer `wanted`. Rejects with DAMAGED when a record or the whole is not what was written.
 */
export async function loadMachine(
  store: StateStore,
  limits: MachineLimits,
  sliceBytes: number,
  timers: Timers,
  wanted: () => boolean,
): Promise<Machine | null> {
  const machine = new Machine(limits);
  if (store.meta === null) return machine;
  for await (const records of store.load(sliceBytes)) {
    for (const record of records) machine.load(record);
    await new Promise<void>((resolve) => timers.soon(resolve));
    if (!wanted()) return null;
  }
  machine.finishLoad(store.meta);
  return machine;
}
