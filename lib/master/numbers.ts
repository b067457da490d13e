import { assert } from '../base/index.js';
import type { Replica } from '../replica/types.js';

/** Calls to the leader, by number. Append only: members of two releases may talk to each other. */
export const CALL_METHODS: { readonly accept: 1; readonly decline: 2; readonly explainOffers: 3 } = {
  accept: 1,
  decline: 2,
  explainOffers: 3,
};

/** Soft news from the leader, by number. Append only. */
export const PUSH_TOPICS: { readonly offers: 1; readonly rescind: 2; readonly offersVoid: 3 } = {
  offers: 1,
  rescind: 2,
  /** All offers of a term and before that the member was given so far are void. */
  offersVoid: 3,
};

const STREAMS_PER_BOOT = 2 ** 32;
const LARGEST_BOOT = 2 ** 20;

/** In which life of its member a stream was accepted. */
export function bootOfStream(stream: number): number {
  return Math.floor(stream / STREAMS_PER_BOOT);
}

/**
 * Numbers for the streams that a member accepts, never used twice by one data folder: `Connection.stream` must
 * tell a stream from one that the same member held before it was restarted.
 */
export class StreamNumbers {
  private readonly replica: Replica;
  private boot: number | null = null;
  private count = 0;

  constructor(replica: Replica) {
    this.replica = replica;
  }

  next(): number {
    this.boot ??= this.replica.status().self.boot;
    assert(this.boot < LARGEST_BOOT, () => `boot ${this.boot}: stream numbers would not be exact`);
    return this.boot * STREAMS_PER_BOOT + ++this.count;
  }
}
