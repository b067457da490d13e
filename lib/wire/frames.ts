import { ByteReader, ByteWriter, MalformedError, assert } from '../base/index.js';
import { FRAME_LIMIT_BYTES } from './limits.js';

// A batch of frames between members:
//
//   +---------+------+--------------+------+------+--------------+------+-----
//   | version | kind | length       | body | kind | length       | body | …
//   | 1 byte  | 1    | varint LEB128|      |      |              |      |
//   +---------+------+--------------+------+------+--------------+------+-----

const VERSION = 1;

/** A frame whose kind is not interpreted here. */
export interface NumberedFrame {
  readonly kind: number;
  readonly body: Uint8Array;
}

/** Collects frames into one batch. Bodies are copied: the caller may reuse its buffer. */
export class FrameBatch {
  private readonly writer: ByteWriter = new ByteWriter(4096);
  private frames = 0;

  get count(): number {
    return this.frames;
  }

  get sizeBytes(): number {
    return this.writer.length;
  }

  add(kind: number, body: Uint8Array): void {
    assert(kind > 0 && kind < 256, () => `frame kind ${kind} is not a byte above 0`);
    assert(body.length <= FRAME_LIMIT_BYTES, () => `frame of ${body.length} bytes > ${FRAME_LIMIT_BYTES}`);
    if (this.frames === 0) this.writer.u8(VERSION);
    this.writer.u8(kind).bytes(body);
    this.frames++;
  }

  /** The batch, empty from now on. The bytes are a copy and stay valid. */
  take(): Uint8Array {
    const bytes = this.writer.finish();
    this.clear();
    return bytes;
  }

  clear(): void {
    this.writer.reset();
    this.frames = 0;
  }
}

/** Frames of a batch, in order; bodies are views. Throws `MalformedError`. Unknown kinds are not judged. */
export function decodeFrames(batch: Uint8Array): NumberedFrame[] {
  const reader = new ByteReader(batch);
  const version = reader.u8();
  if (version !== VERSION)
    throw new MalformedError(`frames of version ${version}, this release reads ${VERSION}`);
  const frames: NumberedFrame[] = [];
  while (reader.remaining > 0) frames.push({ kind: reader.u8(), body: reader.bytes() });
  return frames;
}
