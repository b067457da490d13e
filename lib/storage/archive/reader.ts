import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { TepuiError, concatBytes, crc32c, equalBytes } from '../../base/index.js';
import { STATE_META_KEY } from '../keys.js';
import { decodeCutMeta } from '../log-records.js';
import { FRAME_HEADER_BYTES, decodeRecord, frameLengths } from '../state-codec.js';
import type { CutMeta, StateRecord } from '../types.js';
import {
  ARCHIVE_FORMAT,
  MAGIC,
  SECTION_HEAD_BYTES,
  SECTION_LIMIT_BYTES,
  SUM_BYTES,
  damaged,
  decodeFooter,
  decodeHeader,
  type ArchiveHeader,
} from './format.js';

/** What a whole, undamaged snapshot file turned out to hold. */
export interface ArchiveContents {
  readonly header: ArchiveHeader;
  readonly meta: CutMeta;
  readonly records: number;
  readonly chunks: number;
  readonly bytes: number;
  /** SHA-256 of the file without its last 32 bytes, which hold it; hexadecimal. */
  readonly sum: string;
}

export interface ArchiveSink {
  /** Once, before any record. */
  begin(header: ArchiveHeader, meta: CutMeta): void;
  /** In key order; views that hold until the call has resolved. Nothing is known to be good before `readArchive` resolves. */
  records(records: readonly StateRecord[]): void | Promise<void>;
}

/**
 * Reads and verifies a snapshot file: every section's checksum, every record's, their number, and both digests. Throws
 * SNAPSHOT_DAMAGED for anything that is not what was written, a cut-off end included, NEWER_FORMAT, and STORAGE when
 * the file cannot be read.
 */
export async function readArchive(path: string, sink: ArchiveSink): Promise<ArchiveContents> {
  const file = await opened(path);
  try {
    return await new ArchiveReader(file, sink).run();
  } catch (error) {
    throw named(path, error);
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new TepuiError('USAGE', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function named(path: string, error: unknown): unknown {
  if (!(error instanceof TepuiError)) {
    return new TepuiError('STORAGE', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const code = error.code === 'DAMAGED' ? 'SNAPSHOT_DAMAGED' : error.code;
  return new TepuiError(code, `${path}: ${error.message}`, { fields: error.fields, cause: error });
}

class ArchiveReader {
  private readonly file: FileHandle;
  private readonly sink: ArchiveSink;
  private readonly sum = createHash('sha256');
  private readonly stream = createHash('sha256');
  private at = 0;
  private meta: CutMeta | null = null;
  /** The beginning of a frame whose end is in the next chunk. */
  private rest: Uint8Array = new Uint8Array(0);
  private found = 0;

  constructor(file: FileHandle, sink: ArchiveSink) {
    this.file = file;
    this.sink = sink;
  }

  async run(): Promise<ArchiveContents> {
    const header = await this.readHeader();
    let chunks = 0;
    for (;;) {
      const bytes = await this.section();
      if (bytes.length === 0) break;
      chunks++;
      this.stream.update(bytes);
      await this.take(header, bytes);
    }
    const footer = decodeFooter(await this.section());
    const digest = this.stream.digest('hex');
    if (this.rest.length > 0) throw damaged(`the records end ${this.rest.length} bytes into one`);
    if (footer.chunks !== chunks || footer.records !== this.found) {
      const said = `${footer.records} records in ${footer.chunks} chunks were written`;
      throw damaged(`${this.found} records in ${chunks} chunks are here, ${said}`);
    }
    if (footer.digest !== digest) throw damaged(`the records have digest ${digest}, not ${footer.digest}`);
    const sum = await this.checkSum();
    if (this.meta === null) throw damaged('there is no state in it');
    return { header, meta: this.meta, records: this.found, chunks, bytes: this.at, sum };
  }

  private async readHeader(): Promise<ArchiveHeader> {
    const { size } = await this.file.stat();
    if (size < MAGIC.length) throw damaged('this is no snapshot file');
    const magic = await this.exactly(MAGIC.length);
    const text = Buffer.from(magic).toString('latin1');
    const version = /^TEPUI SNAPSHOT (\d+)/.exec(text)?.[1];
    if (version === undefined) throw damaged('this is no snapshot file');
    if (Number(version) > ARCHIVE_FORMAT) {
      const message = `snapshot format ${version}, this release knows up to ${ARCHIVE_FORMAT}`;
      throw new TepuiError('NEWER_FORMAT', message);
    }
    if (!equalBytes(magic, MAGIC)) throw damaged('this is no snapshot file');
    return decodeHeader(await this.section());
  }

  /** The first frame is the cut's own record, which must agree with the header; the others are records. */
  private async take(header: ArchiveHeader, bytes: Uint8Array): Promise<void> {
    const data = this.rest.length === 0 ? bytes : concatBytes([this.rest, bytes]);
    const records: StateRecord[] = [];
    let at = 0;
    while (data.length - at >= FRAME_HEADER_BYTES) {
      const lengths = frameLengths(data, at);
      const valueAt = at + FRAME_HEADER_BYTES + lengths.key;
      const end = valueAt + lengths.value;
      if (end > data.length) break;
      const key = data.subarray(at + FRAME_HEADER_BYTES, valueAt);
      const value = data.subarray(valueAt, end);
      if (this.meta === null) this.begin(header, key, value);
      else records.push(decodeRecord(key, value));
      at = end;
    }
    this.rest = data.slice(at);
    this.found += records.length;
    if (records.length > 0) await this.sink.records(records);
  }

  private begin(header: ArchiveHeader, key: Uint8Array, value: Uint8Array): void {
    if (!equalBytes(key, STATE_META_KEY)) throw damaged('its records do not begin with what they are of');
    const meta = decodeCutMeta(value);
    const { index, term, revision, digest } = header;
    if (meta.index !== index || meta.term !== term || meta.revision !== revision || meta.digest !== digest) {
      throw damaged(
        `the header says entry ${index} of term ${term}, the records ${meta.index} of ${meta.term}`,
      );
    }
    this.meta = meta;
    this.sink.begin(header, meta);
  }

  private async section(): Promise<Uint8Array> {
    const head = await this.exactly(SECTION_HEAD_BYTES);
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const size = view.getUint32(0, true);
    if (size > SECTION_LIMIT_BYTES) throw damaged(`a section of ${size} bytes at ${this.at}`);
    const bytes = await this.exactly(size);
    if (crc32c(bytes) !== view.getUint32(4, true)) {
      throw damaged(`wrong checksum of the ${size} bytes before ${this.at}`);
    }
    return bytes;
  }

  private async checkSum(): Promise<string> {
    const expected = this.sum.digest();
    const found = await this.read(SUM_BYTES);
    if (!equalBytes(expected, found)) throw damaged('its SHA-256 is wrong');
    const { bytesRead } = await this.file.read(new Uint8Array(1), 0, 1, this.at);
    if (bytesRead > 0) throw damaged(`bytes follow after its end at ${this.at}`);
    return expected.toString('hex');
  }

  private async exactly(size: number): Promise<Uint8Array> {
    const bytes = await this.read(size);
    this.sum.update(bytes);
    return bytes;
  }

  private async read(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size;) {
      const { bytesRead } = await this.file.read(bytes, done, size - done, this.at + done);
      if (bytesRead === 0) throw damaged(`it ends after ${this.at + done} bytes, in the middle of a part`);
      done += bytesRead;
    }
    this.at += size;
    return bytes;
  }
}
