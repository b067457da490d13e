import {
  MalformedError,
  utf8Encode,
  utf8Decode,
  type ErrorCode,
  type FrameworkId,
  type MemberId,
} from '../base/index.js';
import type { CallReply, LeadershipView } from '../replica/types.js';
import { UnknownCommandError, type StateEvent } from '../state/index.js';
import type { Checkpoints } from './checkpoints/checkpoints.js';
import { ServerList } from './cluster/server-list.js';
import type { MasterContext } from './context.js';
import { Collector } from './collector/collector.js';
import { FailoverTimers } from './failover/failover-timers.js';
import type { LeaderLoop } from './leader-loop.js';
import type { MasterLimits } from './limits.js';
import { LivenessLoop } from './liveness/index.js';
import { CALL_METHODS } from './numbers.js';
import { decodeAcceptCall, decodeDeclineCall } from './offers/call-codec.js';
import { Launches } from './offers/launches.js';
import { OfferDesk } from './offers/offer-desk.js';
import { OfferEvents } from './offers/offer-events.js';
import { Sweeps } from './sweeps/sweeps.js';
import { SteadyTime } from './time/steady-time.js';

type Reply = (reply: CallReply) => void;

/**
 * What this member does while it leads: starts with its machine complete, and stops with its term. While an alarm
 * stands nothing can be written, so nothing is offered and no time is counted; afterwards all deadlines begin
 * anew, as they do after an election.
 */
export class LeaderOffice {
  private readonly context: MasterContext;
  private readonly liveness: LivenessLoop;
  private readonly failover: FailoverTimers;
  private readonly sweeps: Sweeps;
  private readonly collector: Collector;
  private readonly serverList: ServerList;
  private readonly desk: OfferDesk;
  private readonly offerEvents: OfferEvents;
  private readonly launches: Launches;
  /** In the order in which they start. */
  private readonly loops: readonly LeaderLoop[];
  /** Those of them that rest while an alarm stands. */
  private readonly resting: readonly LeaderLoop[];
  private rests = false;
  private term: number | null = null;

  constructor(context: MasterContext, limits: MasterLimits, checkpoints: Checkpoints) {
    this.context = context;
    const { sweepMs } = limits.liveness;
    const time = new SteadyTime(context, limits.liveness, (nowMs) => this.expire(nowMs));
    const nowMs = (): number => time.nowMs();
    this.liveness = new LivenessLoop(context, limits.liveness, nowMs);
    this.failover = new FailoverTimers(context, limits.failover, sweepMs, nowMs);
    this.sweeps = new Sweeps(context, limits.sweeps);
    this.collector = new Collector(context, limits.collector);
    this.serverList = new ServerList(context, limits.serverList);
    this.desk = new OfferDesk(context, { ...limits.offers, ...limits.allocator }, sweepMs, nowMs);
    this.offerEvents = new OfferEvents(this.desk);
    this.launches = new Launches(context, limits.offers, this.desk);
    this.resting = [this.liveness, this.failover, this.sweeps, this.collector, this.serverList];
    this.loops = [
      time,
      this.liveness,
      this.failover,
      this.sweeps,
      this.collector,
      this.serverList,
      this.desk,
      this.launches,
      checkpoints,
    ];
  }

  /** Installs the handlers of the calls that only a leader judges. Once. */
  serveCalls(): void {
    const { replica } = this.context;
    replica.handleCalls(CALL_METHODS.accept, (_from, body, reply) => {
      this.judge(reply, () => this.launches.accept(decodeAcceptCall(body), reply));
    });
    replica.handleCalls(CALL_METHODS.decline, (_from, body, reply) => {
      this.judge(reply, () => this.launches.decline(decodeDeclineCall(body), reply));
    });
    replica.handleCalls(CALL_METHODS.explainOffers, (_from, body, reply) => {
      this.judge(reply, () => {
        const explanation = this.desk.explain(utf8Decode(body) as FrameworkId);
        const { revision } = replica.machine;
        reply({ ok: true, revision, body: utf8Encode(JSON.stringify(explanation)) });
      });
    });
  }

  leadership(view: LeadershipView): void {
    const term = view.kind === 'leading' ? view.term : null;
    if (term === this.term) return;
    if (this.term !== null) this.stop();
    this.term = term;
    if (term === null) return;
    this.context.logger.info({ term }, 'this member leads');
    for (const loop of this.loops) loop.start(term);
    this.rests = false;
    this.review();
  }

  stop(): void {
    if (this.term === null) return;
    this.term = null;
    for (const loop of this.loops.toReversed()) loop.stop();
  }

  applied(events: readonly StateEvent[]): void {
    if (this.term === null) return;
    this.liveness.applied(events);
    this.failover.applied(events);
    this.sweeps.applied(events);
    this.offerEvents.applied(events);
    if (events.some((event) => event.kind === 'alarm-raised' || event.kind === 'alarm-cleared'))
      this.review();
  }

  report(from: MemberId, body: Uint8Array): void {
    this.liveness.report(from, body);
  }

  memberUp(member: MemberId): void {
    this.desk.memberUp(member);
  }

  memberDown(member: MemberId): void {
    this.desk.memberDown(member);
  }

  /** Rests while an alarm stands, and goes back to work when it is cleared. */
  private review(): void {
    const { term } = this;
    const rests = this.context.replica.machine.alarm !== null;
    if (term === null || rests === this.rests) return;
    this.rests = rests;
    if (rests) {
      this.context.logger.error(
        { alarm: this.context.replica.machine.alarm },
        'an alarm stands: writes are refused',
      );
      for (const loop of this.resting.toReversed()) loop.stop();
      this.desk.suspend();
    } else {
      this.context.logger.info({}, 'the alarm is cleared');
      for (const loop of this.resting) loop.start(term);
      this.desk.resume();
    }
  }

  private expire(nowMs: number): void {
    this.liveness.tick(nowMs);
    this.failover.tick(nowMs);
    this.desk.tick(nowMs);
  }

  private judge(reply: Reply, run: () => void): void {
    try {
      if (this.term === null) {
        reply({ ok: false, code: 'NOT_LEADER', message: 'the term of office is over', unknown: false });
      } else run();
    } catch (error) {
      const { code, message } = faultOf(error);
      reply({ ok: false, code, message, unknown: false });
    }
  }
}

/** A call that cannot be read, or that asks for what only a newer release knows. Anything else is a defect. */
function faultOf(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  if (error instanceof MalformedError) return { code: 'MALFORMED', message: error.message };
  if (error instanceof UnknownCommandError) return { code: 'UNSUPPORTED', message: error.message };
  throw error;
}
