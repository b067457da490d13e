import { TepuiError, assert, type NodeId } from '../base/index.js';
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  Persist,
  SnapshotMeta,
  Term,
} from '../raft/types.js';
import { decodeEntry, type StoredEntry } from './entry-codec.js';
import { RAFT_KEYS, entryKey, noteKey } from './keys.js';
import { planBatch, type LogBatch } from './log-batch.js';
import type { LogIndexTable } from './log-index.js';
import { comparePoints, encodeBase, type BaseRecord } from './log-records.js';
import type { LogContents } from './log-scan.js';
import type { LogTail } from './log-tail.js';
import { seal } from './sealed.js';
import type { InstalledState, Kv, KvOperation, LogHealth, LogPoint, RaftLog } from './types.js';
import type { Witness } from './witness.js';
import { WriteTurns } from './write-turns.js';

/** Deletions in one batch of a compaction: a few hundred microseconds between two appends. */
const COMPACTION_SLICE = 1024;

const NOTHING: LogPoint = { term: 0, index: 0 };

/** The durable log on `raft/` and the witness. Made by `openDataFolder`, after the scan and any repair. */
export class DurableLog implements RaftLog {
  private readonly kv: Kv;
  private readonly witness: Witness;
  private readonly turns = new WriteTurns();
  private readonly table: LogIndexTable;
  private readonly tail: LogTail;
  private readonly acknowledged: Map<NodeId, LogPoint>;
  private readonly notes: Map<string, Uint8Array>;
  private basePoint: BaseRecord;
  private hard: HardState;
  private inForce: Configuration;
  private condition: LogHealth;
  private namedFolder: string;
  private appending = false;
  private closed = false;
  /** Entries below the base that are still on disk, oldest first: work for the next compaction. */
  private garbage: { next: LogIndex; readonly to: LogIndex }[] = [];

  constructor(kv: Kv, witness: Witness, contents: LogContents, hard: HardState, health: LogHealth) {
    this.kv = kv;
    this.witness = witness;
    this.table = contents.table;
    this.tail = contents.tail;
    this.acknowledged = contents.acknowledged;
    this.notes = contents.notes;
    this.basePoint = contents.base;
    this.hard = hard;
    this.inForce = contents.configuration;
    this.namedFolder = contents.stateFolder;
    this.condition = health;
  }

  get health(): LogHealth {
    return this.condition;
  }

  get hardState(): HardState {
    return this.hard;
  }

  get configuration(): Configuration {
    return this.inForce;
  }

  /** The state folder that the durable log names: the one in force at the next start. */
  get stateFolder(): string {
    return this.namedFolder;
  }

  base(): BaseRecord {
    return this.basePoint;
  }

  firstIndex(): LogIndex {
    return this.table.first;
  }

  lastIndex(): LogIndex {
    return this.table.last;
  }

  termAt(index: LogIndex): Term | null {
    return this.table.termAt(index);
  }

  acknowledgedBy(peer: NodeId): LogPoint {
    return this.acknowledged.get(peer) ?? NOTHING;
  }

  sizeBytes(): number {
    return this.table.bytes;
  }

  note(name: string): Uint8Array | null {
    return this.notes.get(name) ?? null;
  }

  read(from: LogIndex, to: LogIndex, maxBytes: number): Entry[] {
    const { first, last } = this.table;
    assert(
      from >= first && from < to && to <= last + 1,
      () => `read of [${from}, ${to}) from ${first}…${last}`,
    );
    const entries: Entry[] = [];
    let bytes = 0;
    let previous: Uint8Array | null = null;
    for (let index = from; index < to; index++) {
      bytes += this.table.sizeAt(index);
      if (bytes > maxBytes && index > from) break;
      const stored = this.fetch(index, previous);
      entries.push(stored.entry);
      previous = stored.chain;
    }
    return entries;
  }

  chainAt(index: LogIndex): Uint8Array | null {
    if (index === this.basePoint.index) return this.basePoint.chain;
    if (index < this.table.first || index > this.table.last) return null;
    return this.fetch(index, null).chain;
  }

  async append(
    persist: Persist,
    acknowledged: ReadonlyMap<NodeId, LogPoint>,
    installed: InstalledState | null,
  ): Promise<void> {
    assert(!this.appending, 'two appends at once');
    this.appending = true;
    try {
      await this.turns.run('urgent', () => this.write(persist, acknowledged, installed));
    } finally {
      this.appending = false;
    }
  }

  async compact(point: SnapshotMeta): Promise<void> {
    await this.turns.run('background', () => this.raiseBase(point));
    while (this.garbage.length > 0 && !this.closed) {
      await this.turns.run('background', () => this.deleteSlice());
    }
  }

  async markRecovered(): Promise<void> {
    await this.turns.run('background', async () => {
      await this.witness.markRecovered(this.table.lastPoint);
      this.condition = { kind: 'intact' };
    });
  }

  async writeNote(name: string, value: Uint8Array | null): Promise<void> {
    const key = noteKey(name);
    const operation: KvOperation =
      value === null ? { type: 'delete', key } : { type: 'put', key, value: seal((w) => w.raw(value)) };
    await this.turns.run('background', () => this.kv.write([operation]));
    if (value === null) this.notes.delete(name);
    else this.notes.set(name, value.slice());
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.turns.run('background', async () => {
      await this.witness.close();
      await this.kv.close();
    });
  }

  private async write(
    persist: Persist,
    acknowledged: ReadonlyMap<NodeId, LogPoint>,
    installed: InstalledState | null,
  ): Promise<void> {
    this.checkVote(persist.hardState);
    const { term } = persist.hardState ?? this.hard;
    const batch = planBatch(
      { table: this.table, base: this.basePoint, chainAt: (index) => this.chainAt(index) },
      persist,
      acknowledged,
      installed,
    );
    const { last } = batch;
    assert(last.term <= term, () => `the log would end in term ${last.term}, the term is ${term}`);
    if (comparePoints(last, this.table.lastPoint) < 0) await this.witness.lower(last);
    const written = this.kv.write(batch.operations);
    // Side by side: after a crash in between, the higher of the two copies holds, and nothing was sent yet.
    if (batch.hardState === null) await written;
    else await Promise.all([written, this.witness.secure(batch.hardState)]);
    this.take(batch, acknowledged);
    this.witness.follow(last);
  }

  /** A vote is given once per term (Raft §5.2), and a term never comes back. */
  private checkVote(next: HardState | null): void {
    if (next === null) return;
    const { term, vote } = this.hard;
    assert(next.term >= term, () => `term ${next.term} after term ${term}`);
    assert(
      next.term > term || vote === null || next.vote === vote,
      () => `vote for ${String(next.vote)} in term ${term} after a vote for ${String(vote)}`,
    );
  }

  /** The batch is durable: memory follows. */
  private take(batch: LogBatch, acknowledged: ReadonlyMap<NodeId, LogPoint>): void {
    if (batch.base === null) {
      this.table.truncate(batch.keepTo + 1);
      this.tail.truncate(batch.keepTo + 1);
    } else {
      this.garbage.push({ next: this.table.first, to: Math.min(this.table.last, batch.base.index) });
      this.basePoint = batch.base;
      this.table.reset(batch.base);
      this.tail.clear();
    }
    for (const stored of batch.added) {
      this.table.append(stored.entry.term, stored.entry.data.length);
      this.tail.push(stored);
    }
    if (batch.hardState !== null) this.hard = batch.hardState;
    if (batch.configuration !== null) this.inForce = batch.configuration;
    if (batch.stateFolder !== null) this.namedFolder = batch.stateFolder;
    for (const [peer, point] of acknowledged) this.acknowledged.set(peer, point);
  }

  /** The first batch of a compaction: the marker. What is below it no longer counts, deleted or not. */
  private async raiseBase(point: SnapshotMeta): Promise<void> {
    if (point.index <= this.basePoint.index || this.closed) return;
    const { index, term, configuration } = point;
    const found = this.table.termAt(index);
    assert(found === term, () => `compaction to ${index} of term ${term}, the log has term ${found} there`);
    const chain = this.chainAt(index);
    assert(chain !== null, () => `no chain at ${index}`);
    const base: BaseRecord = { index, term, configuration, chain: chain.slice() };
    await this.kv.write([{ type: 'put', key: RAFT_KEYS.base, value: encodeBase(base) }]);
    this.garbage.push({ next: this.table.first, to: index });
    this.basePoint = base;
    this.table.compact(base);
    this.tail.compact(index);
  }

  private async deleteSlice(): Promise<void> {
    const operations = this.nextDeletions();
    if (operations.length > 0 && !this.closed) await this.kv.write(operations);
  }

  private nextDeletions(): KvOperation[] {
    const operations: KvOperation[] = [];
    while (operations.length < COMPACTION_SLICE) {
      const range = this.garbage[0];
      if (range === undefined) break;
      if (range.next > range.to) this.garbage.shift();
      else operations.push({ type: 'delete', key: entryKey(range.next++) });
    }
    return operations;
  }

  private fetch(index: LogIndex, previous: Uint8Array | null): StoredEntry {
    const hot = this.tail.get(index);
    if (hot !== undefined) return hot;
    const value = this.kv.get(entryKey(index));
    if (value === undefined) throw new TepuiError('DAMAGED', `log entry ${index} is missing in raft/`);
    const stored = decodeEntry(value, index, index === this.table.first ? this.basePoint.chain : previous);
    const term = this.table.termAt(index);
    if (stored.entry.term !== term) {
      throw new TepuiError(
        'DAMAGED',
        `log entry ${index}: term ${stored.entry.term}, ${term} was read before`,
      );
    }
    return stored;
  }
}
