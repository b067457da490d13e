import type { Timers } from '../base/index.js';
import { Machine, type MachineLimits } from '../state/index.js';
import type { StateStore } from '../storage/types.js';

/** Rebuilds the machine from a state folder, in slices; its digest is verified. Empty folder: empty machine. */
export async function loadMachine(
  store: StateStore,
  limits: MachineLimits,
  sliceBytes: number,
  timers: Timers,
): Promise<Machine> {
  const machine = new Machine(limits);
  if (store.meta === null) return machine;
  for await (const records of store.load(sliceBytes)) {
    for (const record of records) machine.load(record);
    await new Promise<void>((resolve) => timers.soon(resolve));
  }
  machine.finishLoad(store.meta);
  return machine;
}
