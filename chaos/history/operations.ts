import type { HistoryEvent, LaunchedTask, RegisterAction, RegisterResult } from './history.js';

/** How an operation on a register ended, as far as its client knows. */
export type Outcome =
  | ({ readonly kind: 'ok' } & RegisterResult)
  /** Answered: the version was not the expected one. */
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'unknown' };

export interface Operation {
  readonly id: number;
  readonly process: string;
  readonly key: string;
  readonly action: RegisterAction;
  readonly invokeNs: number;
  /** Infinity while unknown: it may take effect at any later time. */
  readonly returnNs: number;
  readonly outcome: Outcome;
}

export interface Launch {
  readonly id: number;
  readonly process: string;
  readonly tasks: readonly LaunchedTask[];
  readonly outcome: 'accepted' | 'refused' | 'unknown';
}

type Ending = Extract<HistoryEvent, { type: 'ok' | 'fail' | 'info' }>;

function endings(events: readonly HistoryEvent[]): Map<number, Ending> {
  const ends = new Map<number, Ending>();
  for (const event of events) {
    if (event.type === 'ok' || event.type === 'fail' || event.type === 'info') ends.set(event.id, event);
  }
  return ends;
}

/** Operations on registers, without those that surely did nothing and reads that were not answered. */
export function operationsOf(events: readonly HistoryEvent[]): Operation[] {
  const ends = endings(events);
  const operations: Operation[] = [];
  for (const event of events) {
    if (event.type !== 'invoke' || event.f === 'launch') continue;
    const end = ends.get(event.id);
    const outcome = outcomeOf(event, end);
    if (outcome === null) continue;
    operations.push({
      id: event.id,
      process: event.process,
      key: event.key,
      action: event,
      invokeNs: event.ns,
      returnNs: outcome.kind === 'unknown' || end === undefined ? Infinity : end.ns,
      outcome,
    });
  }
  return operations;
}

function outcomeOf(action: RegisterAction, end: Ending | undefined): Outcome | null {
  if (end?.type === 'ok') {
    const { value = '', version = 0, index = 0 } = end;
    return { kind: 'ok', value, version, index };
  }
  if (end?.type === 'fail')
    return action.f === 'cas' && end.code === 'BAD_VERSION' ? { kind: 'mismatch' } : null;
  return action.f === 'read' ? null : { kind: 'unknown' };
}

export function launchesOf(events: readonly HistoryEvent[]): Launch[] {
  const ends = endings(events);
  const launches: Launch[] = [];
  for (const event of events) {
    if (event.type !== 'invoke' || event.f !== 'launch') continue;
    const end = ends.get(event.id)?.type;
    const outcome = end === 'ok' ? 'accepted' : end === 'fail' ? 'refused' : 'unknown';
    launches.push({ id: event.id, process: event.process, tasks: event.tasks, outcome });
  }
  return launches;
}
