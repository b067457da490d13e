import type { FaultWindow } from '../faults/nemesis.js';
import type { HistoryEvent } from '../history/history.js';
import { operationsOf, type Operation } from '../history/operations.js';
import { checkRealTime, replayByIndex } from './index-order.js';
import { checkRegister } from './linearizability.js';
import type { Register } from './register.js';
import { judgeTasks, type Traces } from './tasks.js';
import { judgeLock } from './zookeeper/locks.js';
import { judgeNodes } from './zookeeper/nodes.js';
import { judgeOrder } from './zookeeper/order.js';
import { wireRecords } from './zookeeper/records.js';
import { judgeSessions, type CutWindow } from './zookeeper/sessions.js';
import { judgeWatches } from './zookeeper/watches.js';

export interface Judgement {
  /** What no correct cluster can bring about. */
  readonly violations: readonly string[];
  /** What could not be judged. */
  readonly undecided: readonly string[];
}

/** Nodes that were used through one door; indexes of one are no zxids of the other. */
export type Initial = ReadonlyMap<string, Register>;

/** Judges a whole history. Each of `doors` says what its registers held before it began. */
export function judge(
  events: readonly HistoryEvent[],
  doors: readonly Initial[],
  tracesOf: (task: string) => Traces,
  windows: readonly FaultWindow[],
): Judgement {
  const violations: string[] = [];
  const undecided: string[] = [];
  const operations = operationsOf(events);
  for (const initial of doors) {
    const own = operations.filter(({ key }) => initial.has(key));
    for (const [key, register] of initial) {
      const found = judgeKey(
        key,
        own.filter((operation) => operation.key === key),
        register,
      );
      violations.push(...found.violations);
      undecided.push(...found.undecided);
    }
    violations.push(...checkRealTime(own).map((problem) => `real time: ${problem}`));
  }
  violations.push(...judgeTasks(events, tracesOf), ...judgeWire(events, windows));
  return { violations, undecided };
}

function judgeKey(key: string, operations: readonly Operation[], register: Register): Judgement {
  if (operations.length === 0) return { violations: [], undecided: [] };
  const violations: string[] = [];
  const verdict = checkRegister(operations, register);
  if (verdict.kind === 'violation') violations.push(`${key} is not linearizable: ${verdict.explanation}`);
  // A node that comes and goes has many versions of one number.
  const lasting = operations.every(({ action }) => action.f !== 'create' && action.f !== 'delete');
  if (lasting) {
    violations.push(...replayByIndex(operations, register).map((problem) => `${key} by index: ${problem}`));
  }
  const undecided = verdict.kind === 'undecided' ? [`${key}: no verdict after ${verdict.steps} steps`] : [];
  return { violations, undecided };
}

/** What came over the connections of ZooKeeper clients. */
function judgeWire(events: readonly HistoryEvent[], windows: readonly FaultWindow[]): string[] {
  const records = wireRecords(events);
  const named = (name: string, problems: readonly string[]) => problems.map((one) => `${name}: ${one}`);
  return [
    ...named('order', judgeOrder(records)),
    ...named('nodes', judgeNodes(events)),
    ...named('sessions', judgeSessions(records, cutsOf(windows))),
    ...named('lock', judgeLock(records)),
    ...named('watches', judgeWatches(records)),
  ];
}

/** Faults that leave a master running, and no other can hear it or be heard. */
function cutsOf(windows: readonly FaultWindow[]): CutWindow[] {
  return windows.flatMap(({ kind, victims, beginNs, endNs }) => {
    if (kind !== 'isolate-leader' && kind !== 'isolate-one') return [];
    return victims.map((member) => ({ member, beginNs, endNs }));
  });
}
