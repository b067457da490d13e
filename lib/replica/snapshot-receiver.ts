import type { Logger } from '../base/index.js';
import { decodeCutMeta, type CutMeta, type InstalledState, type SnapshotReceiver } from '../storage/index.js';
import type { SnapshotSink, SnapshotStart } from '../transport/types.js';

export interface SnapshotIntakeHost {
  readonly receive: (id: string, meta: CutMeta) => Promise<SnapshotReceiver>;
  readonly appliedIndex: () => number;
  /** Puts a complete snapshot before consensus; resolves when it is installed, false when it is not wanted. */
  readonly install: (start: SnapshotStart, meta: CutMeta, state: InstalledState) => Promise<boolean>;
  readonly fatal: (error: unknown) => void;
  readonly logger: Logger;
}

/** Receives snapshots into a folder beside the one in force; at most one at a time. */
export class SnapshotIntake {
  private readonly host: SnapshotIntakeHost;
  private receiving: string | null = null;

  constructor(host: SnapshotIntakeHost) {
    this.host = host;
  }

  async offered(start: SnapshotStart): Promise<SnapshotSink | null> {
    const meta = decodeCutMeta(start.meta);
    if (meta.index <= this.host.appliedIndex() || this.receiving !== null) return null;
    this.receiving = start.snapshotId;
    try {
      const receiver = await this.host.receive(start.snapshotId, meta);
      this.host.logger.info(
        { from: start.from, index: meta.index, next: receiver.next },
        'receiving a snapshot',
      );
      return this.sink(start, meta, receiver);
    } catch (error) {
      this.receiving = null;
      this.host.fatal(error);
      return null;
    }
  }

  private sink(start: SnapshotStart, meta: CutMeta, receiver: SnapshotReceiver): SnapshotSink {
    let finishing = false;
    const release = () => {
      this.receiving = null;
    };
    return {
      next: receiver.next,
      add: (chunk) => receiver.add(chunk),
      // Once it is complete, an installation takes its course whatever becomes of the stream.
      broken: () => {
        if (!finishing) release();
      },
      finish: async () => {
        finishing = true;
        try {
          const installed = await this.host.install(start, meta, await receiver.finish());
          if (!installed) await receiver.abandon();
        } finally {
          release();
        }
      },
    };
  }
}
