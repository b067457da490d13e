import { TepuiError, type Timers } from '../base/index.js';
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
  const { meta } = store;
  if (meta === null) return machine;
  let loaded = 0;
  for await (const records of store.load(sliceBytes)) {
    for (const record of records) machine.load(record);
    loaded += records.length;
    await new Promise<void>((resolve) => timers.soon(resolve));
    if (!wanted()) return null;
  }
  if (loaded === 0) throw new TepuiError('DAMAGED', `the state at ${meta.index} has no records`);
  machine.finishLoad(meta);
  return machine;
}
