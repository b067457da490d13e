import { TepuiError } from '../../base/index.js';
import type { Backup, BackupOptions } from '../../replica/index.js';
import {
  asTepuiError,
  type SaveSnapshotRequest,
  type ServerStream,
  type SnapshotData,
} from '../../wire/index.js';

/** Where backups of this member come from. */
export interface Backups {
  begin(options: BackupOptions): Promise<Backup>;
}

/** A client that takes nothing for so long is let go: what it reads is pinned on the disk. */
const STALL_MS = 60_000;

/** Sends a backup at the pace at which its client takes it. */
export function sendSnapshot(
  backups: Backups,
  { consistency }: SaveSnapshotRequest,
  stream: ServerStream<never, SnapshotData>,
): void {
  const transfer = new Transfer(stream);
  transfer.run(backups, { linearizable: consistency === 'LINEARIZABLE' }).catch((error: unknown) => {
    stream.fail(asTepuiError(error));
  });
}

class Transfer {
  private readonly stream: ServerStream<never, SnapshotData>;
  private wake: () => void = () => undefined;

  constructor(stream: ServerStream<never, SnapshotData>) {
    this.stream = stream;
    stream.listen({ message: () => undefined, closed: () => this.wake() });
  }

  async run(backups: Backups, options: BackupOptions): Promise<void> {
    const { stream } = this;
    const backup = await backups.begin(options);
    try {
      for await (const data of backup.bytes()) {
        if (stream.closed) return;
        if (!stream.write({ data, last: false })) await this.drained();
      }
      stream.write({ data: new Uint8Array(0), last: true });
      stream.end();
    } finally {
      await backup.close();
    }
  }

  private drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stalled = setTimeout(() => {
        reject(new TepuiError('OVERLOADED', `the client took nothing for ${STALL_MS / 1000} s`));
      }, STALL_MS);
      this.wake = () => {
        clearTimeout(stalled);
        resolve();
      };
      if (this.stream.closed) this.wake();
      else this.stream.drained(() => this.wake());
    });
  }
}
