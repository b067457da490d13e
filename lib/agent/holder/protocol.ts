import { TepuiError } from '../../base/index.js';
import type { TaskRef } from '../types.js';
import type { HeldTask, Outcome, SpawnOrder } from './port.js';

/**
 * What agent and holder say to each other over the socket: frames of `length u32 little-endian | JSON`. A holder
 * outlives upgrades of its agent, so fields may be added here but never change their meaning.
 */
export const PROTOCOL_VERSION = 1;

export type ToHolder =
  | { readonly op: 'run'; readonly order: SpawnOrder }
  | { readonly op: 'kill'; readonly ref: TaskRef; readonly graceMs: number }
  | { readonly op: 'forget'; readonly ref: TaskRef }
  | { readonly op: 'shut-down' };

export type FromHolder =
  | {
      readonly op: 'hello';
      readonly version: number;
      readonly pid: number;
      readonly tasks: readonly HeldTask[];
    }
  | { readonly op: 'started'; readonly ref: TaskRef; readonly pid: number }
  | { readonly op: 'ended'; readonly ref: TaskRef; readonly outcome: Outcome };

/** One `hello` of 20,000 tasks takes about 4 MiB. */
const FRAME_LIMIT_BYTES = 32 << 20;

export function encodeMessage(message: ToHolder | FromHolder): Buffer {
  const text = JSON.stringify(message);
  const size = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(4 + size);
  frame.writeUInt32LE(size, 0);
  frame.write(text, 4, 'utf8');
  return frame;
}

/** Cuts a byte stream into messages. The two ends are of one program, so their shape is not checked again. */
export class MessageReader<T extends ToHolder | FromHolder> {
  private chunks: Buffer[] = [];
  private heldBytes = 0;
  private neededBytes = 4;

  /** Throws MALFORMED on an oversized frame or broken JSON: the connection is of no use then. */
  push(chunk: Buffer, onMessage: (message: T) => void): void {
    this.chunks.push(chunk);
    this.heldBytes += chunk.length;
    if (this.heldBytes < this.neededBytes) return;
    const whole = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    const used = this.readAll(whole, onMessage);
    this.chunks = used === whole.length ? [] : [whole.subarray(used)];
    this.heldBytes = whole.length - used;
  }

  private readAll(whole: Buffer, onMessage: (message: T) => void): number {
    let at = 0;
    this.neededBytes = 4;
    while (whole.length - at >= 4) {
      const size = whole.readUInt32LE(at);
      if (size > FRAME_LIMIT_BYTES)
        throw new TepuiError('TOO_LARGE', `frame of ${size} bytes between agent and holder`);
      if (whole.length - at < 4 + size) {
        this.neededBytes = 4 + size;
        break;
      }
      onMessage(parse(whole.toString('utf8', at + 4, at + 4 + size)) as T);
      at += 4 + size;
    }
    return at;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TepuiError('MALFORMED', 'a frame between agent and holder is not JSON', { cause });
  }
}
