import assert from 'node:assert/strict';
import fc from 'fast-check';
import { simpleConfiguration, type Entry } from '../../lib/raft/index.js';
import { Log, type LogWrite } from '../../lib/raft/log.js';
import { data, ids } from './harness.js';
import { MemoryLog } from './memory-log.js';

const CONFIGURATION = simpleConfiguration(ids('m1'));

/** The log under test, its disk, and what it should hold. */
class Model {
  readonly disk = new MemoryLog(CONFIGURATION);
  readonly log: Log;
  base = 0;
  baseTerm = 0;
  /** `entries[i]` has index base + 1 + i. */
  entries: Entry[] = [];
  /** Entries up to here are never truncated. */
  commit = 0;
  private term = 1;
  private writing: LogWrite | null = null;

  constructor(cacheBytes: number) {
    this.log = new Log(this.disk, cacheBytes);
  }

  get last(): number {
    return this.base + this.entries.length;
  }

  append(count: number): void {
    for (let i = 0; i < count; i++) {
      const entry: Entry = {
        term: this.term,
        index: this.last + 1,
        kind: 'normal',
        data: data(`${this.last}`),
      };
      this.entries.push(entry);
      this.log.append(entry);
    }
  }

  overwrite(back: number, count: number): void {
    const from = Math.max(this.commit + 1, this.last + 1 - back);
    this.term++;
    if (from <= this.last) {
      this.entries.length = from - 1 - this.base;
      this.log.truncate(from);
    }
    this.append(count);
  }

  restore(ahead: number): void {
    this.term++;
    this.base = this.last + ahead;
    this.baseTerm = this.term;
    this.entries = [];
    this.commit = this.base;
    this.log.restore({ index: this.base, term: this.baseTerm, configuration: CONFIGURATION });
  }

  take(): void {
    if (this.writing === null && this.log.hasUnwritten()) this.writing = this.log.takeUnwritten();
  }

  complete(): void {
    if (this.writing === null) return;
    this.disk.apply({ ...this.writing, hardState: null, configuration: null });
    this.writing = null;
    this.log.acknowledge();
  }

  advance(): void {
    this.commit = Math.max(this.commit, Math.min(this.log.stable, this.last));
    this.log.trim(this.commit);
  }

  compact(): void {
    if (this.commit <= this.base || this.writing !== null || this.log.hasUnwritten()) return;
    const index = this.commit;
    const term = this.entries[index - this.base - 1]!.term;
    this.disk.compact({ index, term, configuration: CONFIGURATION });
    this.entries = this.entries.slice(index - this.base);
    this.base = index;
    this.baseTerm = term;
  }

  check(): void {
    const { log } = this;
    assert.equal(log.lastIndex, this.last);
    assert.equal(log.lastTerm, this.entries.at(-1)?.term ?? this.baseTerm);
    assert.equal(log.termAt(this.last + 1), null);
    assert.equal(log.termAt(this.base), this.baseTerm);
    for (const entry of this.entries) assert.equal(log.termAt(entry.index), entry.term);
    for (let index = Math.min(log.stable, this.base + 1); index <= log.stable; index++) {
      if (index > 0) assert.equal(this.disk.termAt(index), log.termAt(index), `${index} is called durable`);
    }
    this.checkRead(this.base + 1, 1);
    this.checkRead(this.base + 1 + Math.floor(this.entries.length / 2), 1000);
  }

  private checkRead(from: number, maxBytes: number): void {
    const read: Entry[] = [];
    while (from + read.length <= this.last) {
      const part = this.log.read(from + read.length, this.last + 1, maxBytes);
      assert.ok(part.length > 0);
      read.push(...part);
    }
    assert.deepEqual(read, this.entries.slice(from - this.base - 1));
  }
}

const commands = fc.array(
  fc.oneof(
    fc.nat({ max: 3 }).map((n) => ['append', (model: Model): void => model.append(n)] as const),
    fc
      .tuple(fc.nat({ max: 6 }), fc.integer({ min: 1, max: 3 }))
      .map(([back, n]) => ['overwrite', (model: Model): void => model.overwrite(back, n)] as const),
    fc.integer({ min: 1, max: 3 }).map((n) => ['restore', (model: Model): void => model.restore(n)] as const),
    fc.constant(['take', (model: Model): void => model.take()] as const),
    fc.constant(['complete', (model: Model): void => model.complete()] as const),
    fc.constant(['advance', (model: Model): void => model.advance()] as const),
    fc.constant(['compact', (model: Model): void => model.compact()] as const),
  ),
  { maxLength: 60 },
);

describe('the log with its tail in memory', () => {
  it('is what was appended, overwritten and restored, however writes and caching fall between', () => {
    fc.assert(
      fc.property(commands, fc.constantFrom(0, 200, 1 << 20), (list, cacheBytes) => {
        const model = new Model(cacheBytes);
        for (const [, run] of list) {
          run(model);
          model.check();
        }
        for (let i = 0; i < 3; i++) {
          model.take();
          model.complete();
        }
        assert.equal(model.disk.lastIndex(), model.last);
        assert.equal(model.log.stable, model.last);
        model.check();
      }),
      { numRuns: 500 },
    );
  });

  it('a completed write does not make entries stable that were overwritten meanwhile (ABA)', () => {
    const model = new Model(1 << 20);
    model.append(3);
    model.take();
    model.overwrite(2, 2);
    model.complete();
    assert.equal(model.log.stable, 1);
    model.take();
    model.complete();
    assert.equal(model.log.stable, 3);
  });

  it('finds the end of a term by halving, the base included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 }),
        fc.nat(35),
        fc.nat(10),
        (list, at, term) => {
          const terms = [...list].sort((a, b) => a - b);
          const disk = new MemoryLog(CONFIGURATION);
          const entries = terms.map((t, i): Entry => ({
            term: t,
            index: i + 1,
            kind: 'noop',
            data: data(''),
          }));
          disk.apply({ truncateFrom: null, snapshot: null, entries, hardState: null, configuration: null });
          let slow = Math.min(at, terms.length);
          while (slow > 0 && terms[slow - 1]! > term) slow--;
          assert.equal(new Log(disk).lastIndexOfTerm(at, term), slow);
        },
      ),
    );
  });

  it('compares logs by last term, then by length (§5.4.1)', () => {
    const disk = new MemoryLog(CONFIGURATION, 4, 2);
    const log = new Log(disk);
    assert.equal(log.isUpToDate(9, 1), false);
    assert.equal(log.isUpToDate(3, 2), false);
    assert.equal(log.isUpToDate(4, 2), true);
    assert.equal(log.isUpToDate(1, 3), true);
  });

  it('refuses a gap', () => {
    const log = new Log(new MemoryLog(CONFIGURATION));
    assert.throws(() => log.append({ term: 1, index: 2, kind: 'noop', data: data('') }), /gap/);
  });
});
