/**
 * Room in front of bytes, so that a later stage may put its header there instead of copying what may be a megabyte:
 *
 *     ├──── FRONT_BYTES ────┼──── bytes ────┤
 *              ├─ header ───┤
 *
 * Who makes the bytes owns the room in front of them, and nobody else knows of it; whoever asks for it first gets it, and
 * nobody after that. So a header is never written over another one, nor over anything that somebody reads.
 */
export const FRONT_BYTES = 64;

/** Views that have a room in front that nobody has taken. */
const untaken = new WeakSet<Uint8Array>();

/** `whole` without its first `FRONT_BYTES`, which the caller alone knows of, and gives away with this. */
export function withFront(whole: Uint8Array): Uint8Array {
  const bytes = whole.subarray(FRONT_BYTES);
  untaken.add(bytes);
  return bytes;
}

/** A copy with room in front. */
export function copyWithFront(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(FRONT_BYTES + bytes.length);
  whole.set(bytes, FRONT_BYTES);
  return withFront(whole);
}

/**
 * `size` bytes of room together with the bytes behind them, or null: these have no such room, or it was taken. The room
 * may hold anything.
 */
export function takeFront(bytes: Uint8Array, size: number): Uint8Array | null {
  if (size > FRONT_BYTES || !untaken.delete(bytes)) return null;
  return new Uint8Array(bytes.buffer, bytes.byteOffset - size, size + bytes.length);
}
