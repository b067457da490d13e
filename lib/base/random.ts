import type { Random } from './ports.js';

/** A seeded generator (xoshiro128**, Blackman and Vigna 2018) for simulation, tests and jitter. */
export class SeededRandom implements Random {
  private readonly state: Uint32Array = new Uint32Array(4);

  constructor(seed: number) {
    // splitmix32 spreads a small seed over the whole state, which must not be all zero.
    let z = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e3779b9) >>> 0;
      let x = z;
      x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
      x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
      this.state[i] = (x ^ (x >>> 16)) >>> 0;
    }
  }

  uint32(): number {
    const s = this.state;
    const s1 = s[1]!;
    const x = Math.imul(s1, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    const last = s[3]!;
    s[3] = (last << 11) | (last >>> 21);
    return result;
  }

  /** An independent stream: drawing from it does not shift this one's later values. */
  split(): SeededRandom {
    return new SeededRandom(this.uint32());
  }
}

/** A uniform integer in [0, bound). `bound` is at most 2^32. */
export function below(random: Random, bound: number): number {
  return Math.floor((random.uint32() / 0x1_0000_0000) * bound);
}

/** A uniform integer in [low, high]. */
export function between(random: Random, low: number, high: number): number {
  return low + below(random, high - low + 1);
}

/** True with probability `p` (0 to 1). */
export function chance(random: Random, p: number): boolean {
  return random.uint32() / 0x1_0000_0000 < p;
}

/** One element, uniformly. The list must not be empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)]!;
}

/** `bytes` random bytes as lower-case hexadecimal. */
export function randomHex(random: Random, bytes: number): string {
  let text = '';
  while (text.length < bytes * 2) text += random.uint32().toString(16).padStart(8, '0');
  return text.slice(0, bytes * 2);
}
