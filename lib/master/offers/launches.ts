import { CATALOGUE, type ErrorCode, type OfferId } from '../../base/index.js';
import type { CallReply, Outcome } from '../../replica/types.js';
import {
  encodeCommand,
  validateLaunch,
  type CommandResult,
  type InSession,
  type Refusal,
  type Resources,
  type TaskLaunch,
} from '../../state/index.js';
import type { MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';
import { NOTHING, add, subtract } from '../resources/quantities.js';
import type { AcceptCall, DeclineCall } from './call-codec.js';
import type { OfferDesk } from './offer-desk.js';
import { termOf } from './offer-id.js';
import type { Offer, OfferLimits } from './types.js';

type Reply = (reply: CallReply) => void;

/** A launch that is proposed and whose result is not known. */
interface Open {
  readonly command: Uint8Array;
  /** Reserved until the outcome is known, or given up. */
  offers: readonly Offer[];
  readonly rest: Resources;
  readonly refuseMs: number;
  /** Empty after an unknown outcome: the next repetition of the call proposes the command again. */
  waiters: Reply[];
  proposed: boolean;
}

const DONE = new Uint8Array(0);

/**
 * ACCEPT on the leader. A launch becomes true when it is committed, exactly once per (session, sequence):
 * repetitions share the outcome of the first attempt while it is open and get the kept result afterwards.
 * An ACCEPT that was judged has used up its offers, whatever came of it: so a late copy of it finds none.
 */
export class Launches implements LeaderLoop {
  private readonly context: MasterContext;
  private readonly limits: OfferLimits;
  private readonly desk: OfferDesk;
  private readonly open: Map<string, Open> = new Map();
  private term: number | null = null;

  constructor(context: MasterContext, limits: OfferLimits, desk: OfferDesk) {
    this.context = context;
    this.limits = limits;
    this.desk = desk;
  }

  start(term: number): void {
    this.term = term;
  }

  /** Who waits is told to ask the next leader: what is committed of it by then is in every machine. */
  stop(): void {
    const waiters = [...this.open.values()].flatMap((open) => open.waiters);
    this.open.clear();
    for (const reply of waiters) reply(lost(`the leader's term ${this.term} is over`));
    this.term = null;
  }

  /** Changes nothing that is replicated: revision 0. */
  decline(call: DeclineCall, reply: Reply): void {
    const offers = this.desk.take(call.frameworkId, call.offerIds);
    this.desk.decline(offers, (offer) => offer.resources, call.refuseMs);
    reply({ ok: true, revision: 0, body: DONE });
  }

  accept(call: AcceptCall, reply: Reply): void {
    const { session, sequence } = call.launch;
    const key = `${session} ${sequence}`;
    const known = this.knownOutcome(call);
    const open = this.open.get(key);
    const alarm = this.context.replica.machine.alarmFault();
    if (known !== null) reply(known);
    else if (alarm !== null) reply(refusal(alarm.code, alarm.message));
    else if (open !== undefined) this.repeated(key, open, reply);
    else if (this.open.size >= this.limits.launchesInFlight) {
      reply(refusal('OVERLOADED', `${this.open.size} launches are waiting to be committed`));
    } else this.first(key, call, reply);
  }

  /** The machine is complete: what it does not know of a sequence never happened and, in older terms, never will. */
  private knownOutcome({ launch: { session, sequence } }: AcceptCall): CallReply | null {
    const lookup = this.context.replica.machine.sessions.lookup(session, sequence);
    switch (lookup.kind) {
      case 'answered':
        return replyOf(lookup.result);
      case 'stale':
        return refusal('SEQUENCE_STALE', `the answer to ${sequence} was acknowledged and dropped`);
      case 'no-session':
        return refusal('SESSION_EXPIRED', `session ${session} is not known; it may have expired`);
      case 'new':
        return null;
    }
  }

  private repeated(key: string, open: Open, reply: Reply): void {
    open.waiters.push(reply);
    if (!open.proposed) this.propose(key, open);
  }

  private first(key: string, call: AcceptCall, reply: Reply): void {
    const offers = this.desk.take(call.launch.command.frameworkId, call.offerIds);
    const held = offers.reduce((sum, offer) => add(sum, offer.resources), NOTHING);
    const launch = this.complete(call.launch, offers);
    const fault =
      this.offersFault(call.offerIds, offers, launch.command) ?? this.launchFault(launch.command, held);
    if (fault !== null) {
      this.giveBack(offers);
      return reply(refusal(fault.code, fault.message));
    }
    const asked = launch.command.tasks.reduce((sum, task) => add(sum, task.resources), NOTHING);
    const open: Open = {
      command: encodeCommand(launch),
      offers,
      rest: subtract(held, asked),
      refuseMs: call.refuseMs,
      waiters: [reply],
      proposed: false,
    };
    this.open.set(key, open);
    this.propose(key, open);
  }

  private complete(launch: InSession<TaskLaunch>, offers: readonly Offer[]): InSession<TaskLaunch> {
    const role = offers[0]?.role ?? launch.command.role;
    return { ...launch, command: { ...launch.command, role, term: this.term! } };
  }

  private offersFault(
    offerIds: readonly OfferId[],
    offers: readonly Offer[],
    launch: TaskLaunch,
  ): Refusal | null {
    if (offerIds.length === 0) return { code: 'INVALID_OFFER', message: 'a launch without an offer' };
    if (new Set(offerIds).size !== offerIds.length)
      return { code: 'INVALID_OFFER', message: 'an offer is named twice' };
    const missing = offerIds.find((id) => !offers.some((offer) => offer.offerId === id));
    if (missing !== undefined) return { code: 'INVALID_OFFER', message: this.whyMissing(missing) };
    const { agentId, role } = offers[0]!;
    const other = offers.find((offer) => offer.agentId !== agentId || offer.role !== role);
    if (other !== undefined) {
      const message = `offers of one agent and role only: ${agentId} as ${role}, ${other.agentId} as ${other.role}`;
      return { code: 'INVALID_OFFER', message };
    }
    if (launch.agentId === agentId) return null;
    return { code: 'INVALID_OFFER', message: `tasks for agent ${launch.agentId}, offers of ${agentId}` };
  }

  private whyMissing(offerId: OfferId): string {
    const term = termOf(offerId);
    if (term === null) return `${offerId.slice(0, 64)} is not the id of an offer`;
    if (term === this.term)
      return `offer ${offerId} was used, declined, withdrawn, or made to another framework`;
    return `offer ${offerId} was made by the leader of term ${term}; the term is ${this.term}`;
  }

  private launchFault(launch: TaskLaunch, available: Resources): Refusal | null {
    const { machine } = this.context.replica;
    return validateLaunch(launch, {
      limits: machine.limits,
      term: this.term!,
      framework: machine.frameworks.get(launch.frameworkId),
      agent: machine.agents.get(launch.agentId),
      available,
      // Counting them takes a walk over the agent's tasks: left to apply, which counts as it goes.
      tasksOnAgent: 0,
      taskExists: (taskId) => machine.tasks.get(launch.frameworkId, taskId) !== null,
    });
  }

  private propose(key: string, open: Open): void {
    const { term } = this;
    open.proposed = true;
    this.context.replica.propose(open.command, (outcome) => {
      if (this.term === term) this.decided(key, open, outcome);
    });
  }

  /** Others may have them at once. */
  private giveBack(offers: readonly Offer[]): void {
    this.desk.decline(offers, (offer) => offer.resources, this.limits.refusedLaunchMs);
  }

  private decided(key: string, open: Open, outcome: Outcome): void {
    open.proposed = false;
    const { waiters } = open;
    open.waiters = [];
    if (outcome.kind === 'unknown') {
      // Kept: a repetition proposes it again, and the machine runs it once. Apply judges what is then left.
      this.desk.release(open.offers);
      open.offers = [];
      for (const reply of waiters) reply(lost(outcome.message));
      return;
    }
    this.open.delete(key);
    if (outcome.kind === 'applied' && outcome.result.ok) {
      this.desk.decline(open.offers, () => open.rest, open.refuseMs);
    } else this.giveBack(open.offers);
    const answer =
      outcome.kind === 'applied' ? replyOf(outcome.result) : refusal(outcome.code, outcome.message);
    for (const reply of waiters) reply(answer);
  }
}

function refusal(code: ErrorCode, message: string): CallReply {
  return { ok: false, code, message, unknown: CATALOGUE[code].certainty === 'unknown' };
}

function lost(message: string): CallReply {
  return { ok: false, code: 'OUTCOME_UNKNOWN', message, unknown: true };
}

function replyOf(result: CommandResult): CallReply {
  return result.ok
    ? { ok: true, revision: result.revision, body: DONE }
    : refusal(result.code, result.message);
}
