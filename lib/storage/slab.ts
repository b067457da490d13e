/** Buffers double up to the larger size: the cuts of a quiet group are small. */
const FIRST_BYTES = 4 << 10;
const SLAB_BYTES = 256 << 10;

/**
 * Hands out pieces of larger buffers. A cut encodes hundreds of thousands of small records at once; a buffer of
 * its own for each would cost the garbage collector more than the encoding costs.
 */
export class Slab {
  private buffer: Uint8Array = new Uint8Array(0);
  private used = 0;

  /** `size` zero bytes that nobody else writes to. */
  take(size: number): Uint8Array {
    if (size > SLAB_BYTES / 4) return new Uint8Array(size);
    if (this.used + size > this.buffer.length) {
      const next = Math.min(SLAB_BYTES, Math.max(FIRST_BYTES, this.buffer.length * 2));
      this.buffer = new Uint8Array(Math.max(next, size));
      this.used = 0;
    }
    const piece = this.buffer.subarray(this.used, this.used + size);
    this.used += size;
    return piece;
  }
}
