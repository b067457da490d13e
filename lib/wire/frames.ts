import { ByteReader, ByteWriter, FRONT_BYTES, MalformedError, assert, withFront } from '../base/index.js';
import { FRAME_LIMIT_BYTES } from './limits.js';

// A batch of frames between members:
//
//   +---------+------+--------------+------+------+--------------+------+-----
//   | version | kind | length       | body | kind | length       | body | …
//   | 1 byte  | 1    | varint LEB128|      |      |              |      |
//   +---------+------+--------------+------+------+--------------+------+-----

const VERSION = 1;
/** Of a batch at its beginning; version, kind and length of the first frame fit the rest of it. */
const FIRST_BYTES = 256;
const HEAD_BYTES = 16;
const NOTHING = new Uint8Array(0);

/** A frame whose kind is not interpreted here. */
export interface NumberedFrame {
  readonly kind: number;
  readonly body: Uint8Array;
}

/**
 * Collects frames into one batch. Bodies are copied: the caller may reuse its buffer. Each batch has memory of its own, with
 * room in front for the header of the message that it becomes.
 */
export class FrameBatch {
  private writer: ByteWriter | null = null;
  private frames = 0;

  get count(): number {
    return this.frames;
  }

  get sizeBytes(): number {
    return this.writer === null ? 0 : this.writer.length - FRONT_BYTES;
  }

  add(kind: number, body: Uint8Array): void {
    assert(kind > 0 && kind < 256, () => `frame kind ${kind} is not a byte above 0`);
    assert(body.length <= FRAME_LIMIT_BYTES, () => `frame of ${body.length} bytes > ${FRAME_LIMIT_BYTES}`);
    (this.writer ??= begin(body.length)).u8(kind).bytes(body);
    this.frames++;
  }

  /** The batch, which is the caller's; a new one begins. */
  take(): Uint8Array {
    const { writer } = this;
    this.clear();
    return writer === null ? NOTHING : withFront(writer.give());
  }

  clear(): void {
    this.writer = null;
    this.frames = 0;
  }
}

function begin(bodyBytes: number): ByteWriter {
  const size = Math.max(FIRST_BYTES, FRONT_BYTES + HEAD_BYTES + bodyBytes);
  return new ByteWriter(size).skip(FRONT_BYTES).u8(VERSION);
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
