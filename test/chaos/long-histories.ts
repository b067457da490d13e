import { ABSENT, type RegisterAction, type SlotAction } from '../../chaos/history/history.js';
import type { Operation, Outcome } from '../../chaos/history/operations.js';
import type { Register } from '../../chaos/judges/register.js';
import { SeededRandom, below, between, chance } from '../../lib/base/index.js';

/** What a server does wrong, once: after `after` operations, with the first that it can be done to. */
export interface Flaw {
  readonly kind: 'lost write' | 'stale read' | 'done twice' | 'against real time';
  readonly after: number;
}

export interface LongOptions {
  readonly seed: number;
  readonly operations: number;
  /** A register that is written, or a node that comes and goes as well. */
  readonly node: 'register' | 'slot';
  /** Of a write, not to be answered. */
  readonly unknownChance: number;
  readonly flaw?: Flaw;
}

export const BEGIN: Readonly<Record<LongOptions['node'], Register>> = {
  register: { value: '', version: 0 },
  slot: { value: '', version: ABSENT },
};

type Action = RegisterAction | SlotAction;

interface Pending {
  readonly client: number;
  readonly id: number;
  readonly action: Action;
  readonly invokeNs: number;
  readonly effectNs: number;
  readonly isAnswered: boolean;
}

const CLIENTS = 7;
/** From call to effect, and from effect to answer. */
const DELAY_NS = 40;
const PAUSE_NS = 80;
/** After which a client gives up and goes on. */
const TIMEOUT_NS = 2_000;
/** What a member that was cut off may still deliver. */
const LATE_NS = 20_000;
/** Longer than any answered operation takes, so that what is that old is surely stale. */
const STALE_NS = 500;

/**
 * What a few clients see of one server that does one thing at a time: some writes are not answered, and are done at
 * once, much later or never. In the order of effects, so far as they have one.
 */
export function longHistory(options: LongOptions): { operations: Operation[]; flawed: boolean } {
  return new Server(options).run();
}

class Server {
  private readonly options: LongOptions;
  private readonly random: SeededRandom;
  private readonly operations: Operation[] = [];
  private readonly pending: Pending[] = [];
  private readonly seen: Map<number, number> = new Map();
  private readonly past: { readonly state: Register; readonly untilNs: number }[] = [];
  private state: Register;
  private flawed = false;
  private ids = 0;

  constructor(options: LongOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed);
    this.state = BEGIN[options.node];
  }

  run(): { operations: Operation[]; flawed: boolean } {
    for (let client = 0; client < CLIENTS; client++) this.call(client, below(this.random, PAUSE_NS));
    while (this.operations.length < this.options.operations) this.serve(this.takeEarliest());
    for (const left of this.pending) {
      if (left.effectNs === Infinity) this.record(left, Infinity, { kind: 'unknown' });
    }
    return { operations: this.operations, flawed: this.flawed };
  }

  private call(client: number, ns: number): void {
    const { random, pending } = this;
    const id = ++this.ids;
    const action = this.choose(id, this.seen.get(client));
    const isAnswered = action.f === 'read' || !chance(random, this.options.unknownChance);
    const soonNs = ns + between(random, 1, DELAY_NS);
    const lateNs = chance(random, 0.5) ? Infinity : ns + between(random, 1, LATE_NS);
    const effectNs = isAnswered || chance(random, 0.4) ? soonNs : lateNs;
    pending.push({ client, id, action, invokeNs: ns, effectNs, isAnswered });
    if (isAnswered) return;
    this.seen.delete(client);
    // The next call of this client is a read, put in line now.
    const nextNs = ns + TIMEOUT_NS;
    pending.push({
      client,
      id: ++this.ids,
      action: { f: 'read' },
      invokeNs: nextNs,
      effectNs: nextNs + between(random, 1, DELAY_NS),
      isAnswered: true,
    });
  }

  private choose(id: number, expected: number | undefined): Action {
    const { random } = this;
    const value = `v${id}`;
    if (expected === undefined || chance(random, 0.4)) return { f: 'read' };
    if (this.options.node === 'register') {
      return chance(random, 0.4) ? { f: 'write', value } : { f: 'cas', value, expected };
    }
    if (expected === ABSENT) return { f: 'create', value };
    return chance(random, 0.4) ? { f: 'delete', expected } : { f: 'cas', value, expected };
  }

  private takeEarliest(): Pending {
    let at = 0;
    this.pending.forEach(({ effectNs }, i) => {
      if (effectNs < this.pending[at]!.effectNs) at = i;
    });
    return this.pending.splice(at, 1)[0]!;
  }

  private serve(one: Pending): void {
    const { client, action, effectNs, isAnswered } = one;
    const next = action.f === 'read' ? this.state : applied(this.state, action);
    if (!isAnswered) {
      if (next !== null) this.become(next, effectNs);
      return this.record(one, Infinity, { kind: 'unknown' });
    }
    const returnNs = effectNs + between(this.random, 1, DELAY_NS);
    if (next === null) {
      const outcome = { kind: 'mismatch', absent: this.state.version === ABSENT } as const;
      this.seen.delete(client);
      this.record(one, returnNs, outcome);
    } else this.answer(one, returnNs, next);
    this.call(client, returnNs + below(this.random, PAUSE_NS));
  }

  private answer(one: Pending, returnNs: number, next: Register): void {
    const { action, effectNs, client } = one;
    const flaw = this.flawFor(one);
    const told = flaw === 'stale read' ? this.longAgo(effectNs)! : next;
    const shiftNs = flaw === 'against real time' ? STALE_NS * 4 : 0;
    const outcome = { kind: 'ok', ...told, index: this.operations.length } as const;
    this.record({ ...one, invokeNs: one.invokeNs + shiftNs }, returnNs + shiftNs, outcome);
    this.seen.set(client, told.version);
    if (action.f !== 'read' && flaw !== 'lost write') this.become(next, effectNs);
    if (flaw === 'done twice' && 'value' in action) {
      this.become({ value: action.value, version: next.version + 1 }, effectNs);
    }
    if (flaw !== null) this.look(effectNs);
  }

  /** The flaw if this is the operation for it. A write that is moved or lost was to be answered. */
  private flawFor({ action, effectNs }: Pending): Flaw['kind'] | null {
    const { flaw } = this.options;
    if (flaw === undefined || this.flawed || this.operations.length < flaw.after) return null;
    const fits = {
      // A creation that is lost may have been undone by a deletion that nobody answered.
      'lost write': action.f === 'write' || action.f === 'cas',
      'stale read': action.f === 'read' && this.longAgo(effectNs) !== null,
      'done twice': 'value' in action,
      'against real time': 'value' in action,
    }[flaw.kind];
    if (!fits) return null;
    this.flawed = true;
    return flaw.kind;
  }

  /** A read by somebody else at this very moment: what nobody sees breaks no promise. */
  private look(ns: number): void {
    const one = { client: -1, id: ++this.ids, action: { f: 'read' }, invokeNs: ns, effectNs: ns } as const;
    const outcome = { kind: 'ok', ...this.state, index: this.operations.length } as const;
    // After the answer to what was just done.
    const atNs = ns + DELAY_NS + 1;
    if (this.options.flaw?.kind === 'lost write') {
      this.record({ ...one, invokeNs: atNs, isAnswered: true }, atNs + 1, outcome);
    } else this.record({ ...one, isAnswered: true }, ns, outcome);
  }

  private become(state: Register, ns: number): void {
    this.past.push({ state: this.state, untilNs: ns });
    if (this.past.length > 300) this.past.shift();
    this.state = state;
  }

  /** A node that was there and is no more as it was. */
  private longAgo(ns: number): Register | null {
    const old = this.past.findLast(
      ({ state, untilNs }) => untilNs < ns - STALE_NS && state.version !== ABSENT,
    );
    return old?.state ?? null;
  }

  private record({ client, id, action, invokeNs }: Pending, returnNs: number, outcome: Outcome): void {
    this.operations.push({ id, process: `c${client}`, key: '/k', action, invokeNs, returnNs, outcome });
  }
}

function applied({ version }: Register, action: Exclude<Action, { f: 'read' }>): Register | null {
  if (action.f === 'create') return version === ABSENT ? { value: action.value, version: 0 } : null;
  if (version === ABSENT) return null;
  if (action.f === 'write') return { value: action.value, version: version + 1 };
  if (action.expected !== version) return null;
  return action.f === 'delete' ? BEGIN.slot : { value: action.value, version: version + 1 };
}
