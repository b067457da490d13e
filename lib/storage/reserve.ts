import type { Disk } from './disk.js';

export interface SpaceLimits {
  /** Least size of the file that is given up when a start meets a full disk; it grows in halves of this. */
  readonly reserveBytes: number;
  /** Growth is refused while less than this is free. */
  readonly lowBytes: number;
  /** Growth is allowed again once this much is free; above `lowBytes`, so that the state does not flap. */
  readonly ampleBytes: number;
}

export const SPACE_DEFAULTS: SpaceLimits = {
  reserveBytes: 64 << 20,
  lowBytes: 256 << 20,
  ampleBytes: 384 << 20,
};

export type SpaceState =
  | { readonly kind: 'ample' }
  /** New data is refused; reads, deletes and expiries go on. */
  | { readonly kind: 'low'; readonly freeBytes: number }
  /** As `low`, and the reserve was given up to start at all: it must be back before growth is. */
  | { readonly kind: 'reserve-spent'; readonly freeBytes: number };

const FILE = 'reserve';

/** Watches the space of a data folder and keeps its reserve. Measures only when asked: it owns no timer. */
export class Space {
  private readonly disk: Disk;
  private readonly limits: SpaceLimits;
  private current: SpaceState = { kind: 'ample' };

  constructor(disk: Disk, limits: SpaceLimits) {
    this.disk = disk;
    this.limits = limits;
  }

  get state(): SpaceState {
    return this.current;
  }

  get growthRefused(): boolean {
    return this.current.kind !== 'ample';
  }

  /** Measures, and makes or enlarges the reserve when there is room for it and more. */
  async check(): Promise<SpaceState> {
    const { lowBytes, ampleBytes } = this.limits;
    const presentBytes = await this.disk.sizeOf(FILE);
    const wantedBytes = await this.wantedBytes();
    const missingBytes = Math.max(0, wantedBytes - presentBytes);
    let freeBytes = await this.disk.freeBytes();
    const roomFor = presentBytes === 0 ? ampleBytes : lowBytes;
    if (missingBytes > 0 && freeBytes >= missingBytes + roomFor) {
      await this.disk.allocate(FILE, wantedBytes);
      freeBytes = await this.disk.freeBytes();
      this.current = this.judge(freeBytes);
    } else if (presentBytes === 0) {
      this.current = { kind: 'reserve-spent', freeBytes };
    } else {
      this.current = missingBytes > 0 ? { kind: 'low', freeBytes } : this.judge(freeBytes);
    }
    return this.current;
  }

  private judge(freeBytes: number): SpaceState {
    const { lowBytes, ampleBytes } = this.limits;
    const enough = this.current.kind === 'ample' ? lowBytes : ampleBytes;
    return freeBytes < enough ? { kind: 'low', freeBytes } : { kind: 'ample' };
  }

  /**
   * LevelDB opens only when it can write what its log files hold into tables, before it deletes those files: so
   * the reserve follows the largest log files there are, with half its least size to spare.
   */
  private async wantedBytes(): Promise<number> {
    const step = this.limits.reserveBytes / 2;
    const replayBytes = await this.disk.unflushedBytes();
    return Math.max(2, Math.ceil(replayBytes / step) + 1) * step;
  }

  /** Gives the reserve up. False when there was none: the disk is full and nothing is left to give. */
  async release(): Promise<boolean> {
    if ((await this.disk.sizeOf(FILE)) === 0) return false;
    await this.disk.removeFile(FILE);
    this.current = { kind: 'reserve-spent', freeBytes: await this.disk.freeBytes() };
    return true;
  }
}
