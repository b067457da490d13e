import type { Register } from './linearizability.js';

/** Which operations have been put in order: a bit each. */
export class LinearizedSet {
  private readonly words: Uint32Array;

  constructor(count: number) {
    this.words = new Uint32Array(Math.ceil(count / 32));
  }

  add(number: number): void {
    this.words[number >>> 5]! |= 1 << (number & 31);
  }

  delete(number: number): void {
    this.words[number >>> 5]! &= ~(1 << (number & 31));
  }

  /** A copy of the bits with one more set. */
  with(number: number): Uint32Array {
    const copy = this.words.slice();
    copy[number >>> 5]! |= 1 << (number & 31);
    return copy;
  }
}

/** The pairs of set and state that the search has been in: coming there again leads nowhere new. */
export class SeenStates {
  private readonly byKey: Map<string, Uint32Array[]> = new Map();

  /** False if the pair was there already. */
  add(words: Uint32Array, { value, version }: Register): boolean {
    const key = `${hash(words)} ${version} ${value}`;
    const same = this.byKey.get(key);
    if (same === undefined) {
      this.byKey.set(key, [words]);
      return true;
    }
    if (same.some((other) => equal(other, words))) return false;
    same.push(words);
    return true;
  }
}

function hash(words: Uint32Array): number {
  let sum = 0x811c9dc5;
  for (const word of words) sum = Math.imul(sum ^ word ^ (word >>> 15), 0x01000193);
  return sum >>> 0;
}

function equal(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
