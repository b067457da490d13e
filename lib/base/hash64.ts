/**
 * A fast 64-bit hash as two unsigned 32-bit halves, for state digests. It is not cryptographic: it guards
 * against divergence and damage, not against an adversary.
 */
export interface Hash64 {
  high: number;
  low: number;
}

function rotl(x: number, r: number): number {
  return (x << r) | (x >>> (32 - r));
}

function finalMix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hashes `bytes[from, to)` into `out`; `seed` keeps equal bytes in different roles apart. */
export function hash64(
  out: Hash64,
  bytes: Uint8Array,
  seed: number = 0,
  from: number = 0,
  to: number = bytes.length,
): void {
  let a = seed ^ 0x9e3779b9;
  let b = ~seed ^ 0x7f4a7c15;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    a = Math.imul(rotl(a ^ Math.imul(word, 0xcc9e2d51), 15), 5) + 0x6b64 + b;
    b = Math.imul(rotl(b ^ Math.imul(word, 0x1b873593), 13), 5) + 0x3a17 + a;
  }
  let tail = 0;
  for (let shift = 0; i < to; i++, shift += 8) tail |= bytes[i]! << shift;
  a ^= Math.imul(tail, 0xcc9e2d51) ^ (to - from);
  b ^= Math.imul(rotl(tail, 16), 0x1b873593) ^ (to - from);
  out.high = finalMix(a + rotl(b, 7));
  out.low = finalMix(b ^ rotl(a, 11));
}
