import { newerFormat, TepuiError, type Logger } from '../base/index.js';
import { decodeCutMeta, type CutMeta, type InstalledState, type SnapshotReceiver } from '../storage/index.js';
import type { SnapshotSink, SnapshotStart } from '../transport/types.js';
import { SNAPSHOT_VERSION } from '../wire/peer.js';

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
    if (start.version > SNAPSHOT_VERSION) {
      const { from, release } = start;
      const fault = newerFormat(
        `the snapshot of ${from} (release ${release})`,
        start.version,
        SNAPSHOT_VERSION,
      );
      this.host.logger.error({ from, err: fault }, 'a snapshot was refused: this release is too old for it');
      throw fault;
    }
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

  /** A record that this release does not know ends the transfer: the state in force stays, and this says why. */
  private async adding({ from, release }: SnapshotStart, adding: Promise<void>): Promise<void> {
    try {
      await adding;
    } catch (error) {
      if (error instanceof TepuiError && error.code === 'NEWER_FORMAT') {
        const message = 'a snapshot was refused: this release is too old for it';
        this.host.logger.error({ from, release, err: error }, message);
      }
      throw error;
    }
  }

  private sink(start: SnapshotStart, meta: CutMeta, receiver: SnapshotReceiver): SnapshotSink {
    const release = (): void => {
      this.receiving = null;
    };
    return {
      next: receiver.next,
      add: (chunk) => this.adding(start, receiver.add(chunk)),
      broken: release,
      // Once it is complete, an installation takes its course whatever becomes of the stream.
      finish: async () => {
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
