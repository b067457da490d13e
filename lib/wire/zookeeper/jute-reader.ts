import { MalformedError } from '../../base/index.js';

const POW32 = 0x1_0000_0000;
const HEX_DIGITS = 16;

/**
 * Reads values in ZooKeeper's encoding (jute): big-endian integers, and byte strings, texts and vectors that begin
 * with their length in four bytes, -1 for null. Bytes are views into the input. Throws `MalformedError` when the
 * input ends early or a length cannot be.
 */
export class JuteReader {
  private readonly bytes: Buffer;
  private at: number;

  constructor(bytes: Buffer, at: number = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  int(): number {
    const at = this.skip(4);
    return this.bytes.readInt32BE(at);
  }

  /** Exact below 2^53, which holds for revisions and times; what a client makes up may come out rounded. */
  long(): number {
    const at = this.skip(8);
    return this.bytes.readInt32BE(at) * POW32 + this.bytes.readUInt32BE(at + 4);
  }

  /** A 64-bit id as 16 hexadecimal digits. */
  hexLong(): string {
    const at = this.skip(8);
    const high = this.bytes
      .readUInt32BE(at)
      .toString(16)
      .padStart(HEX_DIGITS / 2, '0');
    const low = this.bytes
      .readUInt32BE(at + 4)
      .toString(16)
      .padStart(HEX_DIGITS / 2, '0');
    return high + low;
  }

  boolean(): boolean {
    return this.bytes[this.skip(1)] !== 0;
  }

  /** A view, or null. */
  buffer(): Uint8Array | null {
    const length = this.int();
    if (length === -1) return null;
    const at = this.skip(this.checked(length));
    return this.bytes.subarray(at, at + length);
  }

  /** Text is decoded leniently: what is not UTF-8 comes out as U+FFFD, which no path may hold. */
  text(): string | null {
    const length = this.int();
    if (length === -1) return null;
    const at = this.skip(this.checked(length));
    return this.bytes.toString('utf8', at, at + length);
  }

  /** A text that must not be null. */
  requiredText(what: string): string {
    const text = this.text();
    if (text === null) throw new MalformedError(`${what} is null`);
    return text;
  }

  /** Null is an empty list. An item takes at least `itemBytes`, so a length that the input cannot hold is refused. */
  vector<T>(itemBytes: number, item: (r: JuteReader) => T): T[] {
    const count = this.int();
    if (count === -1) return [];
    if (count < 0 || count * itemBytes > this.remaining) {
      throw new MalformedError(`a list of ${count} in ${this.remaining} bytes`);
    }
    const list: T[] = [];
    for (let i = 0; i < count; i++) list.push(item(this));
    return list;
  }

  private checked(length: number): number {
    if (length < 0) throw new MalformedError(`a length of ${length}`);
    return length;
  }

  /** Moves past `count` bytes; returns where they begin. */
  private skip(count: number): number {
    const { at } = this;
    if (count > this.bytes.length - at) {
      throw new MalformedError(`${count} bytes at ${at} of ${this.bytes.length}`);
    }
    this.at = at + count;
    return at;
  }
}
