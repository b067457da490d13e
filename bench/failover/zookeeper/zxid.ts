/** How many numbers the upper half counts by. */
const EPOCH = 2 ** 32;

/** The number of the leader's reign: the upper half of a transaction number. */
export function epochOf(zxid: number): number {
  return Math.floor(zxid / EPOCH);
}

/** How many transactions of its epoch had come before or are this one: the lower half. */
export function counterOf(zxid: number): number {
  return zxid % EPOCH;
}
