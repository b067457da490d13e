import { crc32c, utf8Encode } from '../../base/index.js';

/**
 * The file of a record log:
 *
 *     frame, frame, …      frame = size u32 | CRC-32C u32 | payload      (little-endian; CRC over the payload)
 *
 * A payload is a JSON array of records that were synced together. The first frame is the header. One frame is
 * one batch: the next is written only after the last was synced, so a crash can tear the last frame only.
 */
export const FRAME_HEAD_BYTES = 8;

export function encodeFrame(records: readonly unknown[]): Uint8Array {
  const payload = utf8Encode(JSON.stringify(records));
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32c(payload), 4);
  frame.set(payload, FRAME_HEAD_BYTES);
  return frame;
}

export interface Scan {
  readonly records: unknown[];
  /** Bytes of whole, correct frames from the start of the file. */
  readonly goodBytes: number;
  /** What follows them: nothing, a frame that a crash tore, or damage to something that had been synced. */
  readonly tail: 'clean' | 'torn' | 'damaged';
}

export function scanFrames(file: Buffer): Scan {
  const records: unknown[] = [];
  let at = 0;
  while (at < file.length) {
    const size = frameSize(file, at);
    if (size === undefined) return { records, goodBytes: at, tail: tailAt(file, at) };
    const payload = file.subarray(at + FRAME_HEAD_BYTES, at + size);
    for (const record of JSON.parse(payload.toString('utf8')) as unknown[]) records.push(record);
    at += size;
  }
  return { records, goodBytes: at, tail: 'clean' };
}

/** Bytes of the frame at `at`, undefined when it is not whole and correct. */
function frameSize(file: Buffer, at: number): number | undefined {
  if (file.length - at < FRAME_HEAD_BYTES) return undefined;
  const size = file.readUInt32LE(at);
  const end = at + FRAME_HEAD_BYTES + size;
  if (size === 0 || end > file.length) return undefined;
  const correct = crc32c(file, 0, at + FRAME_HEAD_BYTES, end) === file.readUInt32LE(at + 4);
  return correct ? end - at : undefined;
}

/**
 * A torn frame is the last of the file, or begins with a block that never reached the disk (zeros). A bad frame
 * that ends before the file does had a successor, so it had been synced: that is damage.
 */
function tailAt(file: Buffer, at: number): 'torn' | 'damaged' {
  if (file.length - at < FRAME_HEAD_BYTES) return 'torn';
  const size = file.readUInt32LE(at);
  return size === 0 || at + FRAME_HEAD_BYTES + size >= file.length ? 'torn' : 'damaged';
}
