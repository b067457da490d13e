import type { HistoryEvent } from '../../history/history.js';
import type { WireRecord } from '../../history/wire.js';

/** In the order in which they came. */
export type Timed = { readonly ns: number } & WireRecord;

export function wireRecords(events: readonly HistoryEvent[]): Timed[] {
  return events.flatMap((event) => (event.type === 'wire' ? [{ ns: event.ns, ...event.record }] : []));
}

export type TimedReply = Extract<Timed, { wire: 'reply' }>;

export function grouped<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** Seconds into the history. */
export function at(ns: number): string {
  return `${(ns / 1e9).toFixed(3)} s`;
}
