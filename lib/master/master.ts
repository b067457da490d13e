import { MalformedError, utf8Decode, utf8Encode, type ErrorCode, type FrameworkId } from '../base/index.js';
import type { LeadershipView } from '../replica/types.js';
import type { MachineLimits } from '../state/index.js';
import type { OfferExplanation } from './allocator/explain.js';
import { Checkpoints, type VerdictListener } from './checkpoints/checkpoints.js';
import { Announcements } from './cluster/announcements.js';
import type { MasterContext } from './context.js';
import { LeaderOffice } from './leader-office.js';
import { MASTER_LIMITS, checkMasterLimits, type MasterLimits } from './limits.js';
import { BatchingReporter, type LivenessReporter } from './liveness/index.js';
import { CALL_METHODS, StreamNumbers } from './numbers.js';
import { MemberScheduler } from './scheduler/service.js';
import type { SchedulerService } from './scheduler/types.js';

export interface MasterOptions extends MasterContext {
  /** What the group's first leader makes the limits of the machine. */
  readonly machineLimits: MachineLimits;
  readonly limits?: MasterLimits;
  /** On every member: the verdict on a checkpoint, as soon as there is one. */
  readonly verdict?: VerdictListener;
}

/** Everything between the replica and the doors that is about frameworks, and the loops of the leader. */
export interface Master {
  start(): void;
  stop(): void;
  readonly scheduler: SchedulerService;
  readonly liveness: LivenessReporter;
  /** Numbers for every stream that this member accepts and names in the log. */
  readonly streams: StreamNumbers;
  /** Why a framework has the offers it has, as the leader sees it. */
  explainOffers(
    frameworkId: FrameworkId,
    done: (answer: OfferExplanation | { readonly code: ErrorCode; readonly message: string }) => void,
  ): void;
}

export function createMaster(options: MasterOptions): Master {
  return new MemberMaster(options);
}

class MemberMaster implements Master {
  readonly scheduler: MemberScheduler;
  readonly liveness: BatchingReporter;
  readonly streams: StreamNumbers;
  private readonly context: MasterContext;
  private readonly office: LeaderOffice;
  private readonly checkpoints: Checkpoints;
  private readonly announcements: Announcements;
  private forget: (() => void) | null = null;
  private served = false;

  constructor(options: MasterOptions) {
    const { replica, clock, timers, random, logger, machineLimits } = options;
    const limits = options.limits ?? MASTER_LIMITS;
    checkMasterLimits(limits);
    this.context = { replica, clock, timers, random, logger };
    this.streams = new StreamNumbers(replica);
    this.liveness = new BatchingReporter({
      timers,
      limits: limits.liveness,
      send: (body) => replica.reportLiveness(body),
    });
    this.scheduler = new MemberScheduler(this.context, limits.scheduler, this.streams, this.liveness);
    this.checkpoints = new Checkpoints(this.context, {
      intervalMs: limits.checkpointIntervalMs,
      retryMs: limits.announceRetryMs,
      verdict: options.verdict ?? (() => {}),
    });
    this.office = new LeaderOffice(this.context, limits, this.checkpoints);
    this.announcements = new Announcements(this.context, {
      machineLimits,
      retryMs: limits.announceRetryMs,
      lookMs: limits.announceLookMs,
    });
  }

  start(): void {
    const { replica } = this.context;
    if (!this.served) this.office.serveCalls();
    this.served = true;
    this.forget = replica.listen({
      applied: (events) => {
        this.office.applied(events);
        this.checkpoints.applied(events);
        this.announcements.applied(events);
        this.scheduler.applied(events);
      },
      leadership: (view) => this.leadership(view),
      reset: () => {
        this.checkpoints.reset();
        this.scheduler.reset();
      },
      push: (from, topic, body) => this.tolerate(from, () => this.scheduler.pushed(topic, body)),
      liveness: (from, body) => this.tolerate(from, () => this.office.report(from, body)),
      cut: (index, digest) => this.checkpoints.cut(index, digest),
      peerUp: (hello) => this.office.memberUp(hello.memberId),
      peerDown: (member) => this.office.memberDown(member),
    });
    this.liveness.start();
    this.scheduler.start();
    this.announcements.start();
    this.leadership(replica.leadership());
  }

  stop(): void {
    this.forget?.();
    this.forget = null;
    this.scheduler.stop();
    this.liveness.stop();
    this.announcements.stop();
    this.office.stop();
  }

  explainOffers(frameworkId: FrameworkId, done: Parameters<Master['explainOffers']>[1]): void {
    this.context.replica.callLeader(CALL_METHODS.explainOffers, utf8Encode(frameworkId), (reply) => {
      if (!reply.ok) done({ code: reply.code, message: reply.message });
      else done(JSON.parse(utf8Decode(reply.body)) as OfferExplanation);
    });
  }

  private leadership(view: LeadershipView): void {
    this.office.leadership(view);
    this.scheduler.leadership(view);
    this.announcements.check();
  }

  /** News of another member that cannot be read is dropped: it is soft, and its sender may be of another release. */
  private tolerate(from: string, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.context.logger.warn({ from, why: error.message }, 'news of another member could not be read');
    }
  }
}
