import type { FaultWindow } from '../faults/nemesis.js';
import type { HistoryEvent } from '../history/history.js';
import type { WorkloadName } from '../workloads/names.js';
import { quietPerSecond } from './rates.js';

/**
 * What a workload gets done per second outside faults, at least, of a machine that runs us all the time. With less, the
 * faults met clients at rest, and the run says nothing. Tasks are launched as offers come: they are told, not judged.
 */
export const LEAST_PACES: Readonly<Record<WorkloadName, number>> = {
  registers: 20,
  tasks: 0,
  tree: 10,
  session: 2,
  lock: 0.2,
  watch: 3,
};

type Window = Pick<FaultWindow, 'beginNs' | 'endNs'>;

/** Acknowledged operations, answers to sessions, holders of the lock, events of watches: by workload, per second. */
export function pacesOf(
  events: readonly HistoryEvent[],
  workloads: readonly WorkloadName[],
  windows: readonly Window[],
  fromNs: number,
  toNs: number,
): Partial<Record<WorkloadName, number>> {
  const workloadOf = new Map<number, WorkloadName>();
  const moments = new Map<WorkloadName, number[]>(workloads.map((name) => [name, []]));
  for (const event of events) {
    if (event.type === 'invoke') workloadOf.set(event.id, ofProcess(event));
    const name = progressOf(event, workloadOf);
    if (name !== null) moments.get(name)?.push(event.ns);
  }
  const paces: Partial<Record<WorkloadName, number>> = {};
  for (const [name, ns] of moments) paces[name] = quietPerSecond(ns, windows, fromNs, toNs);
  return paces;
}

function ofProcess({ f, process }: Extract<HistoryEvent, { type: 'invoke' }>): WorkloadName {
  if (f === 'launch') return 'tasks';
  return process.startsWith('tree-') ? 'tree' : 'registers';
}

function progressOf(event: HistoryEvent, workloadOf: ReadonlyMap<number, WorkloadName>): WorkloadName | null {
  if (event.type === 'ok') return workloadOf.get(event.id) ?? null;
  if (event.type !== 'wire') return null;
  const { wire, client } = event.record;
  if (wire === 'hold') return 'lock';
  if (wire === 'reply' && client.startsWith('session-')) return 'session';
  const watches = client.startsWith('one-shot-') || client.startsWith('recursive-');
  return wire === 'event' && watches ? 'watch' : null;
}
