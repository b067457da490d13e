import { TepuiError, assert, must } from '../base/index.js';
import { SLOT_BYTES, type Disk, type DiskSource, type KvOptions, type SlotFile } from './disk.js';
import { FailureLatch, closedError } from './failure-latch.js';
import { BatchJournal } from './memory-journal.js';
import { SortedBytes, copyOf } from './sorted-bytes.js';
import type { Kv, KvOperation, KvRange, KvSnapshot } from './types.js';

/** What a write is about, for schedules and fault plans: `kv raft`, `slots witness`, `file identity.json`. */
export type DiskAction = `${'kv' | 'slots' | 'file'} ${string}`;

export interface MemoryDiskOptions {
  /** Called before a write takes effect; the write waits for the promise. Default: no wait. */
  readonly schedule?: (action: DiskAction) => Promise<void>;
  /** Default 1 TiB. */
  readonly freeBytes?: number;
  /** Batches of each database that `journals` remembers, for what LevelDB may lose or bring back. Default: none. */
  readonly keepBatches?: number;
}

interface Fault {
  readonly action: DiskAction;
  /** `write`: nothing reaches the disk. `sync`: the data is there, but the caller is told that it is not. */
  readonly kind: 'write' | 'sync';
  readonly error: Error;
}

/**
 * The in-memory twin of a data folder: what survives a power cut, and the faults a test asks for. A session is
 * one process's view; `powerCut` ends it. Whatever a session has been told is done is in here.
 */
export class MemoryDisk implements DiskSource {
  readonly databases: Map<string, SortedBytes> = new Map();
  readonly files: Map<string, Uint8Array> = new Map();
  /** Files of which only the size matters. */
  readonly allocated: Map<string, number> = new Map();
  /** Of files with writes that were not synced: what a power cut leaves of them at least. */
  readonly synced: Map<string, Uint8Array> = new Map();
  readonly locked: Set<string> = new Set();
  /** The last batches of each database; empty unless `keepBatches` is given. */
  readonly journals: Map<string, BatchJournal> = new Map();
  freeBytes: number;
  /** What opening would take for a moment. */
  unflushedBytes = 0;
  private readonly options: MemoryDiskOptions;
  private faults: Fault[] = [];
  private session: MemorySession | null = null;

  constructor(options: MemoryDiskOptions = {}) {
    this.options = options;
    this.freeBytes = options.freeBytes ?? 2 ** 40;
  }

  /** Begins a session; an earlier one is cut off as by `kill`. */
  attach(onFailure: (error: Error) => void): Disk {
    this.kill();
    this.session = new MemorySession(this, new FailureLatch(onFailure));
    return this.session;
  }

  /**
   * The process ends at this moment. Of the writes not yet reported done, those that `lands` picks reach the
   * disk whole and the others not at all; nobody hears of them either way. Writes to slots that were done without
   * a sync are kept if it picks them, and else undone. Nothing else can be lost. Default: none lands.
   */
  powerCut(lands: (action: DiskAction) => boolean = () => false): void {
    this.endSession(lands);
    for (const [name, bytes] of this.synced) if (!lands(`slots ${name}`)) this.files.set(name, bytes);
    this.synced.clear();
  }

  /** The process ends at this moment, the machine runs on: of what is in flight nothing lands, all else is kept. */
  kill(): void {
    this.endSession(() => false);
  }

  private endSession(lands: (action: DiskAction) => boolean): void {
    const { session } = this;
    this.session = null;
    this.locked.clear();
    session?.cut(lands);
  }

  /** The next write of `action` fails, once. */
  failNext(action: DiskAction, kind: 'write' | 'sync', error: Error = new Error('I/O error')): void {
    this.faults.push({ action, kind, error });
  }

  /** Takes back the faults that no write has met; returns how many there were. */
  forgetFaults(): number {
    return this.faults.splice(0).length;
  }

  takeFault(action: DiskAction): Fault | null {
    const at = this.faults.findIndex((fault) => fault.action === action);
    return at < 0 ? null : (this.faults.splice(at, 1)[0] ?? null);
  }

  async scheduled(action: DiskAction): Promise<void> {
    await this.options.schedule?.(action);
  }

  /** For damage: changes a database behind everyone's back. */
  tamper(database: string, operations: readonly KvOperation[]): void {
    must(this.databases.get(database), `no database ${database}`).apply(operations.map(copyOf));
  }

  /**
   * For damage: `count` batches of a database never happened, the `kept` ones after them did. Unlike `powerCut` this
   * takes what was synced; seen when a log file of LevelDB is damaged. Nobody may be attached.
   */
  loseBatches(database: string, count: number, kept: number = 0): void {
    assert(this.session === null, `batches of ${database} cannot be lost while a process uses it`);
    const journal = must(this.journals.get(database), `no journal of ${database}: keepBatches is not set`);
    this.databases.set(database, journal.without(count, kept));
    this.journals.delete(database);
  }

  /** Applies a batch and, where `keepBatches` asks for it, remembers it. */
  applyBatch(database: string, contents: SortedBytes, operations: readonly KvOperation[]): void {
    const { keepBatches = 0 } = this.options;
    const kept = operations.map(copyOf);
    if (keepBatches > 0) {
      const journal = this.journals.get(database) ?? new BatchJournal(contents.copy(), keepBatches);
      this.journals.set(database, journal);
      journal.record(kept);
    }
    contents.apply(kept);
  }

  /** For stale copies and wiped folders: another disk with the same contents, nobody attached. */
  image(): MemoryDisk {
    const copy = new MemoryDisk(this.options);
    for (const [name, contents] of this.databases) copy.databases.set(name, contents.copy());
    for (const [name, bytes] of this.files) copy.files.set(name, bytes.slice());
    return copy;
  }
}

class MemorySession implements Disk {
  readonly where = 'memory';
  private readonly disk: MemoryDisk;
  private readonly latch: FailureLatch;
  private gone = false;
  private readonly inFlight = new Map<() => void, DiskAction>();

  constructor(disk: MemoryDisk, latch: FailureLatch) {
    this.disk = disk;
    this.latch = latch;
  }

  cut(lands: (action: DiskAction) => boolean): void {
    this.gone = true;
    for (const [effect, action] of this.inFlight) if (lands(action)) effect();
    this.inFlight.clear();
  }

  /** Every call passes here: nothing works after a failure, and nothing answers after a power cut. */
  check(): void {
    this.latch.check();
    assert(!this.gone, 'a session was used after its power cut: this process should be gone');
  }

  /** One durable change. Never settles when the power is cut meanwhile. */
  async change(action: DiskAction, effect: () => void): Promise<void> {
    this.check();
    this.inFlight.set(effect, action);
    await this.disk.scheduled(action);
    if (this.gone) await new Promise<never>(() => undefined);
    this.inFlight.delete(effect);
    const fault = this.disk.takeFault(action);
    if (fault?.kind !== 'write') effect();
    if (fault !== null) throw this.latch.fail(`injected ${fault.kind} fault in ${action}`, fault.error);
  }

  write(name: string, contents: SortedBytes, operations: readonly KvOperation[]): Promise<void> {
    return this.change(`kv ${name}`, () => this.disk.applyBatch(name, contents, operations));
  }

  async openKv(name: string, options: KvOptions): Promise<Kv> {
    this.check();
    const { databases, locked } = this.disk;
    if (locked.has(name)) throw new TepuiError('FOLDER_IN_USE', `${name} is open already`);
    locked.add(name);
    const contents = databases.get(name) ?? new SortedBytes();
    databases.set(name, contents);
    return new MemoryKv(name, contents, this, options, () => locked.delete(name));
  }

  async listKv(): Promise<string[]> {
    this.check();
    return [...this.disk.databases.keys()].sort();
  }

  async removeKv(name: string): Promise<void> {
    await this.change(`kv ${name}`, () => {
      this.disk.databases.delete(name);
      this.disk.journals.delete(name);
    });
  }

  async setAsideKv(name: string): Promise<void> {
    await this.change(`kv ${name}`, () => {
      const { databases, journals } = this.disk;
      journals.delete(name);
      databases.set(`${name}-damaged`, must(databases.get(name), `no database ${name}`));
      databases.delete(name);
    });
  }

  async openSlots(name: string): Promise<SlotFile> {
    this.check();
    const { files, synced } = this.disk;
    const before = files.get(name);
    const whole = new Uint8Array(2 * SLOT_BYTES);
    if (before !== undefined) whole.set(before);
    files.set(name, whole);
    const half = (slot: number): Uint8Array =>
      (before ?? whole).slice(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    return {
      found: before === undefined ? null : [half(0), half(1)],
      write: (slot, bytes, isSynced) => {
        const copy = bytes.slice();
        return this.change(`slots ${name}`, () => {
          if (isSynced) synced.delete(name);
          else if (!synced.has(name)) synced.set(name, whole.slice());
          whole.set(copy, slot * SLOT_BYTES);
        });
      },
      close: () => Promise.resolve(),
    };
  }

  async readFile(name: string): Promise<Uint8Array | null> {
    this.check();
    return this.disk.files.get(name)?.slice() ?? null;
  }

  async replaceFile(name: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    await this.change(`file ${name}`, () => this.disk.files.set(name, copy));
  }

  async removeFile(name: string): Promise<void> {
    await this.change(`file ${name}`, () => {
      this.disk.files.delete(name);
      this.disk.allocated.delete(name);
    });
  }

  async allocate(name: string, sizeBytes: number): Promise<void> {
    await this.change(`file ${name}`, () => this.disk.allocated.set(name, sizeBytes));
  }

  async sizeOf(name: string): Promise<number> {
    this.check();
    return this.disk.allocated.get(name) ?? this.disk.files.get(name)?.length ?? 0;
  }

  async unflushedBytes(): Promise<number> {
    return this.disk.unflushedBytes;
  }

  async freeBytes(): Promise<number> {
    return this.disk.freeBytes;
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  syncFolder(): Promise<void> {
    this.check();
    return Promise.resolve();
  }
}

class MemoryKv implements Kv {
  private readonly name: string;
  private readonly contents: SortedBytes;
  private readonly session: MemorySession;
  private readonly options: KvOptions;
  private readonly onClose: () => void;
  private writing = false;
  private open = true;

  constructor(
    name: string,
    contents: SortedBytes,
    session: MemorySession,
    options: KvOptions,
    onClose: () => void,
  ) {
    this.name = name;
    this.contents = contents;
    this.session = session;
    this.options = options;
    this.onClose = onClose;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.check();
    return this.contents.get(key)?.slice();
  }

  async read(range: KvRange, limit: number, maxBytes: number): Promise<[Uint8Array, Uint8Array][]> {
    this.check();
    return this.contents.read(range, limit, maxBytes);
  }

  async write(operations: Iterable<KvOperation>): Promise<void> {
    this.check();
    assert(!this.writing, () => `two batches in flight in ${this.name}`);
    this.writing = true;
    try {
      await this.session.write(this.name, this.contents, Array.from(operations, copyOf));
    } finally {
      this.writing = false;
    }
    this.options.onWriteMs?.(0);
  }

  snapshot(): KvSnapshot {
    this.check();
    const copy = this.contents.copy();
    return {
      get: (key) => {
        this.check();
        return copy.get(key)?.slice();
      },
      read: async (range, limit, maxBytes) => {
        this.check();
        return copy.read(range, limit, maxBytes);
      },
      close: () => Promise.resolve(),
    };
  }

  compact(): Promise<void> {
    this.check();
    return Promise.resolve();
  }

  trust(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.open) this.onClose();
    this.open = false;
    return Promise.resolve();
  }

  private check(): void {
    this.session.check();
    if (!this.open) throw closedError(this.name);
  }
}
