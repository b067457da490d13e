import { MalformedError } from '../../base/index.js';

const LENGTH_BYTES = 4;
const NOTHING: Buffer = Buffer.alloc(0);

/** ZooKeeper's `jute.maxbuffer` default: a frame may be that long. */
export const FRAME_LIMIT_BYTES = 0xfffff;

/**
 * Cuts a stream of bytes into frames: a length in four bytes, then that many. Frames are views into the chunks as they
 * came from the socket, or into one copy where a frame came in several. Throws `MalformedError` for a length below 0
 * or above the limit; nothing after it can be made sense of.
 */
export class FrameSplitter {
  private readonly limitBytes: number;
  /** Pieces of a frame that is not complete. */
  private pieces: Buffer[] = [];
  private held = 0;

  constructor(limitBytes: number = FRAME_LIMIT_BYTES) {
    this.limitBytes = limitBytes;
  }

  /** Bytes kept for a frame that is not complete. */
  get heldBytes(): number {
    return this.held;
  }

  /** Calls `frame` for each one that is complete. */
  push(chunk: Buffer, frame: (body: Buffer) => void): void {
    let bytes = chunk;
    if (this.held > 0) {
      this.pieces.push(chunk);
      this.held += chunk.length;
      if (this.held < this.wanted()) return;
      bytes = Buffer.concat(this.pieces, this.held);
      this.pieces = [];
      this.held = 0;
    }
    const rest = this.split(bytes, frame);
    if (rest.length > 0) {
      this.pieces.push(rest);
      this.held = rest.length;
    }
  }

  /** Bytes that must be here before it is worth looking again. */
  private wanted(): number {
    const first = this.pieces[0]!;
    if (first.length >= LENGTH_BYTES) return LENGTH_BYTES + this.checked(first.readInt32BE(0));
    return LENGTH_BYTES;
  }

  private split(bytes: Buffer, frame: (body: Buffer) => void): Buffer {
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + this.checked(bytes.readInt32BE(at));
      if (end > bytes.length) break;
      frame(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    return at === bytes.length ? NOTHING : bytes.subarray(at);
  }

  private checked(length: number): number {
    if (length >= 0 && length <= this.limitBytes) return length;
    throw new MalformedError(`a frame of ${length} bytes; the limit is ${this.limitBytes}`);
  }
}
