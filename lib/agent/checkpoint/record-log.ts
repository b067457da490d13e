import { TepuiError, assert } from '../../base/index.js';
import { diskIo, type FileIo } from './file-io.js';
import { encodeFrame, scanFrames } from './frames.js';

export interface RecordLogOptions {
  readonly file: string;
  /** What the file is for; a file of another kind is refused. */
  readonly kind: string;
  readonly format: number;
  /**
   * All records that rebuild the present state, those of unfinished appends included: what is rewritten on
   * compaction. Called between batches.
   */
  readonly snapshot: () => readonly unknown[];
  /** The file is rewritten when it passes this size and four times its size after the last rewrite. */
  readonly compactBytes?: number;
  readonly io?: FileIo;
}

/** Called once the record is durable, or with the error that prevented it. */
export type Appended = (error: TepuiError | null) => void;

interface Header {
  readonly kind: string;
  readonly format: number;
}

const COMPACT_BYTES = 1 << 20;
const REWRITE_BATCH = 256;

/**
 * An append-only file of JSON records with group commit: what is appended while a sync is under way becomes the
 * next batch, one frame and one sync for all of it.
 *
 * LevelDB would serve as well; a plain file wins here because the holder needs the same log and must stay small
 * (LevelDB brings a thread, a cache and 4 MiB of write buffer), because one sync per batch is the whole cost,
 * and because after a failed write the state on disk is known again as soon as a rewrite succeeds.
 */
export class RecordLog {
  private readonly options: RecordLogOptions;
  private readonly io: FileIo;
  private fd: number;
  private sizeBytes: number;
  private compactAtBytes: number;
  private pending: { records: unknown[]; done: Appended[] } = { records: [], done: [] };
  private state: 'idle' | 'writing' | 'closed' = 'idle';
  /** After a failed write or sync nobody knows what the file holds: only a rewrite makes it usable. */
  private broken = false;
  private whenIdle: (() => void)[] = [];

  private constructor(options: RecordLogOptions, fd: number, sizeBytes: number) {
    this.options = options;
    this.io = options.io ?? diskIo;
    this.fd = fd;
    this.sizeBytes = sizeBytes;
    this.compactAtBytes = nextCompaction(options, sizeBytes);
  }

  /** Opens or creates the file. Errors: NEWER_FORMAT, DAMAGED, STORAGE. */
  static open(options: RecordLogOptions): { log: RecordLog; records: unknown[]; tornBytes: number } {
    try {
      return openLog(options, (fd, size) => new RecordLog(options, fd, size));
    } catch (error) {
      throw error instanceof TepuiError ? error : storageError(options.file, error);
    }
  }

  append(record: unknown, done: Appended): void {
    assert(this.state !== 'closed', () => `append to ${this.options.file} after it was closed`);
    this.pending.records.push(record);
    this.pending.done.push(done);
    if (this.state === 'idle') this.writeBatch();
  }

  /** Calls back when every append made so far has been answered. */
  flushed(callback: () => void): void {
    if (this.state !== 'writing') callback();
    else this.whenIdle.push(callback);
  }

  /** Waits for what is under way, then closes the file. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.flushed(() => {
        if (this.state !== 'closed') this.io.close(this.fd);
        this.state = 'closed';
        resolve();
      });
    });
  }

  private writeBatch(): void {
    const { records, done } = this.pending;
    this.pending = { records: [], done: [] };
    this.state = 'writing';
    if (this.broken || this.sizeBytes >= this.compactAtBytes) {
      const error = this.rewrite();
      return void setImmediate(() => this.finishBatch(done, error));
    }
    const frame = encodeFrame(records);
    this.io.write(this.fd, frame, this.sizeBytes, (writeError) => {
      if (writeError !== null) return this.finishBatch(done, writeError);
      this.io.sync(this.fd, (syncError) => {
        if (syncError === null) this.sizeBytes += frame.length;
        this.finishBatch(done, syncError);
      });
    });
  }

  private finishBatch(done: readonly Appended[], error: Error | null): void {
    this.broken = error !== null;
    const answer = error === null ? null : storageError(this.options.file, error);
    for (const callback of done) callback(answer);
    if (this.pending.done.length > 0) return void setImmediate(() => this.writeBatch());
    this.state = 'idle';
    for (const callback of this.whenIdle.splice(0)) callback();
  }

  /** Replaces the file by one that holds the present state; the rename is the commit point. */
  private rewrite(): Error | null {
    try {
      const [fd, size] = writeWhole(this.io, this.options, this.options.snapshot());
      this.io.close(this.fd);
      this.fd = fd;
      this.sizeBytes = size;
      this.compactAtBytes = nextCompaction(this.options, size);
      return null;
    } catch (error) {
      return error as Error;
    }
  }
}

function nextCompaction(options: RecordLogOptions, sizeBytes: number): number {
  return Math.max(options.compactBytes ?? COMPACT_BYTES, 4 * sizeBytes);
}

function openLog(
  options: RecordLogOptions,
  make: (fd: number, sizeBytes: number) => RecordLog,
): { log: RecordLog; records: unknown[]; tornBytes: number } {
  const io = options.io ?? diskIo;
  const fd = openExisting(io, options.file);
  if (fd === undefined) {
    const [fresh, size] = writeWhole(io, options, []);
    return { log: make(fresh, size), records: [], tornBytes: 0 };
  }
  const bytes = io.readAll(fd);
  const { records, goodBytes, tail } = scanFrames(bytes);
  checkHeader(options, records.shift() as Header | undefined);
  if (tail === 'damaged') {
    throw new TepuiError('DAMAGED', `${options.file} is damaged at byte ${goodBytes} of ${bytes.length}`);
  }
  if (tail === 'torn') io.truncate(fd, goodBytes);
  // The last frame may be whole without having been synced; what is read is acted upon, so sync it first.
  io.syncNow(fd);
  return { log: make(fd, goodBytes), records, tornBytes: bytes.length - goodBytes };
}

function openExisting(io: FileIo, file: string): number | undefined {
  try {
    return io.open(file, false);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function checkHeader(options: RecordLogOptions, header: Header | undefined): void {
  if (header?.kind !== options.kind) {
    throw new TepuiError('DAMAGED', `${options.file} does not begin as a ${options.kind} log`);
  }
  if (header.format > options.format) {
    throw new TepuiError(
      'NEWER_FORMAT',
      `${options.file} has format ${header.format}; this release reads up to ${options.format}`,
    );
  }
}

function writeWhole(
  io: FileIo,
  options: RecordLogOptions,
  records: readonly unknown[],
): [fd: number, sizeBytes: number] {
  const temporary = `${options.file}.new`;
  const header: Header = { kind: options.kind, format: options.format };
  const frames = [encodeFrame([header])];
  for (let i = 0; i < records.length; i += REWRITE_BATCH) {
    frames.push(encodeFrame(records.slice(i, i + REWRITE_BATCH)));
  }
  const bytes = Buffer.concat(frames);
  const fd = io.open(temporary, true);
  try {
    io.writeNow(fd, bytes);
    io.syncNow(fd);
    io.replace(temporary, options.file);
  } catch (error) {
    io.close(fd);
    throw error;
  }
  return [fd, bytes.length];
}

function storageError(file: string, cause: unknown): TepuiError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TepuiError('STORAGE', `cannot write ${file}: ${why}`, { cause });
}
