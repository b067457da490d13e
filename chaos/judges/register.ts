import { ABSENT } from '../history/history.js';
import type { Operation } from '../history/operations.js';

export interface Register {
  readonly value: string;
  /** `ABSENT` while there is no such node; a new one begins at 0. */
  readonly version: number;
}

const NO_NODE: Register = { value: '', version: ABSENT };

/** What answers tell: without it, the search would try each write of unknown outcome in every place there is. */
export interface Sightings {
  /** Nobody deletes the node: a version stands for one moment, and never comes again. */
  readonly lasting: boolean;
  /** Of a lasting node. */
  readonly valueAt: ReadonlyMap<number, string>;
  /** Of values that one operation only would write. */
  readonly versionOf: ReadonlyMap<string, number>;
  /** Values that an answer speaks of. No answer depends on any other. */
  readonly seen: ReadonlySet<string>;
  /** How many answers show the value to a read, of values that one operation only would write: they come but once. */
  readonly readsOf: ReadonlyMap<string, number>;
  /** The highest version that anybody speaks of, in a question or in an answer. */
  readonly highest: number;
}

export function sightingsOf(operations: readonly Operation[], initial: Register): Sightings {
  const writers = new Map<string, number>();
  for (const { action } of operations) {
    if ('value' in action) writers.set(action.value, (writers.get(action.value) ?? 0) + 1);
  }
  const lasting = operations.every(({ action }) => action.f !== 'delete');
  const valueAt = new Map<number, string>();
  const versionOf = new Map<string, number>();
  const seen = new Set<string>();
  const readsOf = new Map<string, number>();
  let highest = initial.version;
  for (const { action, outcome } of operations) {
    if ('expected' in action) highest = Math.max(highest, action.expected);
    if (outcome.kind !== 'ok') continue;
    highest = Math.max(highest, outcome.version);
    seen.add(outcome.value);
    if (lasting) valueAt.set(outcome.version, outcome.value);
    if (writers.get(outcome.value) === 1) versionOf.set(outcome.value, outcome.version);
    if (action.f !== 'read' || writers.get(outcome.value) !== 1 || outcome.value === initial.value) continue;
    readsOf.set(outcome.value, (readsOf.get(outcome.value) ?? 0) + 1);
  }
  return { lasting, valueAt, versionOf, seen, readsOf, highest };
}

/** Whether a write of the value may have made the version, by what was seen of both. */
function fits({ valueAt, versionOf }: Sightings, value: string, version: number): boolean {
  return (valueAt.get(version) ?? value) === value && (versionOf.get(value) ?? version) === version;
}

/**
 * The register after the operation: the same object when it changes nothing. Null if it cannot happen now, or would
 * have no effect that is asked for.
 */
export function step(state: Register, { action, outcome }: Operation, sightings: Sightings): Register | null {
  if (outcome.kind === 'mismatch') return mismatches(state, action, outcome.absent) ? state : null;
  if (action.f === 'read') {
    const { kind } = outcome;
    return kind === 'ok' && outcome.value === state.value && outcome.version === state.version ? state : null;
  }
  const next = effect(state, action);
  if (next === null || action.f === 'delete') return next;
  if (outcome.kind === 'ok') return outcome.version === next.version ? next : null;
  return fits(sightings, action.value, next.version) ? next : null;
}

type Write = Exclude<Operation['action'], { readonly f: 'read' }>;

/** Null if it is refused. */
function effect(state: Register, action: Write): Register | null {
  const present = state.version !== ABSENT;
  switch (action.f) {
    case 'create':
      return present ? null : { value: action.value, version: 0 };
    case 'delete':
      return present && state.version === action.expected ? NO_NODE : null;
    case 'write':
      return present ? { value: action.value, version: state.version + 1 } : null;
    case 'cas':
      return present && state.version === action.expected
        ? { value: action.value, version: state.version + 1 }
        : null;
  }
}

/** Whether the operation is refused, and for the reason that was given. */
function mismatches(state: Register, action: Operation['action'], absent: boolean): boolean {
  if (action.f === 'read') return false;
  return effect(state, action) === null && absent === (state.version === ABSENT);
}
