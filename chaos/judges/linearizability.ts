import { ABSENT } from '../history/history.js';
import type { Operation } from '../history/operations.js';
import { LinearizedSet, SeenStates } from './linearized-set.js';

export interface Register {
  readonly value: string;
  /** `ABSENT` while there is no such node; a new one begins at 0. */
  readonly version: number;
}

const NO_NODE: Register = { value: '', version: ABSENT };

export type Verdict =
  | { readonly kind: 'linearizable' }
  | { readonly kind: 'violation'; readonly explanation: string }
  /** Given up after `steps`. */
  | { readonly kind: 'undecided'; readonly steps: number };

/** A call or a return in real-time order, in a list from which linearized operations are lifted out. */
interface Entry {
  readonly operation: Operation;
  readonly number: number;
  readonly isCall: boolean;
  /** Of a call whose return is known. */
  match: Entry | null;
  previous: Entry | null;
  next: Entry | null;
}

/** An operation that was put next in the order, and the register around it. */
interface Taken {
  readonly entry: Entry;
  readonly state: Register;
  readonly after: Register;
}

const STEP_LIMIT = 5_000_000;

/**
 * Whether the operations on one key could have happened one at a time, each between its call and its return
 * (Herlihy and Wing 1990). The search is Wing and Gong's with Lowe's memory of (linearized set, state) pairs,
 * as in Porcupine. An operation of unknown outcome has no return, and is taken only where it has an effect.
 */
export function checkRegister(
  operations: readonly Operation[],
  initial: Register,
  stepLimit: number = STEP_LIMIT,
): Verdict {
  const { head, count } = entriesOf(operations);
  const sightings = sightingsOf(operations);
  const done = new LinearizedSet(count);
  const seen = new SeenStates();
  const stack: Taken[] = [];
  let state = initial;
  let open = operations.filter(({ outcome }) => outcome.kind !== 'unknown').length;
  let deepest = { depth: -1, explanation: '' };
  let entry = head.next;
  for (let steps = 0; open > 0 && entry !== null; steps++) {
    if (steps > stepLimit) return { kind: 'undecided', steps };
    if (entry.isCall) {
      const next = step(state, entry.operation, sightings);
      if (next !== null && (next === state || seen.add(done.with(entry.number), next))) {
        stack.push({ entry, state, after: next });
        state = next;
        done.add(entry.number);
        if (entry.match !== null) open--;
        lift(entry);
        entry = head.next;
      } else entry = entry.next;
      continue;
    }
    if (stack.length > deepest.depth) {
      deepest = { depth: stack.length, explanation: explain(entry.operation, state) };
    }
    // What changed nothing was right to take as soon as it could be: only another write can help.
    let last;
    do {
      last = stack.pop();
      if (last === undefined) break;
      done.delete(last.entry.number);
      if (last.entry.match !== null) open++;
      unlift(last.entry);
    } while (last.after === last.state);
    if (last === undefined) break;
    state = last.state;
    entry = last.entry.next;
  }
  return open === 0
    ? { kind: 'linearizable' }
    : { kind: 'violation', explanation: `${deepest.explanation}, in the longest order found` };
}

/** What answers tell: without it, the search would try each write of unknown outcome in every place there is. */
interface Sightings {
  readonly valueAt: ReadonlyMap<number, string>;
  /** Of values that one operation only would write. */
  readonly versionOf: ReadonlyMap<string, number>;
}

function sightingsOf(operations: readonly Operation[]): Sightings {
  const writers = new Map<string, number>();
  for (const { action } of operations) {
    if ('value' in action) writers.set(action.value, (writers.get(action.value) ?? 0) + 1);
  }
  // Whoever is deleted begins anew: a version stands for more than one value then.
  const lasting = operations.every(({ action }) => action.f !== 'delete');
  const valueAt = new Map<number, string>();
  const versionOf = new Map<string, number>();
  for (const { outcome } of operations) {
    if (outcome.kind !== 'ok') continue;
    if (lasting) valueAt.set(outcome.version, outcome.value);
    if (writers.get(outcome.value) === 1) versionOf.set(outcome.value, outcome.version);
  }
  return { valueAt, versionOf };
}

/** Whether a write of the value may have made the version, by what was seen of both. */
function fits({ valueAt, versionOf }: Sightings, value: string, version: number): boolean {
  return (valueAt.get(version) ?? value) === value && (versionOf.get(value) ?? version) === version;
}

/** The register after the operation; null if it cannot happen now, or would have no effect that is asked for. */
function step(state: Register, { action, outcome }: Operation, sightings: Sightings): Register | null {
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

function entriesOf(operations: readonly Operation[]): { head: Entry; count: number } {
  const entries: { readonly entry: Entry; readonly ns: number }[] = [];
  operations.forEach((operation, number) => {
    const blank = { operation, number, match: null, previous: null, next: null };
    const call: Entry = { ...blank, isCall: true };
    entries.push({ entry: call, ns: operation.invokeNs });
    if (operation.outcome.kind === 'unknown') return;
    call.match = { ...blank, isCall: false };
    entries.push({ entry: call.match, ns: operation.returnNs });
  });
  // At the same instant calls come first: such operations count as concurrent.
  entries.sort((a, b) => a.ns - b.ns || Number(b.entry.isCall) - Number(a.entry.isCall));
  const head: Entry = {
    operation: operations[0]!,
    number: -1,
    isCall: true,
    match: null,
    previous: null,
    next: null,
  };
  let last = head;
  for (const { entry } of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return { head, count: operations.length };
}

function remove(entry: Entry): void {
  entry.previous!.next = entry.next;
  if (entry.next !== null) entry.next.previous = entry.previous;
}

function restore(entry: Entry): void {
  entry.previous!.next = entry;
  if (entry.next !== null) entry.next.previous = entry;
}

function lift(call: Entry): void {
  remove(call);
  if (call.match !== null) remove(call.match);
}

function unlift(call: Entry): void {
  if (call.match !== null) restore(call.match);
  restore(call);
}

function explain({ id, process, action, outcome }: Operation, { value, version }: Register): string {
  const did = JSON.stringify({ ...('value' in action ? { value: action.value } : {}), f: action.f });
  return (
    `operation ${id} of ${process}, ${did} → ${JSON.stringify(outcome)}, ` +
    `cannot return when the register holds ${JSON.stringify(value)} at version ${version}`
  );
}
