import type { FaultWindow } from '../faults/nemesis.js';
import type { HistoryEvent } from '../history/history.js';

export interface Rates {
  readonly ok: number;
  readonly unknown: number;
  readonly refused: number;
  /** Acknowledged operations per second while no fault was in force; 0 if there was no such time. */
  readonly quietPerSecond: number;
  /** The share of the run without a fault in force. */
  readonly quietShare: number;
  /** The longest time without any acknowledgement. */
  readonly longestGapMs: number;
  /** Faults in force in that time, by number and kind. */
  readonly longestGapDuring: readonly string[];
}

/** What the clients of registers and frameworks got done between two moments. */
export function ratesOf(
  events: readonly HistoryEvent[],
  windows: readonly Pick<FaultWindow, 'number' | 'kind' | 'beginNs' | 'endNs'>[],
  fromNs: number,
  toNs: number,
): Rates {
  const within = events.filter(({ ns }) => ns >= fromNs && ns <= toNs);
  const count = (type: HistoryEvent['type']) => within.filter((event) => event.type === type).length;
  const acknowledged = within.filter(({ type }) => type === 'ok').map(({ ns }) => ns);
  const quietNs = lengthOfQuiet(windows, fromNs, toNs);
  const gap = longestGap([fromNs, ...acknowledged, toNs]);
  const during = windows.filter(({ beginNs, endNs }) => beginNs < gap.toNs && endNs > gap.fromNs);
  return {
    ok: acknowledged.length,
    unknown: count('info'),
    refused: count('fail'),
    quietPerSecond: quietPerSecond(acknowledged, windows, fromNs, toNs),
    quietShare: quietNs / Math.max(1, toNs - fromNs),
    longestGapMs: (gap.toNs - gap.fromNs) / 1e6,
    longestGapDuring: during.map(({ number, kind }) => `${number} ${kind}`),
  };
}

/** How many of the moments were outside the windows, per second of such time; 0 if there was none. */
export function quietPerSecond(
  moments: readonly number[],
  windows: readonly Pick<FaultWindow, 'beginNs' | 'endNs'>[],
  fromNs: number,
  toNs: number,
): number {
  const quietNs = lengthOfQuiet(windows, fromNs, toNs);
  const quiet = moments.filter((ns) => {
    return ns >= fromNs && ns <= toNs && !windows.some(({ beginNs, endNs }) => ns > beginNs && ns < endNs);
  });
  return quietNs === 0 ? 0 : quiet.length / (quietNs / 1e9);
}

function lengthOfQuiet(
  windows: readonly Pick<FaultWindow, 'beginNs' | 'endNs'>[],
  fromNs: number,
  toNs: number,
): number {
  return Math.max(0, toNs - fromNs - lengthOfUnion(windows));
}

/** Windows may overlap. */
function lengthOfUnion(windows: readonly Pick<FaultWindow, 'beginNs' | 'endNs'>[]): number {
  let [total, reachedNs] = [0, 0];
  for (const { beginNs, endNs } of [...windows].sort((a, b) => a.beginNs - b.beginNs)) {
    total += Math.max(0, endNs - Math.max(beginNs, reachedNs));
    reachedNs = Math.max(reachedNs, endNs);
  }
  return total;
}

function longestGap(moments: readonly number[]): { readonly fromNs: number; readonly toNs: number } {
  let longest = { fromNs: moments[0]!, toNs: moments[0]! };
  for (let i = 1; i < moments.length; i++) {
    const [fromNs, toNs] = [moments[i - 1]!, moments[i]!];
    if (toNs - fromNs > longest.toNs - longest.fromNs) longest = { fromNs, toNs };
  }
  return longest;
}
