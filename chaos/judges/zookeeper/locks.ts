import { at, type Timed } from './records.js';

interface Hold {
  readonly client: string;
  readonly session: string;
  readonly fence: number;
  readonly beginNs: number;
  readonly endNs: number;
}

/**
 * Of all holders, as they knew themselves: no two at once, and what they did to the guarded thing carries numbers that
 * never fall. Returns what does not fit.
 */
export function judgeLock(records: readonly Timed[]): string[] {
  return [...judgeHolds(holdsOf(records)), ...judgeFences(records)];
}

export function holdsOf(records: readonly Timed[]): Hold[] {
  const begun = new Map<string, Omit<Hold, 'endNs'>>();
  const holds: Hold[] = [];
  for (const record of records) {
    const { client, session, ns } = record;
    if (record.wire === 'hold') begun.set(client, { client, session, fence: record.fence, beginNs: ns });
    if (record.wire !== 'release') continue;
    const hold = begun.get(client);
    if (hold !== undefined) holds.push({ ...hold, endNs: record.untilNs });
    begun.delete(client);
  }
  // Whoever held it when the record ends held it until then.
  for (const hold of begun.values()) holds.push({ ...hold, endNs: Infinity });
  return holds.sort((a, b) => a.beginNs - b.beginNs);
}

function judgeHolds(holds: readonly Hold[]): string[] {
  const problems: string[] = [];
  let last: Hold | null = null;
  for (const hold of holds) {
    if (last !== null && hold.beginNs < last.endNs) {
      problems.push(`${tell(hold)} had the lock while ${tell(last)} had it`);
    }
    if (last !== null && hold.fence <= last.fence) {
      problems.push(`${tell(hold)} has no higher number than ${tell(last)} before`);
    }
    if (last === null || hold.endNs > last.endNs) last = hold;
  }
  return problems;
}

function judgeFences(records: readonly Timed[]): string[] {
  const problems: string[] = [];
  let highest = 0;
  for (const record of records) {
    if (record.wire !== 'fence') continue;
    const { fence, client, ns } = record;
    if (fence < highest) problems.push(`${client} wrote with number ${fence} at ${at(ns)}, after ${highest}`);
    highest = Math.max(highest, fence);
  }
  return problems;
}

function tell({ client, fence, beginNs, endNs }: Hold): string {
  const until = endNs === Infinity ? 'for good' : `until ${at(endNs)}`;
  return `${client} (number ${fence}, from ${at(beginNs)} ${until})`;
}
