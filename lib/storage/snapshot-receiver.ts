import { createHash } from 'node:crypto';
import { TepuiError, assert, concatBytes, crc32c, equalBytes, type SnapshotChunk } from '../base/index.js';
import type { Disk } from './disk.js';
import { STATE_META_KEY } from './keys.js';
import { encodeCutMeta } from './log-records.js';
import { FRAME_HEADER_BYTES, decodeRecord, frameLengths } from './state-codec.js';
import { CHUNK_BYTES } from './state-snapshot.js';
import type { CutMeta, InstalledState, Kv, KvOperation, SnapshotReceiver } from './types.js';

/** Records are written once this much has arrived: few syncs, little memory. */
const BATCH_BYTES = 2 << 20;
/** No record or key is longer: a length above this is damage, not a reason to wait for more. */
const FRAME_LIMIT_BYTES = 64 << 20;

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
  private readonly kv: Kv;
  private readonly storedMeta: Uint8Array;
  private readonly digest = createHash('sha256');
  private wanted = 0;
  private phase: 'receiving' | 'complete' | 'spoiled' | 'ended' = 'receiving';
  private adding = false;
  /** The beginning of a frame whose end has not arrived. */
  private rest: Uint8Array = new Uint8Array(0);
  private frames = 0;
  private pending: KvOperation[] = [];
  private pendingBytes = 0;

  constructor(disk: Disk, folder: string, kv: Kv, id: string, meta: CutMeta) {
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
    assert(!this.adding && this.phase !== 'ended', `chunk ${chunk.number} added in phase ${this.phase}`);
    if (chunk.number < this.wanted) return;
    this.check(chunk);
    this.adding = true;
    try {
      this.digest.update(chunk.bytes);
      this.parse(chunk.bytes);
      this.wanted++;
      if (this.pendingBytes >= BATCH_BYTES || chunk.last !== null) await this.flush();
      if (chunk.last !== null) this.complete(chunk.last);
    } catch (error) {
      this.phase = 'spoiled';
      throw error;
    } finally {
      this.adding = false;
    }
  }

  async finish(): Promise<InstalledState> {
    if (this.phase !== 'complete') throw malformed(`only ${this.wanted} chunks of a snapshot arrived`);
    await this.kv.write([{ type: 'put', key: STATE_META_KEY, value: this.storedMeta }]);
    await this.kv.close();
    await this.disk.syncFolder();
    this.phase = 'ended';
    return { folder: this.folder, chain: this.meta.chain };
  }

  async abandon(): Promise<void> {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    await this.kv.close();
    await this.disk.removeKv(this.folder);
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
      decodeRecord(key, value);
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
    this.phase = 'complete';
  }
}

function malformed(message: string): TepuiError {
  return new TepuiError('MALFORMED', message);
}
