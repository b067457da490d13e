import { createHash } from 'node:crypto';
import { TepuiError, assert, concatBytes, crc32c, equalBytes, type SnapshotChunk } from '../base/index.js';
import type { Disk } from './disk.js';
import { STATE_META_KEY } from './keys.js';
import { encodeCutMeta } from './log-records.js';
import { FRAME_HEADER_BYTES, decodeRecord, frameLengths } from './state-codec.js';
import { CHUNK_BYTES } from './state-snapshot.js';
import type { CutMeta, InstalledState, Kv, KvOperation, SnapshotReceiver, StateRecord } from './types.js';

/**
 * Records are written once this much has arrived. Where members share a disk, what one syncs holds up the syncs of the
 * others' logs (a journaling file system commits them together), so it comes in small portions.
 */
const BATCH_BYTES = 512 << 10;
/** No record or key is longer: a length above this is damage, not a reason to wait for more. */
const FRAME_LIMIT_BYTES = 64 << 20;

/**
 * The life of a transfer. `spoiled`: what arrived cannot be what was sent, it has to start over. `finished`: the
 * folder is closed and may be named by the log. `given up`: it is deleted, or will be at the next start.
 */
type Phase = 'receiving' | 'complete' | 'spoiled' | 'finished' | 'given up';

/**
 * Builds a state folder from the chunks of a transfer. Nothing refers to the folder until the log's batch names
 * it, so a crash at any moment leaves the old state in force. The meta is written last: a folder without it is
 * never taken for a state. A transfer resumes at `next` while this object lives; after a restart it starts over.
 */
export class StateReceiver implements SnapshotReceiver {
  readonly id: string;
  readonly meta: CutMeta;
  readonly folder: string;
  private readonly disk: Disk;
  /** Whether the durable log names this folder. */
  private readonly isNamed: () => boolean;
  /** Throws for a record that this release could not load. */
  private readonly checkRecord: (record: StateRecord) => void;
  private readonly kv: Kv;
  private readonly storedMeta: Uint8Array;
  private readonly digest = createHash('sha256');
  private wanted = 0;
  private phase: Phase = 'receiving';
  private adding: Promise<void> | null = null;
  /** The beginning of a frame whose end has not arrived. */
  private rest: Uint8Array = new Uint8Array(0);
  private frames = 0;
  private pending: KvOperation[] = [];
  private pendingBytes = 0;

  constructor(
    disk: Disk,
    folder: string,
    kv: Kv,
    id: string,
    meta: CutMeta,
    isNamed: () => boolean,
    check: (record: StateRecord) => void = () => {},
  ) {
    this.isNamed = isNamed;
    this.checkRecord = check;
    this.disk = disk;
    this.folder = folder;
    this.kv = kv;
    this.id = id;
    this.meta = meta;
    this.storedMeta = encodeCutMeta(meta);
  }

  get next(): number {
    return this.wanted;
  }

  /**
   * Takes chunk `next`. A chunk that came before is ignored (a resumed transfer overlaps). Rejects with
   * MALFORMED when it is out of order, too large or damaged: the right one may still follow. A chunk that is
   * sound in itself and yet wrong (a record's checksum, the digest, the count) spoils the transfer for good.
   */
  async add(chunk: SnapshotChunk): Promise<void> {
    assert(this.adding === null, () => `chunk ${chunk.number} added while another is`);
    if (chunk.number < this.wanted && this.phase === 'receiving') return;
    this.check(chunk);
    this.adding = this.accept(chunk);
    try {
      await this.adding;
    } catch (error) {
      if (this.phase === 'receiving') this.phase = 'spoiled';
      throw error;
    } finally {
      this.adding = null;
    }
  }

  async finish(): Promise<InstalledState> {
    if (this.phase !== 'complete')
      throw malformed(`${this.wanted} chunks of a snapshot arrived (${this.phase})`);
    await this.kv.write([{ type: 'put', key: STATE_META_KEY, value: this.storedMeta }]);
    await this.kv.close();
    await this.disk.syncFolder();
    this.phase = 'finished';
    return { folder: this.folder, chain: this.meta.chain };
  }

  /** Whether the transfer with this id can go on here. */
  resumes(id: string, meta: CutMeta): boolean {
    return this.phase === 'receiving' && this.id === id && equalBytes(encodeCutMeta(meta), this.storedMeta);
  }

  /** Also allowed after `finish`, as long as no batch of the log has named the folder. */
  async abandon(): Promise<void> {
    assert(!this.isNamed(), `state folder ${this.folder} is named by the log and cannot be deleted`);
    await this.release();
    await this.disk.removeKv(this.folder);
  }

  /** Makes way for another transfer. A finished folder stays: a batch that names it may be on its way. */
  async giveUp(): Promise<void> {
    if (this.phase !== 'finished') await this.abandon();
  }

  /** Ends without deleting anything; the next start does. */
  async release(): Promise<void> {
    this.phase = 'given up';
    await this.adding?.catch(() => undefined);
    await this.kv.close();
  }

  private async accept(chunk: SnapshotChunk): Promise<void> {
    this.digest.update(chunk.bytes);
    this.parse(chunk.bytes);
    this.wanted++;
    if (this.pendingBytes >= BATCH_BYTES || chunk.last !== null) await this.flush();
    if (chunk.last !== null) this.complete(chunk.last);
  }

  private check(chunk: SnapshotChunk): void {
    const { number, bytes, crc } = chunk;
    if (this.phase !== 'receiving' || number !== this.wanted) {
      throw malformed(`chunk ${number} where ${this.wanted} was expected (${this.phase})`);
    }
    if (bytes.length > CHUNK_BYTES)
      throw malformed(`chunk ${number} of ${bytes.length} bytes, limit ${CHUNK_BYTES}`);
    if (crc32c(bytes) !== crc) throw malformed(`chunk ${number} of ${bytes.length} bytes: wrong checksum`);
  }

  private parse(bytes: Uint8Array): void {
    // A copy: the caller's buffer may be a view of a network message, and records wait here for their batch.
    const data = concatBytes([this.rest, bytes]);
    let at = 0;
    while (data.length - at >= FRAME_HEADER_BYTES) {
      const lengths = frameLengths(data, at);
      if (lengths.key + lengths.value > FRAME_LIMIT_BYTES) {
        throw malformed(`record ${this.frames} claims ${lengths.key} + ${lengths.value} bytes`);
      }
      const valueAt = at + FRAME_HEADER_BYTES + lengths.key;
      const end = valueAt + lengths.value;
      if (end > data.length) break;
      this.take(data.subarray(at + FRAME_HEADER_BYTES, valueAt), data.subarray(valueAt, end));
      at = end;
    }
    this.rest = data.subarray(at);
  }

  /** The first frame is the meta; the others are records, verified before they are kept. */
  private take(key: Uint8Array, value: Uint8Array): void {
    if (this.frames === 0) {
      if (!equalBytes(key, STATE_META_KEY) || !equalBytes(value, this.storedMeta)) {
        throw malformed(`the snapshot is not the one announced at index ${this.meta.index}`);
      }
    } else {
      this.checkRecord(decodeRecord(key, value));
      this.pending.push({ type: 'put', key, value });
      this.pendingBytes += key.length + value.length;
    }
    this.frames++;
  }

  private async flush(): Promise<void> {
    if (this.pending.length === 0) return;
    const operations = this.pending;
    this.pending = [];
    this.pendingBytes = 0;
    await this.kv.write(operations);
  }

  private complete(last: { readonly digest: string; readonly records: number }): void {
    const digest = this.digest.copy().digest('hex');
    if (this.rest.length > 0) throw malformed(`the snapshot ends ${this.rest.length} bytes into a record`);
    if (this.frames - 1 !== last.records || this.frames === 0) {
      throw malformed(`${this.frames - 1} records arrived, ${last.records} were sent`);
    }
    if (digest !== last.digest)
      throw malformed(`digest ${digest} of ${this.wanted} chunks, ${last.digest} was sent`);
    // Given up meanwhile: that stays.
    if (this.phase === 'receiving') this.phase = 'complete';
  }
}

function malformed(message: string): TepuiError {
  return new TepuiError('MALFORMED', message);
}
