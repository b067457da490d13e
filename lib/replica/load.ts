import { TepuiError } from '../base/index.js';
import { Machine, type MachineLimits } from '../state/index.js';
import type { StateStore } from '../storage/types.js';

/** Resolves when the next slice, after one of so many bytes, may be loaded. */
export type LoadPace = (bytes: number) => Promise<void>;

/**
 * Rebuilds the machine from a state folder, in slices; its digest is verified. Empty folder: empty machine. Null
 * when it is no longer `wanted`. Rejects with DAMAGED when a record or the whole is not what was written.
 */
export async function loadMachine(
  store: StateStore,
  limits: MachineLimits,
  sliceBytes: number,
  pace: LoadPace,
  wanted: () => boolean,
): Promise<Machine | null> {
  const machine = new Machine(limits);
  const { meta } = store;
  if (meta === null) return machine;
  let loaded = 0;
  for await (const records of store.load(sliceBytes)) {
    let bytes = 0;
    for (const record of records) {
      machine.load(record);
      bytes += record.key.length + record.value.length;
    }
    loaded += records.length;
    await pace(bytes);
    if (!wanted()) return null;
  }
  if (loaded === 0) throw new TepuiError('DAMAGED', `the state at ${meta.index} has no records`);
  machine.finishLoad(meta);
  return machine;
}
