/** Where pieces of memory come from. */
export interface Memory {
  /** `size` bytes that nobody else writes to for now. */
  take(size: number): Uint8Array;
}

/** Buffers double up to the larger size: the cuts of a quiet group are small. */
const FIRST_BYTES = 4 << 10;
const SLAB_BYTES = 256 << 10;

/**
 * Hands out pieces of larger buffers. A cut encodes hundreds of thousands of small records at once; a buffer of
 * its own for each would cost the garbage collector more than the encoding costs.
 */
export class Slab implements Memory {
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

/** The same memory again and again: each piece is good until `reset`. */
export class Scratch implements Memory {
  private buffer: Uint8Array = new Uint8Array(FIRST_BYTES);
  private used = 0;

  reset(): void {
    this.used = 0;
  }

  /** Of any contents. */
  take(size: number): Uint8Array {
    if (this.used + size > this.buffer.length) {
      this.buffer = new Uint8Array(Math.max(this.buffer.length * 2, size));
      this.used = 0;
    }
    const piece = this.buffer.subarray(this.used, this.used + size);
    this.used += size;
    return piece;
  }
}
