import { TepuiError, type SnapshotChunk, type TimerHandle } from '../base/index.js';
import type { SnapshotPart, SnapshotProgress } from '../wire/index.js';
import type { Environment } from './environment.js';
import { CHUNKS_IN_FLIGHT } from './limits.js';
import type { SnapshotStart } from './types.js';
import type { OutgoingStream } from './wire.js';

type PartStream = OutgoingStream<SnapshotPart, SnapshotProgress>;

/**
 * Sends one snapshot over a connection of its own, so that bulk never delays consensus. The receiver says where
 * to begin and acknowledges chunk by chunk; at most `CHUNKS_IN_FLIGHT` are on their way.
 */
export class SnapshotTransfer {
  private readonly env: Environment;
  private readonly address: string;
  private readonly start: SnapshotStart;
  private readonly chunks: (offset: number) => AsyncIterable<SnapshotChunk>;
  /** The last word of the receiver. */
  private progress: SnapshotProgress | null = null;
  private failure: TepuiError | null = null;
  private silence: TimerHandle | null = null;
  private wake: () => void = () => {};
  private fail: (why: TepuiError) => void = () => {};
  private readonly broken: Promise<never>;

  constructor(
    env: Environment,
    address: string,
    start: SnapshotStart,
    chunks: (offset: number) => AsyncIterable<SnapshotChunk>,
  ) {
    this.env = env;
    this.address = address;
    this.start = start;
    this.chunks = chunks;
    this.broken = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.broken.catch(() => {});
  }

  /** Resolves when the receiver has installed the snapshot. Rejects at once when the transfer broke. */
  async run(): Promise<void> {
    const channel = this.env.wire.channel(this.address);
    const stream = channel.sendSnapshot();
    try {
      // The source of chunks may hang while the transfer breaks: that must not hold up the end.
      await Promise.race([this.whole(stream), this.broken]);
    } finally {
      this.silence?.cancel();
      channel.close();
    }
  }

  /** Ends the transfer with `why`. */
  abort(why: TepuiError): void {
    this.failure ??= why;
    this.fail(this.failure);
    this.wake();
  }

  private async whole(stream: PartStream): Promise<void> {
    this.listen(stream);
    stream.write({ kind: 'start', ...this.start });
    await this.send(stream, await this.firstWanted());
    await this.until(() => this.progress?.installed === true);
  }

  private listen(stream: PartStream): void {
    this.expectProgress();
    stream.listen({
      message: (progress) => {
        this.progress = progress;
        this.expectProgress();
        if (progress.error === '') this.wake();
        else this.abort(refusedBy(this.address, progress.error));
      },
      closed: (error) => {
        if (this.progress?.installed === true) return;
        this.abort(error ?? brokenBy(`${this.address} ended the transfer`));
      },
    });
  }

  private async firstWanted(): Promise<number> {
    await this.until(() => this.progress !== null);
    return this.progress?.next ?? 0;
  }

  private async send(stream: PartStream, from: number): Promise<void> {
    for await (const chunk of this.chunks(from)) {
      await this.until(() => chunk.number < (this.progress?.next ?? 0) + CHUNKS_IN_FLIGHT);
      stream.write({ kind: 'chunk', ...chunk });
    }
  }

  /** Waits for the receiver; throws once the transfer has failed. */
  private async until(reached: () => boolean): Promise<void> {
    for (;;) {
      if (this.failure !== null) throw this.failure;
      if (reached()) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private expectProgress(): void {
    const { transferSilenceMs } = this.env.timings;
    this.silence?.cancel();
    this.silence = this.env.timers.after(transferSilenceMs, () => {
      this.abort(brokenBy(`${this.address} made no progress for ${transferSilenceMs} ms`));
    });
  }
}

function brokenBy(why: string): TepuiError {
  return new TepuiError('UNREACHABLE', `snapshot transfer broke: ${why}`);
}

function refusedBy(address: string, why: string): TepuiError {
  return new TepuiError('INTERNAL', `${address} did not take the snapshot: ${why}`);
}
