import { MemoryDisk, type DiskAction } from '../../../lib/storage/index.js';
import type { DiskSource } from '../../../lib/storage/disk.js';
import type { Random } from '../../../lib/base/index.js';
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

/** Batches remembered per database: damage reaches back so far. */
const KEEP_BATCHES = 64;

/** The disk of one machine over all lives of its process: slow, cut off from power, and open to damage. */
export class NodeDisk {
  memory: MemoryDisk;
  /** Called before each write. */
  onWrite: () => void = () => undefined;
  /** No write ends until it is null again. */
  private hung: (() => void)[] | null = null;
  /** What ends each write that stalls. */
  private readonly stalled = new Set<() => void>();
  private host: Host | null = null;
  private readonly schedule: Schedule;
  private readonly random: Random;
  private times: DiskTimes;

  constructor(times: DiskTimes, schedule: Schedule, random: Random) {
    this.times = times;
    this.schedule = schedule;
    this.random = random;
    this.memory = this.empty();
  }

  /** A disk with nothing on it. */
  empty(): MemoryDisk {
    return new MemoryDisk({ schedule: () => this.wait(), keepBatches: KEEP_BATCHES });
  }

  /** The disk as a process sees it that lives as long as `host`. */
  source(host: Host): DiskSource {
    this.host = host;
    return { attach: (onFailure) => whileAlive(this.memory.attach(onFailure), host) };
  }

  /** The process is gone: of the writes in flight those that `lands` picks took place. */
  cut(power: boolean, lands: () => boolean): void {
    // What was written without a sync is lost with the power only.
    const landed = (action: DiskAction): boolean => lands() || (!power && action.startsWith('slots '));
    this.memory.powerCut(landed);
    this.host = null;
    this.hung = null;
    this.stalled.clear();
  }

  /** Remembers what is on the disk, for as long as nobody uses it; returns how to put that back. */
  save(): () => void {
    const { memory } = this;
    const databases = [...memory.databases].map(([name, contents]) => [name, contents.copy()] as const);
    const journals = [...memory.journals];
    const files = [...memory.files];
    return () => {
      this.memory = memory;
      fill(memory.databases, databases);
      fill(memory.journals, journals);
      fill(memory.files, files);
    };
  }

  hang(): void {
    this.hung ??= [];
  }

  release(): void {
    const waiting = this.hung ?? [];
    this.hung = null;
    for (const go of waiting) go();
  }

  /**
   * From now on it is quick and does not stall. The writes that it hangs or stalls in end: whatever waits behind one,
   * as a compaction does, would be late by the fault and not by the member.
   */
  calm(meanMs: number): void {
    this.times = { ...this.times, meanMs: Math.min(this.times.meanMs, meanMs), stall: 0 };
    this.release();
    for (const end of this.stalled) end();
  }

  private wait(): Promise<void> {
    this.onWrite();
    const { host } = this;
    return new Promise((resolve) => {
      const go = (): void => host?.deliver(resolve);
      if (this.hung !== null) this.hung.push(go);
      else if (this.stalls()) this.stall(go);
      else this.schedule.after(exponentialUs(this.random, this.times.meanMs), go);
    });
  }

  private stalls(): boolean {
    const { stall } = this.times;
    return stall > 0 && this.random.uint32() / 0x1_0000_0000 < stall;
  }

  private stall(go: () => void): void {
    const end = (): void => {
      if (this.stalled.delete(end)) go();
    };
    this.stalled.add(end);
    this.schedule.after(exponentialUs(this.random, this.times.stallMs), end);
  }
}

function fill<V>(map: Map<string, V>, entries: readonly (readonly [string, V])[]): void {
  map.clear();
  for (const [name, value] of entries) map.set(name, value);
}

/** Whatever a dead process still has of its disk answers nothing. */
function whileAlive<T extends object>(target: T, host: Host): T {
  const methods = new Map<string | symbol, unknown>();
  return new Proxy(target, {
    get: (object, name) => {
      const known = methods.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      const method = (...rest: unknown[]): unknown => {
        if (!host.alive) return new Promise(() => undefined);
        const result: unknown = Reflect.apply(value, object, rest);
        return name === 'openKv' ? (result as Promise<object>).then((kv) => whileAlive(kv, host)) : result;
      };
      methods.set(name, method);
      return method;
    },
  });
}
