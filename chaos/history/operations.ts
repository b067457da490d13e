import type { HistoryEvent, LaunchedTask, RegisterAction, RegisterResult, SlotAction } from './history.js';

/** How an operation on a register ended, as far as its client knows. */
export type Outcome =
  | ({ readonly kind: 'ok' } & RegisterResult)
  /** Answered: what was asked for was not so. A node that is not there has no version, and is no hindrance to a create. */
  | { readonly kind: 'mismatch'; readonly absent: boolean }
  | { readonly kind: 'unknown' };

export interface Operation {
  readonly id: number;
  readonly process: string;
  readonly key: string;
  readonly action: RegisterAction | SlotAction;
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
    if (event.type !== 'invoke' || event.f === 'launch' || event.f === 'nodes') continue;
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

/** Refusals that tell something of the node: by what asks, and whether the node was there. */
const MISMATCHES: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  cas: { BAD_VERSION: false, NO_NODE: true },
  write: { NO_NODE: true },
  create: { NODE_EXISTS: false },
  delete: { BAD_VERSION: false, NO_NODE: true },
};

function outcomeOf({ f }: RegisterAction | SlotAction, end: Ending | undefined): Outcome | null {
  if (end?.type === 'ok') {
    const { value = '', version = 0, index = 0 } = end;
    return { kind: 'ok', value, version, index };
  }
  if (end?.type === 'fail') {
    const absent = MISMATCHES[f]?.[end.code];
    return absent === undefined ? null : { kind: 'mismatch', absent };
  }
  return f === 'read' ? null : { kind: 'unknown' };
}

export interface NodesWritten {
  readonly id: number;
  readonly process: string;
  readonly creates: readonly string[];
  readonly deletes: readonly string[];
  readonly outcome: 'done' | 'refused' | 'unknown';
  /** When it was sent, and answered or given up. */
  readonly invokeNs: number;
  readonly endNs: number;
}

/** In the order in which they were sent. */
export function nodesOf(events: readonly HistoryEvent[]): NodesWritten[] {
  const ends = endings(events);
  return events.flatMap((event): NodesWritten[] => {
    if (event.type !== 'invoke' || event.f !== 'nodes') return [];
    const { id, process, creates, deletes, ns: invokeNs } = event;
    const end = ends.get(id);
    const outcome = end?.type === 'ok' ? 'done' : end?.type === 'fail' ? 'refused' : 'unknown';
    return [{ id, process, creates, deletes, outcome, invokeNs, endNs: end?.ns ?? Infinity }];
  });
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
