/**
 * Memory of tables comes in pieces of some KiB and stays for as long as the process. Taken one by one, pieces would lie
 * between all the short-lived memory of a load or of many writes, and keep the allocator from giving any of that back.
 * So they are cut from blocks, as large as the system's allocator maps one by one: glibc takes smaller ones from its heap
 * once a few were freed (M_MMAP_THRESHOLD of mallopt(3): 32 MiB at most). What of a block was not touched is no memory.
 */
const BLOCK_BYTES = 32 << 20;

let block: ArrayBuffer = new ArrayBuffer(0);
let used = 0;

/** Zeroes. `size` is a multiple of 8. */
function take(size: number): number {
  if (block.byteLength - used < size) {
    block = new ArrayBuffer(Math.max(BLOCK_BYTES, size));
    used = 0;
  }
  const at = used;
  used += size;
  return at;
}

export function pageOfBytes(count: number): Uint8Array {
  const at = take(count);
  return new Uint8Array(block, at, count);
}

export function pageOfWords(count: number): Uint32Array {
  const at = take(4 * count);
  return new Uint32Array(block, at, count);
}

export function pageOfFloats(count: number): Float64Array {
  const at = take(8 * count);
  return new Float64Array(block, at, count);
}
