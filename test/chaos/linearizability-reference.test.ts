import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ABSENT, type RegisterAction, type SlotAction } from '../../chaos/history/history.js';
import type { Operation, Outcome } from '../../chaos/history/operations.js';
import { checkRegister } from '../../chaos/judges/linearizability.js';
import type { Register } from '../../chaos/judges/register.js';

const VALUES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const value = fc.constantFrom(...VALUES);
const version = fc.integer({ min: 0, max: 3 });

const written = fc.record({ f: fc.constant('write' as const), value });
const swapped = fc.record({ f: fc.constant('cas' as const), value, expected: version });
const created = fc.record({ f: fc.constant('create' as const), value });
const deleted = fc.record({ f: fc.constant('delete' as const), expected: version });
const read = fc.constant({ f: 'read' as const });

type Action = RegisterAction | SlotAction;

interface Draft {
  readonly action: Action;
  /** When it has its effect in the honest course of things. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
  readonly answer: 'given' | 'none' | 'none and not done';
}

function drafts(action: fc.Arbitrary<Action>): fc.Arbitrary<Draft[]> {
  const draft = fc.record({
    action,
    at: fc.integer({ min: 0, max: 30 }),
    before: fc.integer({ min: 0, max: 12 }),
    after: fc.integer({ min: 0, max: 12 }),
    answer: fc.constantFrom('given', 'given', 'given', 'none', 'none and not done'),
  });
  return fc.array(draft, { minLength: 2, maxLength: 8 });
}

/** What may be wrong with an answer: its time, or what it says. */
const flaws = fc.array(
  fc.record({
    which: fc.nat({ max: 7 }),
    what: fc.oneof(
      fc.record({ shift: fc.integer({ min: -15, max: 15 }) }),
      fc.record({ version: fc.integer({ min: -1, max: 4 }) }),
      fc.record({ value }),
    ),
  }),
  { maxLength: 2 },
);
type Flaws = typeof flaws extends fc.Arbitrary<infer T> ? T : never;

/** By the book, and nothing else: the one model of the register in these tests. */
function perform(state: Register, action: Action): Register | 'refused' {
  const isThere = state.version !== ABSENT;
  switch (action.f) {
    case 'read':
      return state;
    case 'create':
      return isThere ? 'refused' : { value: action.value, version: 0 };
    case 'write':
      return isThere ? { value: action.value, version: state.version + 1 } : 'refused';
    case 'cas':
      return isThere && action.expected === state.version
        ? { value: action.value, version: state.version + 1 }
        : 'refused';
    case 'delete':
      return isThere && action.expected === state.version ? { value: '', version: ABSENT } : 'refused';
  }
}

function play(draft: readonly Draft[], initial: Register, wrong: Flaws): Operation[] {
  let state = initial;
  const operations = draft
    .toSorted((a, b) => a.at - b.at)
    .map(({ action, at, before, after, answer }, id): Operation => {
      const next = perform(state, action);
      const told: Outcome =
        next === 'refused'
          ? { kind: 'mismatch', absent: state.version === ABSENT }
          : { kind: 'ok', ...next, index: 0 };
      const isDone = answer !== 'none and not done' || action.f === 'read';
      if (next !== 'refused' && isDone) state = next;
      const isKnown = answer === 'given' || action.f === 'read';
      const returnNs = isKnown ? at + after : Infinity;
      const outcome: Outcome = isKnown ? told : { kind: 'unknown' };
      return { id, process: 'p', key: '/k', action, invokeNs: at - before, returnNs, outcome };
    });
  for (const { which, what } of wrong) {
    const one = operations[which];
    if (one !== undefined) operations[which] = spoil(one, what);
  }
  return operations;
}

function spoil(one: Operation, what: Flaws[number]['what']): Operation {
  if ('shift' in what) {
    return { ...one, invokeNs: one.invokeNs + what.shift, returnNs: one.returnNs + what.shift };
  }
  const { action, outcome } = one;
  if (outcome.kind !== 'ok') return one;
  // An answer to a write speaks of the value that was written, and to these of no other version.
  if ('value' in what) return action.f === 'read' ? { ...one, outcome: { ...outcome, ...what } } : one;
  return action.f === 'read' || action.f === 'write' ? { ...one, outcome: { ...outcome, ...what } } : one;
}

/** Every order there is. */
function hasOrder(left: readonly Operation[], state: Register): boolean {
  if (left.every(({ outcome }) => outcome.kind === 'unknown')) return true;
  return left.some((one) => {
    if (left.some(({ returnNs }) => returnNs < one.invokeNs)) return false;
    const next = perform(state, one.action);
    if (!isTold(one.outcome, next, state)) return false;
    const others = left.filter((other) => other !== one);
    return hasOrder(others, next === 'refused' ? state : next);
  });
}

function isTold(outcome: Outcome, next: Register | 'refused', state: Register): boolean {
  if (outcome.kind === 'unknown') return true;
  if (outcome.kind === 'mismatch') return next === 'refused' && outcome.absent === (state.version === ABSENT);
  return next !== 'refused' && outcome.value === next.value && outcome.version === next.version;
}

describe('the search for an order', () => {
  const nodes = [
    ['a register', fc.oneof(written, swapped, read), { value: '', version: 0 }],
    ['a node that comes and goes', fc.oneof(created, swapped, deleted, read), { value: '', version: ABSENT }],
    ['a node that is written too', fc.oneof(created, written, deleted, read), { value: '', version: ABSENT }],
  ] as const;
  for (const [name, action, initial] of nodes) {
    it(`says of ${name} what a trial of every order says`, () => {
      const said = { linearizable: 0, violation: 0, undecided: 0 };
      fc.assert(
        fc.property(drafts(action), flaws, (draft, wrong) => {
          const operations = play(draft, initial, wrong);
          const { kind } = checkRegister(operations, initial);
          said[kind]++;
          assert.equal(kind, hasOrder(operations, initial) ? 'linearizable' : 'violation');
        }),
        { numRuns: 4_000 },
      );
      // The comparison says nothing where there is only one thing to say.
      assert.ok(Math.min(said.linearizable, said.violation) > 200, JSON.stringify(said));
    }).timeout(30_000);

    it(`calls no history of ${name} wrong that has an order, where only the generous search is made`, () => {
      let wrongs = 0;
      let orders = 0;
      fc.assert(
        fc.property(drafts(action), flaws, (draft, wrong) => {
          const operations = play(draft, initial, wrong);
          const { kind } = checkRegister(operations, initial, { strict: 0, generous: 1e6 });
          const has = hasOrder(operations, initial);
          if (kind === 'violation') wrongs++;
          if (has) orders++;
          // With no answer at all, there is nothing to search for.
          assert.ok(kind === 'violation' ? !has : kind === 'undecided' || has, kind);
        }),
        { numRuns: 4_000 },
      );
      assert.ok(Math.min(wrongs, orders) > 200, `${wrongs} wrong, ${orders} with an order`);
    }).timeout(30_000);
  }
});
