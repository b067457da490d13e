import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Entry } from '../../lib/raft/types.js';
import { FolderSource, MemoryDisk, type DataFolder, type DiskSource } from '../../lib/storage/index.js';
import {
  N1,
  N2,
  NOBODY,
  entry,
  group,
  logOf,
  open,
  openFormed,
  persist,
  settle,
  withFolder,
} from './helpers.js';

type Move =
  | { readonly kind: 'append'; readonly count: number; readonly size: number; readonly newTerm: boolean }
  | { readonly kind: 'conflict'; readonly back: number; readonly count: number }
  | { readonly kind: 'vote'; readonly newTerm: boolean }
  | { readonly kind: 'compact'; readonly share: number }
  | { readonly kind: 'acknowledge'; readonly share: number }
  | { readonly kind: 'reopen'; readonly cleanly: boolean };

const count = fc.integer({ min: 1, max: 8 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      count,
      size: fc.integer({ min: 0, max: 300 }),
      newTerm: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('conflict' as const), back: count, count }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('vote' as const), newTerm: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const), share }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), share }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reopen' as const), cleanly: fc.boolean() }) },
);

/** The log as it should be: everything in plain arrays. */
class Model {
  base = { index: 0, term: 0 };
  entries: Entry[] = [];
  term = 0;
  vote: typeof N1 | null = null;
  acknowledged = { term: 0, index: 0 };

  get last(): number {
    return this.base.index + this.entries.length;
  }

  termAt(index: number): number {
    return index === this.base.index ? this.base.term : this.entries[index - this.base.index - 1]!.term;
  }
}

class Run {
  private readonly model = new Model();
  private readonly source: DiskSource;
  private folder: DataFolder;

  constructor(source: DiskSource, folder: DataFolder) {
    this.source = source;
    this.folder = folder;
  }

  async apply(m: Move): Promise<void> {
    const { model } = this;
    const log = logOf(this.folder);
    if (m.kind === 'append') {
      if (m.newTerm) this.nextTerm();
      const entries = this.newEntries(model.last, m.count, m.size);
      await log.append(persist({ entries, hardState: this.hard() }), NOBODY, null);
      model.entries.push(...entries);
    } else if (m.kind === 'conflict') {
      const keep = Math.max(model.base.index, model.last - m.back);
      this.nextTerm();
      const entries = this.newEntries(keep, m.count, 10);
      const batch = persist({ truncateFrom: keep + 1, entries, hardState: this.hard() });
      await log.append(batch, NOBODY, null);
      model.entries = [...model.entries.slice(0, keep - model.base.index), ...entries];
    } else if (m.kind === 'vote') {
      if (m.newTerm) this.nextTerm();
      model.vote ??= N1;
      await log.append(persist({ hardState: this.hard() }), NOBODY, null);
    } else if (m.kind === 'acknowledge') {
      model.acknowledged = { term: model.term, index: this.share(m.share) };
      await log.append(persist({}), new Map([[N2, model.acknowledged]]), null);
    } else if (m.kind === 'compact') {
      await this.compact(this.share(m.share));
    } else {
      await this.reopen(m.cleanly);
    }
    this.compare();
  }

  async end(): Promise<void> {
    await this.folder.close();
  }

  private share(part: number): number {
    return Math.round(this.model.base.index + part * (this.model.last - this.model.base.index));
  }

  private nextTerm(): void {
    this.model.term++;
    this.model.vote = null;
  }

  private hard(): { term: number; vote: typeof N1 | null } {
    return { term: this.model.term, vote: this.model.vote };
  }

  private newEntries(after: number, n: number, size: number): Entry[] {
    const { term } = this.model;
    return Array.from({ length: n }, (_, i) => entry(term, after + 1 + i, `${term}`.padEnd(size, 'x')));
  }

  private async compact(index: number): Promise<void> {
    const { model } = this;
    const term = model.termAt(index);
    const chain = logOf(this.folder).chainAt(index)!.slice();
    const meta = { index, term, revision: 0, configuration: group, digest: '00', chain };
    await this.folder.state.writeCut(meta, [], []);
    await logOf(this.folder).compact({ index, term, configuration: group });
    model.entries = model.entries.slice(index - model.base.index);
    model.base = { index, term };
  }

  private async reopen(cleanly: boolean): Promise<void> {
    if (cleanly) {
      await settle();
      await this.folder.close();
    } else if (this.source instanceof MemoryDisk) {
      this.source.powerCut();
    } else {
      await this.folder.close();
    }
    this.folder = await open(this.source, { tailBytes: 500 });
  }

  private compare(): void {
    const { model } = this;
    const log = logOf(this.folder);
    assert.deepEqual(log.health, { kind: 'intact' });
    assert.deepEqual([log.base().index, log.base().term], [model.base.index, model.base.term]);
    assert.deepEqual([log.firstIndex(), log.lastIndex()], [model.base.index + 1, model.last]);
    assert.deepEqual(log.hardState, this.hard());
    assert.deepEqual(log.acknowledgedBy(N2), model.acknowledged);
    assert.equal(
      log.sizeBytes(),
      model.entries.reduce((sum, e) => sum + e.data.length, 0),
    );
    assert.equal(log.termAt(model.base.index - 1), null);
    assert.equal(log.termAt(model.last + 1), null);
    for (const e of model.entries) assert.equal(log.termAt(e.index), e.term);
    const read = model.entries.length === 0 ? [] : log.read(log.firstIndex(), model.last + 1, Infinity);
    const plain = (e: Entry): string => `${e.index} ${e.term} ${e.kind} ${Buffer.from(e.data).toString()}`;
    assert.deepEqual(read.map(plain), model.entries.map(plain));
  }
}

async function follow(source: DiskSource, moves: readonly Move[]): Promise<void> {
  const run = new Run(source, await openFormed(source, { tailBytes: 500 }));
  for (const m of moves) await run.apply(m);
  await run.end();
}

describe('the durable log, driven at random', () => {
  it('always holds what a plain list would, over restarts and power cuts', () =>
    fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 40 }), (moves) =>
        follow(new MemoryDisk(), moves),
      ),
      { numRuns: 200 },
    ));

  it('does so on LevelDB', function () {
    this.timeout(120_000);
    return fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 25 }), (moves) =>
        withFolder((path) => follow(new FolderSource(path), moves)),
      ),
      { numRuns: 15 },
    );
  });
});
