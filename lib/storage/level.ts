import { Level } from 'level';
import { TepuiError, assert } from '../base/index.js';
import type { KvOptions } from './disk.js';
import { closedError, messageOf, storageError, type FailureLatch } from './failure-latch.js';
import { codeOf, isCorruption } from './level-errors.js';
import { beginAttempt, endAttempts, noteAttempts, noteDamage, type Attempts } from './level-marks.js';
import type { Kv, KvOperation, KvRange, KvSnapshot } from './types.js';

/** Operations handed to the native batch before the loop is given a turn: about 1 ms. */
const SLICE_OPERATIONS = 500;

/** Of blocks that were read. What is read here is read once, from one end to the other: a cache is of no use. */
const CACHE_BYTES = 256 << 10;

type Database = Level<Uint8Array, Uint8Array>;
type Snapshot = ReturnType<Database['snapshot']>;

function openError(folder: string, error: unknown): TepuiError {
  if (codeOf(error) === 'LEVEL_LOCKED') {
    return new TepuiError('FOLDER_IN_USE', `${folder} is held by another process`, { cause: error });
  }
  if (isCorruption(error) || /does not exist|invalid argument|no such file/i.test(messageOf(error))) {
    return new TepuiError('DAMAGED', `${folder} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
  return storageError(`${folder} cannot be opened`, error);
}

/** Opens or makes the LevelDB database in `folder`. Compression stays on: it makes damaged tables fail loudly. */
export async function openLevel(folder: string, options: KvOptions, latch: FailureLatch): Promise<Kv> {
  const attempts = await beginAttempt(folder);
  // The declared options of `level` leave out those of classic-level, which it passes through.
  const sizes: object = { writeBufferSize: options.writeBufferBytes, cacheSize: CACHE_BYTES };
  const database: Database = new Level(folder, { keyEncoding: 'view', valueEncoding: 'view', ...sizes });
  try {
    await database.open();
  } catch (error) {
    await endAttempts(folder);
    throw openError(folder, error);
  }
  return new LevelKv(folder, database, options, latch, attempts);
}

/** The only module that knows the LevelDB library. */
class LevelKv implements Kv {
  private readonly folder: string;
  private readonly database: Database;
  private readonly options: KvOptions;
  private readonly latch: FailureLatch;
  private readonly attempts: Attempts;
  private writing = false;
  private open = true;

  constructor(
    folder: string,
    database: Database,
    options: KvOptions,
    latch: FailureLatch,
    attempts: Attempts,
  ) {
    this.attempts = attempts;
    this.folder = folder;
    this.database = database;
    this.options = options;
    this.latch = latch;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.lookUp(key, undefined);
  }

  async read(range: KvRange, limit: number, maxBytes: number): Promise<[Uint8Array, Uint8Array][]> {
    return this.readFrom(range, limit, maxBytes, undefined);
  }

  async write(operations: Iterable<KvOperation>): Promise<void> {
    this.check();
    assert(!this.writing, () => `two batches in flight in ${this.folder}`);
    this.writing = true;
    const startedMs = performance.now();
    try {
      const batch = this.database.batch();
      let slice = 0;
      for (const operation of operations) {
        if (operation.type === 'put') batch.put(operation.key, operation.value);
        else batch.del(operation.key);
        if (++slice < SLICE_OPERATIONS) continue;
        slice = 0;
        await new Promise(setImmediate);
      }
      // The declared options of `level` leave out those of classic-level, which it passes through.
      const synced: object = { sync: true };
      await batch.write(synced);
    } catch (error) {
      throw this.fail(`write to ${this.folder}`, error);
    } finally {
      this.writing = false;
    }
    this.options.onWriteMs?.(performance.now() - startedMs);
  }

  snapshot(): KvSnapshot {
    this.check();
    const snapshot = this.database.snapshot();
    return {
      get: (key) => this.lookUp(key, snapshot),
      read: (range, limit, maxBytes) => this.readFrom(range, limit, maxBytes, snapshot),
      close: () => (this.open ? snapshot.close() : Promise.resolve()),
    };
  }

  async compact(range: KvRange): Promise<void> {
    this.check();
    const database = this.database as Database & {
      compactRange(from: Uint8Array, to: Uint8Array): Promise<void>;
    };
    try {
      await database.compactRange(range.from, range.to);
    } catch (error) {
      throw this.fail(`compaction of ${this.folder}`, error);
    }
  }

  trust(): Promise<void> {
    noteAttempts(this.folder, { unread: 0, short: this.attempts.short });
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.open = false;
    await this.database.close();
    await endAttempts(this.folder);
  }

  private check(): void {
    this.latch.check();
    if (!this.open) throw closedError(this.folder);
  }

  private lookUp(key: Uint8Array, snapshot: Snapshot | undefined): Uint8Array | undefined {
    this.check();
    try {
      if (snapshot === undefined) return this.database.getSync(key);
      return this.database.getSync(key, { snapshot });
    } catch (error) {
      throw this.readError(error);
    }
  }

  private async readFrom(
    range: KvRange,
    limit: number,
    maxBytes: number,
    snapshot: Snapshot | undefined,
  ): Promise<[Uint8Array, Uint8Array][]> {
    this.check();
    const bounds = {
      gte: range.from,
      lt: range.to,
      reverse: range.reverse === true,
      limit,
      snapshot,
      // One native call returns entries until this much was read.
      highWaterMarkBytes: maxBytes,
    };
    const iterator = this.database.iterator(bounds);
    try {
      return await iterator.nextv(limit);
    } catch (error) {
      throw this.readError(error);
    } finally {
      await iterator.close();
    }
  }

  private fail(what: string, error: unknown): TepuiError {
    const damaged = isCorruption(error);
    if (damaged) noteDamage(this.folder, messageOf(error));
    return this.latch.fail(what, error, damaged);
  }

  private readError(error: unknown): TepuiError {
    if (!isCorruption(error)) return this.latch.fail(`read of ${this.folder}`, error);
    noteDamage(this.folder, messageOf(error));
    return new TepuiError('DAMAGED', `read of ${this.folder}: ${messageOf(error)}`, { cause: error });
  }
}
