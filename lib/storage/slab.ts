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
      this.buffer = new Uint8Array(SLAB_BYTES);
      this.used = 0;
    }
    const piece = this.buffer.subarray(this.used, this.used + size);
    this.used += size;
    return piece;
  }
}
