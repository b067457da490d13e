import assert from 'node:assert/strict';
import { nodeId, type MemberId } from '../../lib/base/index.js';
import { simpleConfiguration } from '../../lib/raft/index.js';
import { Cuts } from '../../lib/replica/cuts.js';
import { REPLICA_LIMITS } from '../../lib/replica/index.js';
import {
  DEFAULT_LIMITS,
  Machine,
  type Cut,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
} from '../../lib/state/index.js';
import type { CutMeta, StateStore } from '../../lib/storage/index.js';
import { VirtualTime } from '../support/virtual-time.js';

const NODE = nodeId('m1' as MemberId, '0000000000000001');

class Case {
  readonly time = new VirtualTime();
  readonly machine = new Machine(DEFAULT_LIMITS);
  readonly written: { readonly meta: CutMeta; readonly keys: number }[] = [];
  readonly cuts: Cuts;
  private index = 0;
  private pending: (() => void)[] = [];

  constructor() {
    const store = {
      writeCut: async (meta: CutMeta, records: Cut['records'], deletions: readonly unknown[]) => {
        await new Promise<void>((resolve) => this.pending.push(resolve));
        this.written.push({ meta, keys: records.length + deletions.length });
      },
    } as unknown as StateStore;
    this.cuts = new Cuts({
      limits: { ...REPLICA_LIMITS, cutIntervalMs: 0, cutSliceMs: 0 },
      clock: this.time,
      timers: this.time,
      machine: () => this.machine,
      applied: () => ({ index: this.index, term: 1 }),
      store: () => store,
      configurationAt: () => simpleConfiguration([NODE]),
      chainAt: () => new Uint8Array(0),
      begins: () => {},
      written: () => {},
      fatal: (error) => assert.fail(String(error)),
    });
  }

  /** Applies the creation of `count` nodes. */
  create(prefix: string, count: number): void {
    const commands = Array.from({ length: count }, (_, n) =>
      encodeCommand({ kind: 'tree-create', path: `/${prefix}${n}`, data: new Uint8Array(0) }),
    );
    const number = ++this.index;
    this.machine.apply(number, 1, encodeEntry(0, [encodeSubBatch(NODE, 1, number, commands)]));
  }

  async finishWrites(): Promise<void> {
    const { pending } = this;
    this.pending = [];
    for (const done of pending) done();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('replica: when cuts are made', () => {
  it('a cut that is being encoded is finished before the folder is replaced, and nothing of it is lost', async () => {
    const one = new Case();
    one.create('a', 500);
    one.cuts.poll();
    let free = false;
    one.cuts.suspend(() => (free = true));
    one.time.advance(1);
    assert(!free, 'it is being written');
    await one.finishWrites();
    assert(free);
    assert(one.written[0]!.keys >= 500);
    // The folder was not replaced after all: cuts go on where they were.
    one.cuts.resume();
    one.create('b', 10);
    one.cuts.poll();
    one.time.advance(1);
    await one.finishWrites();
    assert.equal(one.written[1]!.meta.index, 2);
  });

  it('no cut begins while the folder is being replaced, not even at a checkpoint', async () => {
    const one = new Case();
    one.create('a', 10);
    one.cuts.suspend(() => {});
    one.cuts.poll();
    one.cuts.checkpoint();
    one.time.advance(1);
    await one.finishWrites();
    assert.deepEqual(one.written, []);
  });

  it('a cut at a checkpoint is at exactly its index, whatever is applied next', async () => {
    const one = new Case();
    one.create('a', 300);
    one.cuts.checkpoint();
    const { revision } = one.machine;
    one.create('b', 300);
    one.time.advance(1);
    await one.finishWrites();
    assert.equal(one.written[0]!.meta.index, 1);
    assert.equal(one.written[0]!.meta.revision, revision);
  });

  it('a member that stops writes no cut any more', async () => {
    const one = new Case();
    one.create('a', 500);
    one.cuts.poll();
    one.cuts.stop();
    one.time.advance(1);
    await one.finishWrites();
    assert.deepEqual(one.written, []);
  });
});
