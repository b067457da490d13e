import assert from 'node:assert/strict';
import { loadMachine } from '../../lib/replica/load.js';
import { DEFAULT_LIMITS } from '../../lib/state/index.js';
import type { CutMeta, StateStore } from '../../lib/storage/types.js';
import { VirtualTime } from '../support/virtual-time.js';

/** A state folder of which only the stamp is left. */
const STAMP: StateStore = {
  meta: { index: 7, term: 1, revision: 5, digest: '0000000000000000' } as CutMeta,
  load: async function* () {},
} as Partial<StateStore> as StateStore;

describe('replica: loading the state', () => {
  it('finds a state damaged that lost all its records', async () => {
    const load = loadMachine(STAMP, DEFAULT_LIMITS, 1024, new VirtualTime(), () => true);
    await assert.rejects(load, { code: 'DAMAGED', message: /the state at 7 has no records/ });
  });
});
