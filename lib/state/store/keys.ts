import { utf8Encode } from '../../base/index.js';

/** Builds keys in one reused buffer: read `bytes[0, length)` before the next `start`. */
export class KeyBuffer {
  bytes: Uint8Array = new Uint8Array(8192);
  length = 0;

  start(): this {
    this.length = 0;
    return this;
  }

  /** The text as UTF-8, without a length. */
  text(text: string): this {
    this.reserve(text.length);
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c >= 0x80) return this.raw(utf8Encode(text));
      this.bytes[at++] = c;
    }
    this.length = at;
    return this;
  }

  /** Length in two bytes, then the text: for all parts of a key but the last. */
  part(text: string): this {
    const at = this.length;
    this.reserve(2);
    this.length += 2;
    this.text(text);
    const size = this.length - at - 2;
    this.bytes[at] = size >>> 8;
    this.bytes[at + 1] = size & 0xff;
    return this;
  }

  /** Eight bytes, most significant first: keys sort as the numbers do. */
  uint(value: number): this {
    this.reserve(8);
    const high = Math.floor(value / 0x1_0000_0000);
    const low = value >>> 0;
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.length++] = high >>> shift;
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.length++] = low >>> shift;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  private reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + size));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
