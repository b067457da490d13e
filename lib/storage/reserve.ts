import type { Disk } from './disk.js';

export interface SpaceLimits {
  /** Size of the file that is given up when a start meets a full disk. */
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

  /** Measures, and makes the reserve when it is missing and there is room for it and more. */
  async check(): Promise<SpaceState> {
    const { reserveBytes, lowBytes, ampleBytes } = this.limits;
    const missingBytes = reserveBytes - (await this.disk.sizeOf(FILE));
    let freeBytes = await this.disk.freeBytes();
    if (missingBytes > 0 && freeBytes >= missingBytes + ampleBytes) {
      await this.disk.allocate(FILE, reserveBytes);
      freeBytes = await this.disk.freeBytes();
    } else if (missingBytes > 0) {
      this.current = { kind: 'reserve-spent', freeBytes };
      return this.current;
    }
    const enough = this.current.kind === 'ample' ? lowBytes : ampleBytes;
    this.current = freeBytes < enough ? { kind: 'low', freeBytes } : { kind: 'ample' };
    return this.current;
  }

  /** Gives the reserve up. False when there was none: the disk is full and nothing is left to give. */
  async release(): Promise<boolean> {
    if ((await this.disk.sizeOf(FILE)) === 0) return false;
    await this.disk.removeFile(FILE);
    this.current = { kind: 'reserve-spent', freeBytes: await this.disk.freeBytes() };
    return true;
  }
}
