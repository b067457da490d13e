import { must, type Random } from '../../../lib/base/index.js';
import { MemoryDisk, type DiskAction } from '../../../lib/storage/index.js';
import type { Disk, DiskSource } from '../../../lib/storage/disk.js';
import type { Kv, KvOperation } from '../../../lib/storage/types.js';
import { exponentialUs } from '../network.js';
import type { Schedule } from '../schedule.js';
import type { Host } from './host.js';

export interface DiskTimes {
  /** Mean time (ms) of a write. */
  readonly meanMs: number;
  /** Chance that a write takes `stallMs` instead. */
  readonly stall: number;
  readonly stallMs: number;
}

/** One batch that reached a database: what it did, and what it did it to. */
export interface Written {
  readonly operations: readonly KvOperation[];
  readonly undo: readonly KvOperation[];
}

/** Batches remembered per database: damage reaches back so far. */
const REMEMBERED = 64;

/** The disk of one machine over all lives of its process: slow, cut off from power, and with a memory for damage. */
export class NodeDisk {
  memory: MemoryDisk;
  /** The last batches of each database, oldest first. */
  readonly written = new Map<string, Written[]>();
  writes = 0;
  /** No write ends until it is unset. */
  private hung: (() => void)[] | null = null;
  private host: Host | null = null;
  private readonly schedule: Schedule;
  private readonly random: Random;
  private times: DiskTimes;
  private inFlight = new Map<string, Written>();

  constructor(times: DiskTimes, schedule: Schedule, random: Random) {
    this.times = times;
    this.schedule = schedule;
    this.random = random;
    this.memory = this.empty();
  }

  /** A disk with nothing on it. */
  empty(): MemoryDisk {
    return new MemoryDisk({ schedule: () => this.wait() });
  }

  /** Another disk takes its place while the machine is down. */
  replace(memory: MemoryDisk): void {
    this.memory = memory;
    this.written.clear();
    this.inFlight.clear();
  }

  /** The disk as a process sees it that lives as long as `host`. */
  source(host: Host): DiskSource {
    this.host = host;
    return {
      attach: (onFailure) => whileAlive(this.watched(this.memory.attach(onFailure)), host),
    };
  }

  /** The process is gone: of the writes in flight those that `lands` picks took place. */
  cut(lands: () => boolean): void {
    this.memory.powerCut((action) => {
      const landed = lands();
      const name = databaseOf(action);
      const batch = name === null ? undefined : this.inFlight.get(name);
      if (landed && batch !== undefined) this.remember(name!, batch);
      return landed;
    });
    this.inFlight.clear();
    this.host = null;
    this.hung = null;
  }

  hang(): void {
    this.hung ??= [];
  }

  release(): void {
    const waiting = this.hung ?? [];
    this.hung = null;
    for (const go of waiting) go();
  }

  calm(meanMs: number): void {
    this.times = { ...this.times, meanMs: Math.min(this.times.meanMs, meanMs), stall: 0 };
    this.release();
  }

  private wait(): Promise<void> {
    this.writes++;
    const { host } = this;
    return new Promise((resolve) => {
      const go = (): void => host?.deliver(resolve);
      if (this.hung !== null) this.hung.push(go);
      else this.schedule.after(this.delayUs(), go);
    });
  }

  private delayUs(): number {
    const { meanMs, stall, stallMs } = this.times;
    const stalled = stall > 0 && this.random.uint32() / 0x1_0000_0000 < stall;
    return exponentialUs(this.random, stalled ? stallMs : meanMs);
  }

  private watched(disk: Disk): Disk {
    const watched: Disk = Object.create(disk) as Disk;
    watched.openKv = async (name, options) => this.watchedKv(name, await disk.openKv(name, options));
    return watched;
  }

  private watchedKv(name: string, kv: Kv): Kv {
    const watched: Kv = Object.create(kv) as Kv;
    watched.write = async (operations) => {
      const batch = { operations, undo: this.undoOf(name, operations) };
      this.inFlight.set(name, batch);
      await kv.write(operations);
      this.inFlight.delete(name);
      this.remember(name, batch);
    };
    return watched;
  }

  private undoOf(name: string, operations: readonly KvOperation[]): KvOperation[] {
    const contents = must(this.memory.databases.get(name), `no database ${name}`);
    return operations.map(({ key }): KvOperation => {
      const value = contents.get(key);
      return value === undefined ? { type: 'delete', key } : { type: 'put', key, value };
    });
  }

  private remember(name: string, batch: Written): void {
    const list = this.written.get(name) ?? [];
    this.written.set(name, list);
    list.push(batch);
    if (list.length > REMEMBERED) list.shift();
  }
}

function databaseOf(action: DiskAction): string | null {
  return action.startsWith('kv ') ? action.slice(3) : null;
}

/** Whatever a dead process still has of its disk answers nothing. */
function whileAlive<T extends object>(target: T, host: Host): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      return (...rest: unknown[]): unknown => {
        if (!host.alive) return new Promise(() => undefined);
        const result: unknown = Reflect.apply(value, object, rest);
        return result instanceof Promise ? result.then((inner) => kept(inner, host)) : result;
      };
    },
  });
}

function kept(inner: unknown, host: Host): unknown {
  return typeof inner === 'object' && inner !== null && 'snapshot' in inner ? whileAlive(inner, host) : inner;
}
