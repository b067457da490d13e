import assert from 'node:assert/strict';
import { loadMachine } from '../../lib/replica/load.js';
import { Loading } from '../../lib/replica/loading.js';
import type { ReplicaOptions } from '../../lib/replica/index.js';
import { REPLICA_LIMITS } from '../../lib/replica/index.js';
import { DEFAULT_LIMITS, Machine } from '../../lib/state/index.js';
import type { CutMeta, StateRecord, StateStore } from '../../lib/storage/types.js';
import { bytes, Driver } from '../state/support/driver.js';

const META = { index: 100, term: 1, revision: 5, digest: '0000000000000000' } as CutMeta;
const AT_ONCE = (): Promise<void> => Promise.resolve();

function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function store(slices: readonly StateRecord[][], meta: CutMeta = META): StateStore {
  return {
    meta,
    load: async function* () {
      await AT_ONCE();
      yield* slices;
    },
  } as Partial<StateStore> as StateStore;
}

/** A state with a hundred nodes, one record in each slice. */
function hundredNodes(): StateStore & { readonly slices: number } {
  const driver = new Driver();
  for (let i = 0; i < 100; i++) driver.done({ kind: 'tree-create', path: `/n${i}`, data: bytes('x') });
  const cut = driver.machine.beginCut(100, 1);
  while (!cut.encodeSlice(1000));
  const slices = Array.from(cut.records, (record) => [record]);
  const { revision, digest } = cut;
  return { ...store(slices, { ...META, revision, digest }), slices: slices.length };
}

describe('replica: loading the state', () => {
  it('finds a state damaged that lost all its records', async () => {
    const load = loadMachine(store([]), DEFAULT_LIMITS, 1024, AT_ONCE, () => true);
    await assert.rejects(load, { code: 'DAMAGED', message: /the state at 100 has no records/ });
  });

  it('goes on only when its pace lets it, told of the bytes of each slice', async () => {
    const told: number[] = [];
    let next = (): void => undefined;
    const pace = (size: number): Promise<void> => {
      told.push(size);
      return new Promise((resolve) => (next = resolve));
    };
    const state = hundredNodes();
    const load = loadMachine(state, DEFAULT_LIMITS, 1024, pace, () => true);
    for (let turns = 1; turns <= state.slices; turns++) {
      while (told.length < turns) await settled();
      await settled();
      assert.equal(told.length, turns, 'one turn, one slice');
      next();
    }
    assert.ok((await load) instanceof Machine);
    assert.ok(told.every((size) => size > 0));
  });

  it('ends with nothing when it is no longer wanted', async () => {
    assert.equal(await loadMachine(hundredNodes(), DEFAULT_LIMITS, 1024, AT_ONCE, () => false), null);
  });
});

/** A load of `state` by a member, and what came of it. */
function loading(state: StateStore): {
  readonly load: Loading;
  readonly seen: string[];
  readonly discarded: () => void;
} {
  const seen: string[] = [];
  let discarded = (): void => undefined;
  const options = {
    limits: REPLICA_LIMITS,
    machineLimits: DEFAULT_LIMITS,
    timers: { soon: (callback: () => void) => void setImmediate(callback) },
    disk: {
      state,
      discardState: () => {
        seen.push('discards');
        return new Promise<void>((resolve) => (discarded = resolve));
      },
    },
  } as unknown as ReplicaOptions;
  const load = new Loading({
    options,
    stopped: () => false,
    loaded: () => seen.push('loaded'),
    fatal: (error) => seen.push((error as { code: string }).code),
  });
  return { load, seen, discarded: () => discarded() };
}

describe('replica: a state that is not what was written', () => {
  it('is deleted, and the member takes in no other one before it ends', async () => {
    const { load, seen, discarded } = loading(store([]));
    const ended = load.load();
    while (seen.length === 0) await settled();
    assert.equal(load.failed, true, 'known before it is deleted');
    assert.deepEqual(seen, ['discards']);
    discarded();
    await ended;
    assert.deepEqual(seen, ['discards', 'DAMAGED']);
  });

  it('harms nobody once another one is about to take its place', async () => {
    const { load, seen } = loading(store([]));
    const ended = load.load();
    load.giveUp();
    await ended;
    assert.deepEqual(seen, []);
    assert.equal(load.failed, false);
  });
});
