import type { Operation } from '../history/operations.js';

/** A call or a return in real-time order, in a list from which linearized operations are lifted out. */
export interface Entry {
  readonly operation: Operation;
  /** Among those of known outcome, or among the others, by when they were called. */
  readonly number: number;
  readonly ns: number;
  readonly isCall: boolean;
  /** Of a call whose return is known. */
  match: Entry | null;
  previous: Entry | null;
  next: Entry | null;
}

export interface Calls {
  /** Before the first entry of the answered ones. */
  readonly head: Entry;
  readonly answered: number;
  /** Calls without a return, in no list, by when they were made. */
  readonly unanswered: readonly Entry[];
}

export function callsOf(operations: readonly Operation[]): Calls {
  const entries: Entry[] = [];
  const unanswered: Entry[] = [];
  let answered = 0;
  for (const operation of [...operations].sort((a, b) => a.invokeNs - b.invokeNs)) {
    const isKnown = operation.outcome.kind !== 'unknown';
    const number = isKnown ? answered++ : unanswered.length;
    const call = entryOf(operation, number, operation.invokeNs, true);
    if (!isKnown) {
      unanswered.push(call);
      continue;
    }
    call.match = entryOf(operation, number, operation.returnNs, false);
    entries.push(call, call.match);
  }
  // At the same instant calls come first: such operations count as concurrent.
  entries.sort((a, b) => a.ns - b.ns || Number(b.isCall) - Number(a.isCall));
  const head = entryOf(operations[0]!, -1, -Infinity, true);
  let last = head;
  for (const entry of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return { head, answered, unanswered };
}

function entryOf(operation: Operation, number: number, ns: number, isCall: boolean): Entry {
  return { operation, number, ns, isCall, match: null, previous: null, next: null };
}

/** Takes an answered call out of the list, with its return. Its own `next` stays. */
export function lift(call: Entry): void {
  remove(call);
  if (call.match !== null) remove(call.match);
}

/** Undoes the latest `lift` that has not been undone. */
export function unlift(call: Entry): void {
  if (call.match !== null) restore(call.match);
  restore(call);
}

function remove(entry: Entry): void {
  entry.previous!.next = entry.next;
  if (entry.next !== null) entry.next.previous = entry.previous;
}

function restore(entry: Entry): void {
  entry.previous!.next = entry;
  if (entry.next !== null) entry.next.previous = entry;
}
