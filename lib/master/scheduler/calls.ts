import { TepuiError, type AgentId, type FrameworkId, type OfferId, type TaskId } from '../../base/index.js';
import { TASK_STATE, encodeCommand, type PlainCommand, type TaskState } from '../../state/index.js';
import type { SchedulerRequest, mesos } from '../../wire/index.js';
import { refuseMsOf } from '../allocator/filters.js';
import type { MasterContext } from '../context.js';
import { CALL_METHODS } from '../numbers.js';
import { encodeAcceptCall, encodeDeclineCall } from '../offers/call-codec.js';
import { termOf } from '../offers/offer-id.js';
import type { FrameworkStream } from './framework-stream.js';
import { killGraceMsOf, launchOrderOf } from './launch-tasks.js';
import { LeaderCalls } from './leader-calls.js';
import { accepted, answerOfOutcome, refused, refusedBy, type Answered } from './replies.js';
import type { SchedulerLimits } from './types.js';

/** One request of a framework that is subscribed somewhere. */
interface Job {
  readonly request: SchedulerRequest;
  readonly frameworkId: FrameworkId;
  /** Where its events go, if this member holds the framework's stream. */
  readonly stream: FrameworkStream | null;
  readonly answered: Answered;
}

type CallOf<T extends mesos.CallType> = Extract<mesos.Call, { readonly type: T }>;

/** Runs every call but SUBSCRIBE. What changes replicated state needs a session; it is then done at most once. */
export class SchedulerCalls {
  private readonly context: MasterContext;
  private readonly leader: LeaderCalls;

  constructor(context: MasterContext, limits: SchedulerLimits) {
    this.context = context;
    this.leader = new LeaderCalls(context, limits);
  }

  stop(): void {
    this.leader.stop();
  }

  run(job: Job): void {
    try {
      this.dispatch(job, job.request.call);
    } catch (error) {
      job.answered(refusedBy(error));
    }
  }

  private dispatch(job: Job, call: mesos.Call): void {
    const { frameworkId } = job;
    switch (call.type) {
      case 'ACCEPT':
        return this.accept(job, call);
      case 'DECLINE':
        return this.decline(job, idsOf(call.decline.offer_ids), call.decline.filters);
      case 'KILL':
        return this.kill(job, call);
      case 'ACKNOWLEDGE': {
        const { task_id, uuid } = call.acknowledge;
        const taskId = task_id.value as TaskId;
        return this.inSession(job, { kind: 'task-acknowledge', frameworkId, taskId, uuid });
      }
      case 'SUPPRESS':
        return this.inSession(job, {
          kind: 'framework-suppress',
          frameworkId,
          roles: rolesOf(call.suppress),
        });
      case 'REVIVE':
        return this.inSession(job, { kind: 'framework-revive', frameworkId, roles: rolesOf(call.revive) });
      case 'TEARDOWN':
        return this.teardown(job);
      case 'RECONCILE':
        return this.reconcile(job, call);
      case 'REQUEST':
        return job.answered(accepted(0));
      case 'SUBSCRIBE':
        return job.answered(refused('UNSUPPORTED', 'SUBSCRIBE needs a stream: use Connect'));
      case 'UNKNOWN':
        return job.answered(refused('UNSUPPORTED', 'a call of a type that this release does not know'));
      case 'SHUTDOWN':
      case 'MESSAGE':
      case 'ACCEPT_INVERSE_OFFERS':
      case 'DECLINE_INVERSE_OFFERS':
      case 'ACKNOWLEDGE_OPERATION_STATUS':
      case 'RECONCILE_OPERATIONS':
      case 'UPDATE_FRAMEWORK':
        return job.answered(refused('UNSUPPORTED', `${call.type} is not supported by this release`));
    }
  }

  private accept(job: Job, { accept }: CallOf<'ACCEPT'>): void {
    const { frameworkId, stream } = job;
    const offerIds = idsOf(accept.offer_ids);
    const { agentId, tasks } = launchOrderOf(accept.operations ?? []);
    if (agentId === null) return this.decline(job, offerIds, accept.filters);
    const launch = { kind: 'task-launch', frameworkId, agentId, role: '*', term: 0, tasks } as const;
    const term = termOf(offerIds[0] ?? '') ?? 0;
    const body = encodeAcceptCall({
      offerIds,
      refuseMs: refuseMsOf(accept.filters?.refuse_seconds),
      launch: { ...sessionOf(job.request), command: { ...launch, term } },
    });
    this.checkSize(body);
    stream?.used(offerIds);
    this.leader.call(CALL_METHODS.accept, body, job.answered);
  }

  private decline(job: Job, offerIds: readonly OfferId[], filters: mesos.Filters | undefined): void {
    const { frameworkId, stream } = job;
    stream?.used(offerIds);
    const body = encodeDeclineCall({ frameworkId, offerIds, refuseMs: refuseMsOf(filters?.refuse_seconds) });
    this.leader.call(CALL_METHODS.decline, body, job.answered);
  }

  private kill(job: Job, { kill }: CallOf<'KILL'>): void {
    const { frameworkId, stream } = job;
    const taskId = kill.task_id.value as TaskId;
    const graceMs = killGraceMsOf(kill.kill_policy) ?? -1;
    this.inSession(job, { kind: 'task-kill', frameworkId, taskId, graceMs }, (answer) => {
      job.answered(answer);
      // As in Mesos, where the caller learns of it by an update alone.
      if (answer.kind === 'refused' && answer.code === 'UNKNOWN_TASK') {
        reconcile(stream, [{ taskId, agentId: (kill.agent_id?.value ?? null) as AgentId | null }]);
      }
    });
  }

  private teardown(job: Job): void {
    const { frameworkId, stream } = job;
    const subscription = this.context.replica.machine.frameworks.get(frameworkId)?.subscription ?? 0;
    this.inSession(job, { kind: 'framework-teardown', frameworkId, cause: 'asked', subscription });
    if (stream !== null) stream.teardownAsked = true;
  }

  /** Answered from this member's machine after a linearizable read: authoritative, and complete at once. */
  private reconcile(job: Job, { reconcile: asked }: CallOf<'RECONCILE'>): void {
    const { frameworkId, stream } = job;
    if (stream === null) {
      const message = `the stream of ${frameworkId} is not at this master: ask there`;
      return job.answered(refused('FRAMEWORK_DISCONNECTED', message));
    }
    this.context.replica.read((refusal) => {
      if (refusal !== null) return job.answered(refused(refusal.code, refusal.message));
      const named = (asked.tasks ?? []).map(({ task_id, agent_id }) => ({
        taskId: task_id.value as TaskId,
        agentId: (agent_id?.value ?? null) as AgentId | null,
      }));
      const { machine } = this.context.replica;
      job.answered(accepted(machine.revision));
      reconcile(stream, named.length > 0 ? named : machine.tasks.ofFramework(frameworkId).filter(isActive));
    });
  }

  private inSession(job: Job, command: PlainCommand, answered: Answered = job.answered): void {
    const bytes = encodeCommand({ ...sessionOf(job.request), command });
    this.checkSize(bytes);
    this.context.replica.propose(bytes, (outcome) => answered(answerOfOutcome(outcome)));
  }

  private checkSize(bytes: Uint8Array): void {
    const { commandBytes } = this.context.replica.machine.limits;
    if (bytes.length <= commandBytes) return;
    throw new TepuiError('TOO_LARGE', `a call of ${bytes.length} bytes; the limit is ${commandBytes}`);
  }
}

function sessionOf({ session, sequence, acknowledgedBelow }: SchedulerRequest): {
  readonly kind: 'in-session';
  readonly session: SchedulerRequest['session'];
  readonly sequence: number;
  readonly acknowledgedBelow: number;
} {
  if (session === '') {
    throw new TepuiError(
      'INVALID_ARGUMENT',
      'this call needs a session (Coordination.OpenSession) and a sequence',
    );
  }
  if (sequence < 1) throw new TepuiError('INVALID_ARGUMENT', `sequence ${sequence}: sequences start at 1`);
  if (acknowledgedBelow > sequence) {
    const message = `acknowledged_below ${acknowledgedBelow} is above the call's own sequence ${sequence}`;
    throw new TepuiError('INVALID_ARGUMENT', message);
  }
  return { kind: 'in-session', session, sequence, acknowledgedBelow };
}

function idsOf(ids: readonly mesos.OfferID[] | undefined): OfferId[] {
  return (ids ?? []).map(({ value }) => value as OfferId);
}

function rolesOf(call: mesos.CallRoles | undefined): readonly string[] {
  return call?.roles ?? [];
}

const FINAL_STATES: ReadonlySet<TaskState> = new Set([
  TASK_STATE.FINISHED,
  TASK_STATE.FAILED,
  TASK_STATE.KILLED,
  TASK_STATE.ERROR,
  TASK_STATE.LOST,
  TASK_STATE.DROPPED,
  TASK_STATE.GONE,
]);

function isActive({ state }: { readonly state: TaskState }): boolean {
  return !FINAL_STATES.has(state);
}

function reconcile(
  stream: FrameworkStream | null,
  tasks: readonly { readonly taskId: TaskId; readonly agentId: AgentId | null }[],
): void {
  if (stream?.state.kind !== 'subscribed') return;
  stream.reconcile(tasks);
}
