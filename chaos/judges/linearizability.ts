import type { Operation } from '../history/operations.js';
import { callsOf, lift, unlift, type Calls, type Entry } from './calls.js';
import { LinearizedSet, SeenStates } from './linearized-set.js';
import { sightingsOf, step, type Register, type Sightings } from './register.js';
import { Unanswered } from './unanswered.js';

export type Verdict =
  | { readonly kind: 'linearizable'; readonly steps: number }
  | { readonly kind: 'violation'; readonly explanation: string; readonly steps: number }
  /** Given up. */
  | { readonly kind: 'undecided'; readonly steps: number };

/** A write that may come next, and the register after it. */
interface Choice {
  readonly call: Entry;
  readonly after: Register;
}

/** A moment at which an operation is about to return that cannot have happened yet: a write has to come first. */
interface Juncture {
  readonly state: Register;
  /** Taken on the way here, in this order: they changed nothing. */
  readonly idle: readonly Entry[];
  readonly due: Entry;
  /** Not tried yet, the next one last. */
  choices: Choice[];
  /** Whether writes of unknown outcome have been added to the choices. */
  widened: boolean;
  chosen: Entry | null;
}

/** Steps, which are calls looked at. */
export interface Limits {
  readonly strict: number;
  readonly generous: number;
}

const LIMITS: Limits = { strict: 5_000_000, generous: 5_000_000 };

/**
 * Whether the operations on one key could have happened one at a time, each between its call and its return
 * (Herlihy and Wing 1990). The search is Wing and Gong's with Lowe's memory of (linearized set, state) pairs, as in
 * Porcupine. What changes nothing is taken as soon as it may be, a write only when an operation is about to return
 * that needs one, and an operation of unknown outcome, which has no return, only when no other write will do.
 *
 * Where many of these might explain the same gaps, a search that finds no order may not end in time. A second one is
 * generous: writes of unknown outcome that nobody saw may happen in it again and again. What has no order even so has
 * none; an order of that kind proves nothing, and there is no verdict.
 */
export function checkRegister(
  operations: readonly Operation[],
  initial: Register,
  limits: Limits = LIMITS,
): Verdict {
  if (operations.length === 0) return { kind: 'linearizable', steps: 0 };
  const strict = new Search(operations, initial, limits.strict, false).run(initial);
  if (strict.kind !== 'undecided') return strict;
  const generous = new Search(operations, initial, limits.generous, true).run(initial);
  const steps = strict.steps + generous.steps;
  return generous.kind === 'violation' ? { ...generous, steps } : { kind: 'undecided', steps };
}

class Search {
  private readonly calls: Calls;
  private readonly sightings: Sightings;
  private readonly answered: LinearizedSet;
  private readonly unanswered: LinearizedSet;
  private readonly unknown: Unanswered;
  /** Reads that are still to be put in order, by what they found: see `readsOf`. */
  private readonly readsLeft: Map<string, number>;
  private readonly seen: SeenStates = new SeenStates();
  private readonly junctures: Juncture[] = [];
  private readonly stepLimit: number;
  /** Unanswered writes that nobody saw are never used up. */
  private readonly generous: boolean;
  private steps = 0;
  private taken = 0;
  private deepest = { taken: -1, explanation: '' };

  constructor(operations: readonly Operation[], initial: Register, stepLimit: number, generous: boolean) {
    this.calls = callsOf(operations);
    this.sightings = sightingsOf(operations, initial);
    this.unknown = new Unanswered(this.calls.unanswered, this.sightings);
    this.readsLeft = new Map(this.sightings.readsOf);
    this.answered = new LinearizedSet(this.calls.answered);
    this.unanswered = new LinearizedSet(this.calls.unanswered.length);
    this.stepLimit = stepLimit;
    this.generous = generous;
  }

  run(initial: Register): Verdict {
    let state: Register | null = initial;
    while (state !== null) {
      const juncture = this.proceed(state);
      if (juncture === null) return { kind: 'linearizable', steps: this.steps };
      this.junctures.push(juncture);
      state = this.decide();
      if (this.steps > this.stepLimit) return { kind: 'undecided', steps: this.steps };
    }
    const explanation = `${this.deepest.explanation}, in the longest order found`;
    return { kind: 'violation', explanation, steps: this.steps };
  }

  /** Takes what changes nothing, up to a return that needs a change. Null when all have returned. */
  private proceed(state: Register): Juncture | null {
    const idle: Entry[] = [];
    const choices: Choice[] = [];
    let before = this.calls.head;
    for (let entry = before.next; entry !== null; entry = before.next) {
      this.steps++;
      if (!entry.isCall) {
        if (this.taken > this.deepest.taken) {
          this.deepest = { taken: this.taken, explanation: explain(entry.operation, state) };
        }
        // A value that is still to be read and never comes again must not be left.
        const stays = (this.readsLeft.get(state.value) ?? 0) > 0;
        if (stays) choices.length = 0;
        return { state, idle, due: entry, choices: choices.reverse(), widened: stays, chosen: null };
      }
      const after = step(state, entry.operation, this.sightings);
      if (after === state) {
        idle.push(entry);
        this.take(entry);
        continue;
      }
      if (after !== null) choices.push({ call: entry, after });
      before = entry;
    }
    return null;
  }

  /** The state after the next write that is worth a try, at the latest juncture that has one; null when none has. */
  private decide(): Register | null {
    for (let at = this.junctures.at(-1); at !== undefined; at = this.junctures.at(-1)) {
      if (this.steps > this.stepLimit) return null;
      if (at.chosen !== null) {
        this.giveBack(at.chosen);
        at.chosen = null;
      }
      const choice = at.choices.pop();
      if (choice !== undefined) {
        this.take(choice.call);
        at.chosen = choice.call;
        if (this.seen.add(this.answered, this.unanswered, this.nameOf(choice.after))) return choice.after;
      } else if (!at.widened) {
        at.widened = true;
        at.choices = this.unknownChoices(at).reverse();
      } else {
        this.junctures.pop();
        for (const call of [...at.idle].reverse()) this.giveBack(call);
      }
    }
    return null;
  }

  /** Writes of unknown outcome that were called in time. */
  private unknownChoices({ state, due }: Juncture): Choice[] {
    const choices: Choice[] = [];
    const { alike, seen } = this.unknown.in(state);
    for (const list of alike) {
      const choice = this.firstIn(list, state, due);
      if (choice === null) continue;
      // A version that never comes again is the last use for it: all others can wait for another one.
      if (choice.call.operation.action.f === 'cas' && this.sightings.lasting) return [choice];
      choices.push(choice);
    }
    for (const call of seen.flat()) {
      this.steps++;
      if (call.ns > due.ns || this.unanswered.has(call.number)) continue;
      const after = step(state, call.operation, this.sightings);
      if (after !== null) choices.push({ call, after });
    }
    return choices;
  }

  private firstIn(list: readonly Entry[], state: Register, due: Entry): Choice | null {
    for (const call of list) {
      this.steps++;
      if (call.ns > due.ns) return null;
      if (this.unanswered.has(call.number)) continue;
      const after = step(state, call.operation, this.sightings);
      // Versions beyond all that anybody speaks of are as good as each other.
      return after === null || after.version > this.sightings.highest + 1 ? null : { call, after };
    }
    return null;
  }

  /** States are the same if no answer can tell them apart. */
  private nameOf({ value, version }: Register): string {
    return this.sightings.seen.has(value) ? `${version}=${value}` : `${version}`;
  }

  private take(call: Entry): void {
    this.taken++;
    if (call.match === null) {
      if (!this.generous || this.unknown.isSeen(call)) this.unanswered.add(call.number);
      return;
    }
    this.answered.add(call.number);
    this.countRead(call, -1);
    lift(call);
  }

  private giveBack(call: Entry): void {
    this.taken--;
    if (call.match === null) return this.unanswered.delete(call.number);
    this.answered.delete(call.number);
    this.countRead(call, 1);
    unlift(call);
  }

  private countRead({ operation: { action, outcome } }: Entry, by: 1 | -1): void {
    if (action.f !== 'read' || outcome.kind !== 'ok') return;
    const left = this.readsLeft.get(outcome.value);
    if (left !== undefined) this.readsLeft.set(outcome.value, left + by);
  }
}

function explain({ id, process, action, outcome }: Operation, { value, version }: Register): string {
  const did = JSON.stringify({ ...('value' in action ? { value: action.value } : {}), f: action.f });
  return (
    `operation ${id} of ${process}, ${did} → ${JSON.stringify(outcome)}, ` +
    `cannot return when the register holds ${JSON.stringify(value)} at version ${version}`
  );
}
