/** Where the keys themselves are: the index keeps row numbers only. */
export interface KeyOwner {
  keyHash(row: number): number;
  keyEquals(row: number, key: Uint8Array, from: number, to: number): boolean;
}

const SHARD_BITS = 8;
const FIRST_SLOTS = 16;
/** Shared by all shards without a key: one slot, which stays empty. Most tables of a small group hold few keys. */
const NO_KEYS: Int32Array = new Int32Array(1);
/** Shared by all tables without a key. */
const EMPTY: Int32Array[] = Array.from({ length: 1 << SHARD_BITS }, () => NO_KEYS);

/** A 32-bit hash of a key; only this process sees it, and no order ever follows from it. */
export function hashKey(key: Uint8Array, from: number, to: number): number {
  let h = 0x811c9dc5;
  for (let i = from; i < to; i++) h = Math.imul(h ^ key[i]!, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * From key to row: 256 shards by the top bits of the hash, each an open-addressed array of row + 1 (0 is
 * empty), so that growing never rehashes more than one shard (64 Ki keys at 16 million records).
 */
export class KeyIndex {
  private readonly owner: KeyOwner;
  private shards: Int32Array[] = EMPTY;
  private readonly counts: Int32Array = new Int32Array(1 << SHARD_BITS);

  constructor(owner: KeyOwner) {
    this.owner = owner;
  }

  /** The row of the key, or -1. */
  find(hash: number, key: Uint8Array, from: number, to: number): number {
    const shard = this.shards[hash >>> (32 - SHARD_BITS)]!;
    const mask = shard.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = shard[slot]! - 1;
      if (row < 0) return -1;
      if (this.owner.keyHash(row) === hash && this.owner.keyEquals(row, key, from, to)) return row;
    }
  }

  /** Adds a row whose key is not in the index. */
  add(hash: number, row: number): void {
    if (this.shards === EMPTY) this.shards = EMPTY.slice();
    const number = hash >>> (32 - SHARD_BITS);
    this.counts[number]!++;
    if (this.counts[number]! * 4 > this.shards[number]!.length * 3) this.growShard(number);
    place(this.shards[number]!, hash, row);
  }

  remove(hash: number, row: number): void {
    const number = hash >>> (32 - SHARD_BITS);
    const shard = this.shards[number]!;
    const mask = shard.length - 1;
    let hole = hash & mask;
    while (shard[hole] !== row + 1) hole = (hole + 1) & mask;
    this.counts[number]!--;
    this.closeHole(shard, hole);
  }

  /** Moves later rows of the probe chain back, so that no marker for deleted slots is needed. */
  private closeHole(shard: Int32Array, hole: number): void {
    const mask = shard.length - 1;
    for (let slot = (hole + 1) & mask; shard[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.owner.keyHash(shard[slot]! - 1) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        shard[hole] = shard[slot]!;
        hole = slot;
      }
    }
    shard[hole] = 0;
  }

  private growShard(number: number): void {
    const old = this.shards[number]!;
    const larger = new Int32Array(Math.max(FIRST_SLOTS, old.length * 2));
    for (const entry of old) if (entry !== 0) place(larger, this.owner.keyHash(entry - 1), entry - 1);
    this.shards[number] = larger;
  }
}

function place(shard: Int32Array, hash: number, row: number): void {
  const mask = shard.length - 1;
  let slot = hash & mask;
  while (shard[slot] !== 0) slot = (slot + 1) & mask;
  shard[slot] = row + 1;
}
