import { MalformedError } from '../base/index.js';
import type { DurationInfo, TimeInfo } from './mesos/base.js';

const NANOSECONDS_PER_MS = 1_000_000n;

/** Whole milliseconds of a Mesos time or duration, rounded towards zero. */
export function millisecondsOf(info: TimeInfo | DurationInfo): number {
  if (!/^-?\d{1,19}$/.test(info.nanoseconds)) {
    throw new MalformedError(`not a number of nanoseconds: ${info.nanoseconds}`);
  }
  return Number(BigInt(info.nanoseconds) / NANOSECONDS_PER_MS);
}

/** A Mesos time (milliseconds since the Unix epoch) or duration; fractions of a millisecond are kept to 1 µs. */
export function nanosecondsOf(ms: number): { readonly nanoseconds: string } {
  return { nanoseconds: (BigInt(Math.round(ms * 1000)) * 1000n).toString() };
}
