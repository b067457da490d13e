import { FRAME_BATCH_BYTES, FRAME_LIMIT_BYTES, FrameBatch } from '../wire/index.js';
import { IN_FLIGHT_BYTES, OUTBOX_LIMIT_BYTES } from './limits.js';

/** Sends one batch of frames; calls `gone` once when its bytes are with the system, or lost. */
export type SendBatch = (batch: Uint8Array, gone: () => void) => void;

/**
 * Frames on their way to one peer over one stream. What is added in one turn of the loop leaves as one message
 * (`flush`), in pieces of about `FRAME_BATCH_BYTES`; while the stream has `IN_FLIGHT_BYTES` to digest, the rest
 * waits here.
 *
 *   add ─► batch ─► full batches ─► in flight (grpc-js, kernel)
 */
export class Outbox {
  private readonly sendBatch: SendBatch;
  private readonly batch: FrameBatch = new FrameBatch();
  private full: Uint8Array[] = [];
  private fullBytes = 0;
  private inFlightBytes = 0;

  constructor(sendBatch: SendBatch) {
    this.sendBatch = sendBatch;
  }

  get waitingBytes(): number {
    return this.fullBytes + this.batch.sizeBytes;
  }

  /** Whether something was sent or waits to be: the peer sees a sign of life then. */
  get idle(): boolean {
    return this.waitingBytes === 0 && this.inFlightBytes === 0;
  }

  /** False when there is no room: the frame is dropped. The body is copied. */
  add(kind: number, body: Uint8Array): boolean {
    if (body.length > FRAME_LIMIT_BYTES) return false;
    const waiting = this.waitingBytes;
    if (waiting > 0 && waiting + body.length > OUTBOX_LIMIT_BYTES) return false;
    this.batch.add(kind, body);
    if (this.batch.sizeBytes >= FRAME_BATCH_BYTES) this.closeBatch();
    return true;
  }

  /** Sends what waits, as far as the stream takes it. */
  flush(): void {
    while (this.inFlightBytes < IN_FLIGHT_BYTES) {
      const next = this.next();
      if (next === null) return;
      this.inFlightBytes += next.length;
      this.sendBatch(next, () => {
        this.inFlightBytes -= next.length;
        if (this.waitingBytes > 0) this.flush();
      });
    }
  }

  private next(): Uint8Array | null {
    const oldest = this.full.shift();
    if (oldest !== undefined) {
      this.fullBytes -= oldest.length;
      return oldest;
    }
    return this.batch.count > 0 ? this.batch.take() : null;
  }

  private closeBatch(): void {
    const closed = this.batch.take();
    this.full.push(closed);
    this.fullBytes += closed.length;
  }
}
