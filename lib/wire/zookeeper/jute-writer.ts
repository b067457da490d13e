const POW32 = 0x1_0000_0000;

/**
 * Writes values in ZooKeeper's encoding (jute) into one growing buffer. Frames are opened and closed in place, so that
 * all replies of a turn leave in one piece: `begin`, the values, `end`.
 */
export class JuteWriter {
  private bytes: Buffer;
  private at = 0;

  constructor(initialBytes: number = 4096) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.at;
  }

  /** Leaves room for a frame's length; returns what `end` wants. */
  begin(): number {
    const start = this.at;
    this.reserve(4);
    this.at += 4;
    return start;
  }

  end(start: number): void {
    this.bytes.writeInt32BE(this.at - start - 4, start);
  }

  int(value: number): this {
    this.reserve(4);
    this.at = this.bytes.writeInt32BE(value | 0, this.at);
    return this;
  }

  /** `value` is an integer of at most 53 bits; negative ones as two's complement. */
  long(value: number): this {
    this.reserve(8);
    const high = Math.floor(value / POW32);
    this.at = this.bytes.writeInt32BE(high | 0, this.at);
    this.at = this.bytes.writeUInt32BE(value - high * POW32, this.at);
    return this;
  }

  /** A 64-bit id of 16 hexadecimal digits. */
  hexLong(value: string): this {
    this.reserve(8);
    this.at = this.bytes.writeUInt32BE(parseInt(value.slice(0, 8), 16), this.at);
    this.at = this.bytes.writeUInt32BE(parseInt(value.slice(8), 16), this.at);
    return this;
  }

  boolean(value: boolean): this {
    this.reserve(1);
    this.bytes[this.at++] = value ? 1 : 0;
    return this;
  }

  buffer(value: Uint8Array | null): this {
    if (value === null) return this.int(-1);
    this.int(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.at);
    this.at += value.length;
    return this;
  }

  /** `value[from, to)` as a text or a buffer; for short ones. */
  part(value: Uint8Array, from: number, to: number): this {
    const length = to - from;
    this.reserve(4 + length);
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = length >>> 24;
    bytes[at++] = length >>> 16;
    bytes[at++] = length >>> 8;
    bytes[at++] = length;
    for (let i = from; i < to; i++) bytes[at++] = value[i]!;
    this.at = at;
    return this;
  }

  text(value: string): this {
    this.reserve(4 + value.length * 3);
    const length = this.bytes.write(value, this.at + 4, 'utf8');
    this.bytes.writeInt32BE(length, this.at);
    this.at += 4 + length;
    return this;
  }

  vector<T>(list: readonly T[], item: (value: T) => void): this {
    this.int(list.length);
    for (const value of list) item(value);
    return this;
  }

  /** What was written, as a copy; the writer is empty afterwards and its room is used again. */
  take(): Buffer {
    const out = Buffer.from(this.bytes.subarray(0, this.at));
    this.at = 0;
    return out;
  }

  /** Takes back what was written since `start`. */
  rewind(start: number): void {
    this.at = start;
  }

  private reserve(count: number): void {
    const needed = this.at + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, needed));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
