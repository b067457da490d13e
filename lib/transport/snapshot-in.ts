import { TepuiError, type SnapshotChunk, type TimerHandle } from '../base/index.js';
import { asTepuiError, type SnapshotPart, type SnapshotProgress } from '../wire/index.js';
import type { Environment } from './environment.js';
import type { SnapshotSink } from './types.js';
import type { IncomingStream } from './wire.js';

type PartStream = IncomingStream<SnapshotPart, SnapshotProgress>;

/** So often within the time after which a transfer is silent, its receiver gives a sign of life. */
const SIGNS = 4;

/**
 * Receives one snapshot: parts are taken one at a time, and the stream is not read while one is being written,
 * so nothing piles up. While the sink works, the sender is told now and then that the transfer lives. A sender of which
 * nothing comes meanwhile is gone: its machine may have lost power, or the word of its end the way.
 */
export class SnapshotArrival {
  private readonly env: Environment;
  private readonly stream: PartStream;
  private sink: SnapshotSink | null = null;
  private next = 0;
  /** The sink was told how it ends: it finishes, or is broken. */
  private done = false;
  /** A part is being taken. */
  private busy = false;
  private sign: TimerHandle | null = null;
  /** Signs given since the last part was taken. */
  private signs = 0;

  constructor(env: Environment, stream: PartStream) {
    this.env = env;
    this.stream = stream;
  }

  listen(): void {
    this.stream.listen({
      message: (part) => {
        this.stream.pause();
        this.busy = true;
        this.take(part)
          .then(
            () => this.stream.resume(),
            (error: unknown) => this.fail(asTepuiError(error)),
          )
          .finally(() => this.settled());
      },
      ended: () => {
        if (!this.done) this.fail(new TepuiError('MALFORMED', 'the snapshot ends before its last chunk'));
      },
      closed: () => {
        this.close();
      },
    });
    this.signOfLife();
  }

  private async take(part: SnapshotPart): Promise<void> {
    if (part.kind === 'start') await this.begin(part);
    else await this.add(part);
  }

  private async begin(start: Extract<SnapshotPart, { readonly kind: 'start' }>): Promise<void> {
    if (this.sink !== null) throw new TepuiError('MALFORMED', 'a second snapshot on one stream');
    const { kind: _, ...offer } = start;
    const sink = await this.env.handlers.snapshotOffered(offer);
    if (sink === null) throw new TepuiError('UNSUPPORTED', 'the snapshot is not wanted');
    this.sink = sink;
    this.next = sink.next;
    this.tell(false);
  }

  private async add(chunk: SnapshotChunk): Promise<void> {
    const { sink } = this;
    if (sink === null || chunk.number !== this.next) {
      throw new TepuiError('MALFORMED', `chunk ${chunk.number} of a snapshot where ${this.next} follows`);
    }
    const { number, bytes, crc, last } = chunk;
    await sink.add({ number, bytes, crc, last });
    this.next++;
    if (last === null) {
      this.tell(false);
      return;
    }
    this.done = true;
    await sink.finish();
    this.tell(true);
    this.stream.end();
  }

  private tell(installed: boolean): void {
    this.stream.write({ next: this.next, installed, error: '' });
  }

  private signOfLife(): void {
    const { transferSilenceMs } = this.env.timings;
    this.sign = this.env.timers.after(transferSilenceMs / SIGNS, () => {
      if (!this.busy && this.signs++ === SIGNS) {
        this.fail(
          new TepuiError('UNREACHABLE', `nothing more of the snapshot came within ${transferSilenceMs} ms`),
        );
        return;
      }
      if (this.sink !== null) this.tell(false);
      this.signOfLife();
    });
  }

  /** The sender learns why: an error as status could be lost behind what was written before. */
  private fail(error: TepuiError): void {
    this.stream.write({ next: this.next, installed: false, error: `${error.code}: ${error.message}` });
    this.stream.end();
  }

  private settled(): void {
    this.busy = false;
    this.signs = 0;
    if (this.stream.closed) this.close();
  }

  /** The sink hears of it when it is done with the part it is taking: until then another transfer would meet this one. */
  private close(): void {
    this.sign?.cancel();
    if (this.done || this.busy || this.sink === null) return;
    this.done = true;
    this.sink.broken();
  }
}
