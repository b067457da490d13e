import { assert } from './assert.js';

/** Thrown by `ByteReader` when input ends early or holds a value out of range. Doors turn it into MALFORMED. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

const POW32 = 0x1_0000_0000;

/** UTF-8 length of `text` in bytes. Lone surrogates count as U+FFFD (3 bytes). */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x80) bytes += 1;
    else if (c < 0x800) bytes += 2;
    else if (c >= 0xd800 && c < 0xdc00 && isLowSurrogate(text, i + 1)) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

function isLowSurrogate(text: string, i: number): boolean {
  const c = i < text.length ? text.charCodeAt(i) : 0;
  return c >= 0xdc00 && c < 0xe000;
}

/** Writes `text` as UTF-8 at `at`; the caller has made room. Returns the offset after it. */
function writeUtf8(target: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x80) target[at++] = c;
    else at = writeWide(target, at, c, isLowSurrogate(text, i + 1) ? text.charCodeAt(i + 1) : 0);
    if (c >= 0xd800 && c < 0xdc00 && isLowSurrogate(text, i + 1)) i++;
  }
  return at;
}

function writeWide(target: Uint8Array, at: number, c: number, low: number): number {
  if (c < 0x800) {
    target[at++] = 0xc0 | (c >> 6);
    target[at++] = 0x80 | (c & 0x3f);
    return at;
  }
  const lone = c >= 0xd800 && c < 0xe000;
  if (lone && c < 0xdc00 && low !== 0) {
    const point = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    target[at++] = 0xf0 | (point >> 18);
    target[at++] = 0x80 | ((point >> 12) & 0x3f);
    target[at++] = 0x80 | ((point >> 6) & 0x3f);
    target[at++] = 0x80 | (point & 0x3f);
    return at;
  }
  const point = lone ? 0xfffd : c;
  target[at++] = 0xe0 | (point >> 12);
  target[at++] = 0x80 | ((point >> 6) & 0x3f);
  target[at++] = 0x80 | (point & 0x3f);
  return at;
}

export function utf8Encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  writeUtf8(bytes, 0, text);
  return bytes;
}

/** Decodes UTF-8; malformed sequences throw `MalformedError`. */
export function utf8Decode(bytes: Uint8Array, from: number = 0, to: number = bytes.length): string {
  let text = '';
  let i = from;
  // Nearly all text is ASCII: eight letters at once make a fraction of the strings that one by one would.
  while (i + 8 <= to && isAscii8(bytes, i)) {
    text += String.fromCharCode(
      bytes[i]!,
      bytes[i + 1]!,
      bytes[i + 2]!,
      bytes[i + 3]!,
      bytes[i + 4]!,
      bytes[i + 5]!,
      bytes[i + 6]!,
      bytes[i + 7]!,
    );
    i += 8;
  }
  while (i < to) {
    const b = bytes[i]!;
    if (b < 0x80) {
      text += String.fromCharCode(b);
      i++;
      continue;
    }
    const extra = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : 1;
    if (b < 0xc2 || b > 0xf4 || i + extra >= to) throw new MalformedError(`bad UTF-8 at byte ${i - from}`);
    let point = b & (0x3f >> extra);
    for (let k = 1; k <= extra; k++) {
      const next = bytes[i + k]!;
      if ((next & 0xc0) !== 0x80) throw new MalformedError(`bad UTF-8 at byte ${i + k - from}`);
      point = (point << 6) | (next & 0x3f);
    }
    if (!isScalar(point, extra)) throw new MalformedError(`bad UTF-8 at byte ${i - from}`);
    text += String.fromCodePoint(point);
    i += extra + 1;
  }
  return text;
}

function isAscii8(b: Uint8Array, i: number): boolean {
  const low = b[i]! | b[i + 1]! | b[i + 2]! | b[i + 3]!;
  return (low | b[i + 4]! | b[i + 5]! | b[i + 6]! | b[i + 7]!) < 0x80;
}

/** Neither a surrogate, nor beyond Unicode, nor written in more bytes than it takes. */
function isScalar(point: number, extra: number): boolean {
  if (extra === 3) return point >= 0x10000 && point <= 0x10ffff;
  return extra === 1 || (point >= 0x800 && (point < 0xd800 || point >= 0xe000));
}

/** Lexicographic comparison of unsigned bytes: the order of LevelDB keys. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const d = a[i]! - b[i]!;
    if (d !== 0) return d;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const NO_BYTES = new Uint8Array(0);
const SHORT_BYTES = 8 << 10;
const SHARED_BYTES = 128 << 10;
let shared: Uint8Array = NO_BYTES;
let sharedAt = 0;

/**
 * Appends values to a growing buffer. Integers are little-endian varints (LEB128) unless a fixed width is
 * named; `uint` takes any safe integer ≥ 0. Reuse one writer on hot paths: `reset()` keeps its buffer.
 */
export class ByteWriter {
  private buffer: Uint8Array;
  private at = 0;

  constructor(initialBytes: number = 256) {
    this.buffer = new Uint8Array(initialBytes);
  }

  get length(): number {
    return this.at;
  }

  reset(): void {
    this.at = 0;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.at);
  }

  /**
   * A copy as well, in a larger piece of memory with others: for many small results that are over soon and all at about
   * the same time. An array buffer for each would cost more than all that is done with it.
   */
  finishShort(): Uint8Array {
    const size = this.at;
    if (size > SHORT_BYTES) return this.finish();
    if (shared.length - sharedAt < size) {
      shared = new Uint8Array(SHARED_BYTES);
      sharedAt = 0;
    }
    const copy = shared.subarray(sharedAt, sharedAt + size);
    // Letter by letter is quicker than a call up to about here.
    if (size > 64) copy.set(this.buffer.subarray(0, size));
    else for (let i = 0; i < size; i++) copy[i] = this.buffer[i]!;
    sharedAt += size;
    return copy;
  }

  /** What was written, without a copy. The writer must not be used any more. */
  give(): Uint8Array {
    const bytes = this.buffer.subarray(0, this.at);
    this.buffer = NO_BYTES;
    this.at = 0;
    return bytes;
  }

  /** What was written, without a copy: valid until the next write or reset. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.at);
  }

  /** Leaves `bytes` bytes as they are: they may hold anything. */
  skip(bytes: number): this {
    this.reserve(bytes);
    this.at += bytes;
    return this;
  }

  u8(value: number): this {
    this.reserve(1);
    this.buffer[this.at++] = value;
    return this;
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  /** Fixed 4 bytes, little-endian. */
  u32(value: number): this {
    this.reserve(4);
    const b = this.buffer;
    b[this.at++] = value;
    b[this.at++] = value >>> 8;
    b[this.at++] = value >>> 16;
    b[this.at++] = value >>> 24;
    return this;
  }

  /** A varint of a safe integer ≥ 0. */
  uint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, () => `not an unsigned safe integer: ${value}`);
    this.reserve(8);
    const b = this.buffer;
    while (value >= 0x80) {
      b[this.at++] = (value % 128) | 0x80;
      value = value < POW32 ? value >>> 7 : Math.floor(value / 128);
    }
    b[this.at++] = value;
    return this;
  }

  /** A varint of any safe integer, small magnitudes short (zigzag). */
  int(value: number): this {
    assert(Number.isSafeInteger(value) && Math.abs(value) < 2 ** 52, () => `integer out of range: ${value}`);
    return this.uint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  f64(value: number): this {
    this.reserve(8);
    new DataView(this.buffer.buffer, this.buffer.byteOffset + this.at, 8).setFloat64(0, value, true);
    this.at += 8;
    return this;
  }

  /** Bytes without a length. */
  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  /** Length as varint, then the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.uint(bytes.length).raw(bytes);
  }

  /** Length in bytes as varint, then UTF-8. */
  text(text: string): this {
    const size = utf8Length(text);
    this.uint(size);
    this.reserve(size);
    this.at = writeUtf8(this.buffer, this.at, text);
    return this;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.at + bytes));
    larger.set(this.buffer.subarray(0, this.at));
    this.buffer = larger;
  }
}

/** Reads what `ByteWriter` wrote. Every method throws `MalformedError` rather than read past the end. */
export class ByteReader {
  private readonly source: Uint8Array;
  private at: number;
  private readonly end: number;

  constructor(source: Uint8Array, from: number = 0, to: number = source.length) {
    this.source = source;
    this.at = from;
    this.end = to;
  }

  get offset(): number {
    return this.at;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  /** Throws unless everything was read: a longer message comes from a newer or a broken sender. */
  expectEnd(what: string): void {
    if (this.at !== this.end) throw new MalformedError(`${what}: ${this.end - this.at} bytes too many`);
  }

  u8(): number {
    this.need(1);
    return this.source[this.at++]!;
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) throw new MalformedError(`not a boolean: ${value}`);
    return value === 1;
  }

  u32(): number {
    this.need(4);
    const s = this.source;
    const i = this.at;
    this.at += 4;
    return (s[i]! | (s[i + 1]! << 8) | (s[i + 2]! << 16) | (s[i + 3]! << 24)) >>> 0;
  }

  uint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const b = this.u8();
      value += (b & 0x7f) * scale;
      if (b < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 128;
    }
    throw new MalformedError('varint above 2^53');
  }

  int(): number {
    const z = this.uint();
    return z % 2 === 0 ? z / 2 : -(z + 1) / 2;
  }

  f64(): number {
    this.need(8);
    const value = new DataView(this.source.buffer, this.source.byteOffset + this.at, 8).getFloat64(0, true);
    this.at += 8;
    return value;
  }

  /** Passes over the next `size` bytes: for who reads them in place, without a view. */
  skip(size: number): void {
    this.need(size);
    this.at += size;
  }

  /** A view of the next `size` bytes, not a copy. */
  raw(size: number): Uint8Array {
    this.need(size);
    const view = this.source.subarray(this.at, this.at + size);
    this.at += size;
    return view;
  }

  /** A view, not a copy: copy it before keeping it longer than its message. */
  bytes(): Uint8Array {
    return this.raw(this.uint());
  }

  text(): string {
    const size = this.uint();
    this.need(size);
    const text = utf8Decode(this.source, this.at, this.at + size);
    this.at += size;
    return text;
  }

  private need(size: number): void {
    if (size > this.end - this.at) {
      throw new MalformedError(`input ends early: ${size} bytes wanted, ${this.end - this.at} left`);
    }
  }
}
