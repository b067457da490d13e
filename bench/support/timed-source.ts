import type { Disk, DiskSource, Kv } from '../../lib/storage/index.js';

/** A data folder whose synced batches are timed; `synced` gets the database's name and milliseconds. */
export class TimedSource implements DiskSource {
  private readonly source: DiskSource;
  private readonly synced: (name: string, durationMs: number) => void;

  constructor(source: DiskSource, synced: (name: string, durationMs: number) => void) {
    this.source = source;
    this.synced = synced;
  }

  attach(onFailure: (error: Error) => void): Disk {
    const disk = this.source.attach(onFailure);
    const openKv = disk.openKv.bind(disk);
    disk.openKv = async (name, options) => this.timed(name, await openKv(name, options));
    return disk;
  }

  private timed(name: string, kv: Kv): Kv {
    const write = kv.write.bind(kv);
    kv.write = async (operations) => {
      const begun = performance.now();
      await write(operations);
      this.synced(name, performance.now() - begun);
    };
    return kv;
  }
}
