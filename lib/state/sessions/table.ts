import { ByteWriter, TepuiError, utf8Decode, type SessionId } from '../../base/index.js';
import { decodeResult, writeResult } from '../result-codec.js';
import type { CommandResult } from '../results.js';
import type { BytesColumn } from '../store/bytes-column.js';
import { ColumnTable } from '../store/column-table.js';
import type { DerivedColumn, UintColumn } from '../store/columns.js';
import type { Digest } from '../store/digest.js';
import { KeyBuffer } from '../store/keys.js';

const SESSION_FIXED_BYTES = 96;
const RESULT_FIXED_BYTES = 96;

/**
 * Client sessions, and the results that their clients have not acknowledged. A session's results are a list in
 * order of sequence:
 *
 *     session.first ─► seq 7 ⇄ seq 8 ⇄ seq 10 ◄─ session.last      (columns hold row + 1; 0 is none)
 */
export class SessionTable {
  readonly sessions: ColumnTable;
  readonly timeoutMs: UintColumn;
  readonly usedRevision: UintColumn;
  readonly acknowledgedBelow: UintColumn;
  private readonly first: DerivedColumn;
  private readonly last: DerivedColumn;
  private readonly kept: DerivedColumn;

  readonly results: ColumnTable;
  private readonly sequence: UintColumn;
  private readonly encoded: BytesColumn;
  private readonly next: DerivedColumn;
  private readonly previous: DerivedColumn;

  private readonly keys: KeyBuffer = new KeyBuffer();
  private readonly writer: ByteWriter = new ByteWriter(512);
  /** Rows of results loaded, to be linked at the end. */
  private readonly unlinked: number[] = [];

  constructor(sessionNumber: number, resultNumber: number, digest: Digest) {
    const sessions = new ColumnTable({
      number: sessionNumber,
      name: 'sessions',
      version: 1,
      fixedBytes: SESSION_FIXED_BYTES,
      digest,
    });
    this.sessions = sessions;
    this.timeoutMs = sessions.uint();
    this.usedRevision = sessions.uint();
    this.acknowledgedBelow = sessions.uint();
    this.first = sessions.derived();
    this.last = sessions.derived();
    this.kept = sessions.derived();
    const results = new ColumnTable({
      number: resultNumber,
      name: 'results',
      version: 1,
      fixedBytes: RESULT_FIXED_BYTES,
      digest,
    });
    this.results = results;
    this.sequence = results.uint();
    this.encoded = results.bytesColumn();
    this.next = results.derived();
    this.previous = results.derived();
  }

  find(session: SessionId): number {
    const key = this.keys.start().text(session);
    return this.sessions.find(key.bytes, 0, key.length);
  }

  open(session: SessionId): number {
    const key = this.keys.start().text(session);
    const row = this.sessions.insert(key.bytes, 0, key.length);
    this.clear(row);
    return row;
  }

  /** Removes the session and all its results. */
  end(row: number): void {
    this.dropBelow(row, Number.MAX_SAFE_INTEGER);
    this.sessions.remove(row);
  }

  keptResults(row: number): number {
    return this.kept.get(row);
  }

  /** The kept result of a sequence, or null. */
  result(session: SessionId, row: number, sequence: number): CommandResult | null {
    const last = this.last.get(row);
    // Most sequences are the newest: then there is nothing to look for.
    if (last === 0 || sequence > this.sequence.get(last - 1)) return null;
    const key = this.keys.start().text(session).uint(sequence);
    const found = this.results.find(key.bytes, 0, key.length);
    return found < 0 ? null : decodeResult(this.encoded.view(found));
  }

  keep(session: SessionId, row: number, sequence: number, result: CommandResult): void {
    const key = this.keys.start().text(session).uint(sequence);
    const at = this.results.insert(key.bytes, 0, key.length);
    this.sequence.set(at, sequence);
    this.writer.reset();
    writeResult(this.writer, result);
    this.encoded.set(at, this.writer.view());
    this.link(row, at);
  }

  /** Forgets the results of sequences below `sequence`. */
  dropBelow(row: number, sequence: number): void {
    let at = this.first.get(row);
    if (at === 0) return;
    let dropped = 0;
    while (at !== 0 && this.sequence.get(at - 1) < sequence) {
      const next = this.next.get(at - 1);
      this.results.remove(at - 1);
      dropped++;
      at = next;
    }
    this.first.set(row, at);
    if (at === 0) this.last.set(row, 0);
    else this.previous.set(at - 1, 0);
    this.kept.set(row, this.kept.get(row) - dropped);
  }

  loadSession(key: Uint8Array, value: Uint8Array): void {
    this.clear(this.sessions.load(key, value));
  }

  loadResult(key: Uint8Array, value: Uint8Array): void {
    this.unlinked.push(this.results.load(key, value));
  }

  finishLoad(): void {
    for (const at of this.unlinked) {
      const key = this.results.key(at);
      const row = this.sessions.find(key, 0, key.length - 8);
      if (row < 0)
        throw new TepuiError('DAMAGED', `a result of the unknown session ${utf8Decode(key, 0, 16)}`);
      this.link(row, at);
    }
    this.unlinked.length = 0;
  }

  ids(): SessionId[] {
    const ids: SessionId[] = [];
    for (let row = 0; row < this.sessions.rowLimit; row++) {
      if (this.sessions.isLive(row)) ids.push(utf8Decode(this.sessions.key(row)) as SessionId);
    }
    return ids.sort();
  }

  private clear(row: number): void {
    this.first.set(row, 0);
    this.last.set(row, 0);
    this.kept.set(row, 0);
  }

  /** Puts a result into its place in the session's list: nearly always the end. */
  private link(row: number, at: number): void {
    const sequence = this.sequence.get(at);
    let before = this.last.get(row);
    while (before !== 0 && this.sequence.get(before - 1) > sequence) before = this.previous.get(before - 1);
    const after = before === 0 ? this.first.get(row) : this.next.get(before - 1);
    this.previous.set(at, before);
    this.next.set(at, after);
    if (before === 0) this.first.set(row, at + 1);
    else this.next.set(before - 1, at + 1);
    if (after === 0) this.last.set(row, at + 1);
    else this.previous.set(after - 1, at + 1);
    this.kept.set(row, this.kept.get(row) + 1);
  }
}
