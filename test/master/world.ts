import assert from 'node:assert/strict';
import {
  SeededRandom,
  must,
  type AgentId,
  type FrameworkId,
  type SessionId,
  type TaskId,
  type TepuiError,
} from '../../lib/base/index.js';
import {
  createMaster,
  MASTER_LIMITS,
  type Master,
  type MasterLimits,
  type VerdictListener,
} from '../../lib/master/index.js';
import {
  DEFAULT_LIMITS,
  TASK_STATE,
  encodeCommand,
  type CommandResult,
  type PlainCommand,
  type Resources,
  type TaskState,
} from '../../lib/state/index.js';
import type { SchedulerReply, mesos } from '../../lib/wire/index.js';
import { quiet } from '../support/quiet.js';
import { FakeGroup, type FakeReplica } from './fake-group.js';

export const MIB = 1024 * 1024;

export function resources(cpus: number, memMib: number): Resources {
  return { cpuMilli: cpus * 1000, memoryBytes: memMib * MIB, diskBytes: 0, others: [] };
}

export interface SchedulerWorldOptions {
  readonly members?: number;
  readonly limits?: Partial<MasterLimits>;
  readonly seed?: number;
  readonly verdict?: VerdictListener;
}

/** A group of masters in virtual time, with agents and frameworks that the tests play. */
export class World {
  readonly group: FakeGroup;
  readonly masters: Master[];
  private sessions = 0;
  private uuids = 0;

  constructor(options: SchedulerWorldOptions = {}) {
    this.group = new FakeGroup(options.members ?? 1);
    const limits = { ...MASTER_LIMITS, ...options.limits };
    this.masters = this.group.members.map((replica, i) =>
      createMaster({
        replica,
        clock: this.group.time,
        timers: this.group.time,
        random: new SeededRandom((options.seed ?? 1) + i),
        logger: quiet,
        machineLimits: DEFAULT_LIMITS,
        limits,
        ...(options.verdict === undefined ? {} : { verdict: options.verdict }),
      }),
    );
    for (const master of this.masters) master.start();
    this.group.elect(1);
  }

  get machine(): FakeReplica['machine'] {
    return must(this.group.alive()[0], 'nobody is alive').machine;
  }

  master(n: number): Master {
    return must(this.masters[n - 1], `no master ${n}`);
  }

  advance(ms: number): void {
    this.group.time.advance(ms);
  }

  settle(): void {
    this.group.settle();
  }

  /** Commits a command through member `at` and returns its result. */
  commit(
    command: PlainCommand,
    at: number = this.group.members.findIndex((one) => one.alive) + 1,
  ): CommandResult {
    let result: CommandResult | null = null;
    this.group.member(at).propose(encodeCommand(command), (outcome) => {
      if (outcome.kind === 'applied') ({ result } = outcome);
    });
    this.settle();
    return must<CommandResult>(result, `${command.kind} was not committed`);
  }

  openSession(timeoutMs: number = 600_000): SessionId {
    const session = (++this.sessions).toString(16).padStart(16, '0') as SessionId;
    this.commit({ kind: 'session-open', session, timeoutMs });
    return session;
  }

  /** Registers an agent at member `at`. It stays alive while `heartbeat` is called. */
  addAgent(name: string, amount: Resources = resources(4, 4096), at: number = 1): AgentId {
    const agentId = name as AgentId;
    const connection = { member: this.group.member(at).node, stream: this.master(at).streams.next() };
    const facts = { hostname: `${name}.test`, bootId: 'boot', resources: amount, attributes: [] };
    const result = this.commit({
      kind: 'agent-register',
      agentId,
      ...facts,
      spec: new Uint8Array(0),
      connection,
    });
    assert.ok(result.ok, JSON.stringify(result));
    return agentId;
  }

  attachment(agentId: AgentId): number {
    return must(this.machine.agents.get(agentId), `no agent ${agentId}`).attachment;
  }

  /** The agent reports a state of a task. */
  report(framework: FrameworkId, task: string, sequence: number, state: TaskState): CommandResult {
    const taskId = task as TaskId;
    const { agentId } = must(this.machine.tasks.get(framework, taskId), `no task ${task}`);
    return this.commit({
      kind: 'task-update',
      frameworkId: framework,
      taskId,
      agentId,
      attachment: this.attachment(agentId),
      sequence,
      uuid: this.uuid(),
      state,
      reason: -1,
      message: '',
      status: new Uint8Array(0),
      source: 2,
      exit: null,
      timeMs: this.group.time.wallMs(),
    });
  }

  run(framework: FrameworkId, task: string): void {
    this.report(framework, task, 1, TASK_STATE.RUNNING);
  }

  uuid(): Uint8Array {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(12, ++this.uuids);
    return bytes;
  }

  /** A scheduler connected to member `at`, subscribed unless told otherwise. */
  connect(at: number = 1): FakeScheduler {
    return new FakeScheduler(this, at);
  }

  subscribe(name: string, options: SubscribeOptions = {}): FakeScheduler {
    const scheduler = this.connect(options.at ?? 1);
    scheduler.subscribe(name, options);
    return scheduler;
  }
}

export interface SubscribeOptions {
  readonly at?: number;
  readonly id?: FrameworkId;
  readonly roles?: readonly string[];
  readonly suppressed?: readonly string[];
  readonly failoverSeconds?: number;
}

type Event<T extends mesos.EventType> = Extract<mesos.Event, { readonly type: T }>;

/** One stream of a framework, as its program sees it. */
export class FakeScheduler {
  readonly replies: SchedulerReply[] = [];
  /** How the stream ended; undefined while it is open. */
  ended: TepuiError | null | undefined;
  /** Answers of `send`: false plays a reader that does not read. */
  reading = true;
  session: SessionId | '' = '';
  frameworkId = '' as FrameworkId;
  private readonly world: World;
  private readonly connection;
  private sequence = 0;

  constructor(world: World, at: number) {
    this.world = world;
    this.connection = world.master(at).scheduler.connect({
      send: (reply) => {
        this.replies.push(reply);
        return this.reading;
      },
      end: (error) => {
        this.ended = error;
      },
    });
  }

  subscribe(name: string, options: SubscribeOptions = {}): void {
    const { id, roles, suppressed, failoverSeconds = 3600 } = options;
    this.request({
      ...(id === undefined ? {} : { framework_id: { value: id } }),
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: {
          user: 'nobody',
          name,
          failover_timeout: failoverSeconds,
          capabilities: [
            { type: 'PARTITION_AWARE' },
            ...(roles === undefined ? [] : [{ type: 'MULTI_ROLE' as const }]),
          ],
          ...(roles === undefined ? {} : { roles }),
          ...(id === undefined ? {} : { id: { value: id } }),
        },
        ...(suppressed === undefined ? {} : { suppressed_roles: suppressed }),
      },
    });
    this.world.settle();
    const subscribed = this.events('SUBSCRIBED').at(-1);
    if (subscribed !== undefined) this.frameworkId = subscribed.subscribed.framework_id.value as FrameworkId;
  }

  /** Sends a request under the next sequence, or the one given; returns its sequence. */
  request(call: mesos.Call, sequence: number = ++this.sequence): number {
    this.connection.request({ session: this.session as SessionId, sequence, call, acknowledgedBelow: 0 });
    return sequence;
  }

  /** Sends a call of the subscribed framework, settles, and returns its answer (null: none yet). */
  ask(call: mesos.Call): SchedulerReply | null {
    if (this.session === '') this.session = this.world.openSession();
    const sequence = this.request({ ...call, framework_id: { value: this.frameworkId } });
    this.world.settle();
    return this.answer(sequence);
  }

  answer(sequence: number): SchedulerReply | null {
    const answers = this.replies.filter((reply) => reply.kind !== 'event' && reply.sequence === sequence);
    assert.ok(answers.length <= 1, `sequence ${sequence} was answered ${answers.length} times`);
    return answers[0] ?? null;
  }

  events<T extends mesos.EventType>(type: T): Event<T>[] {
    return this.replies
      .filter((reply) => reply.kind === 'event')
      .map(({ event }) => event)
      .filter((event): event is Event<T> => event.type === type);
  }

  /** Every offer that was made and not withdrawn since. */
  offers(): mesos.Offer[] {
    const gone = new Set(this.events('RESCIND').map(({ rescind }) => rescind.offer_id.value));
    return this.events('OFFERS')
      .flatMap(({ offers }) => offers.offers ?? [])
      .filter(({ id }) => !gone.has(id.value));
  }

  updates(): mesos.TaskStatus[] {
    return this.events('UPDATE').map(({ update }) => update.status);
  }

  accept(
    offer: mesos.Offer,
    tasks: readonly mesos.TaskInfo[],
    refuseSeconds?: number,
  ): SchedulerReply | null {
    return this.ask(acceptCall([offer], tasks, refuseSeconds));
  }

  decline(offer: mesos.Offer, refuseSeconds?: number): SchedulerReply | null {
    const filters = refuseSeconds === undefined ? {} : { filters: { refuse_seconds: refuseSeconds } };
    return this.ask({ type: 'DECLINE', decline: { offer_ids: [offer.id], ...filters } });
  }

  acknowledge(status: mesos.TaskStatus): SchedulerReply | null {
    const { task_id, agent_id, uuid } = status;
    const acknowledge = { task_id, agent_id: agent_id!, uuid: uuid! };
    return this.ask({ type: 'ACKNOWLEDGE', acknowledge });
  }

  get endCode(): string {
    return this.ended === undefined ? 'open' : (this.ended?.code ?? 'ended well');
  }

  drain(): void {
    this.reading = true;
    this.connection.drained();
  }

  disconnect(): void {
    this.connection.closed();
    this.world.settle();
  }

  /** The client says that it sends nothing more. */
  end(): void {
    this.connection.ended();
    this.world.settle();
  }
}

export function acceptCall(
  offers: readonly mesos.Offer[],
  tasks: readonly mesos.TaskInfo[],
  refuseSeconds?: number,
): mesos.Call {
  return {
    type: 'ACCEPT',
    accept: {
      offer_ids: offers.map(({ id }) => id),
      operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
      ...(refuseSeconds === undefined ? {} : { filters: { refuse_seconds: refuseSeconds } }),
    },
  };
}

export function taskInfo(
  id: string,
  agent: AgentId | string,
  cpus: number = 1,
  mem: number = 128,
): mesos.TaskInfo {
  const scalar = (name: string, value: number): mesos.Resource => ({
    name,
    type: 'SCALAR',
    scalar: { value },
  });
  return {
    name: id,
    task_id: { value: id },
    agent_id: { value: agent },
    resources: [scalar('cpus', cpus), scalar('mem', mem)],
    command: { value: 'true' },
  };
}

/** Asserts acceptance and returns the index. */
export function acceptedAt(reply: SchedulerReply | null): number {
  assert.equal(reply?.kind, 'accepted', JSON.stringify(reply));
  return reply.kind === 'accepted' ? reply.index : 0;
}

export function refusalCode(reply: SchedulerReply | null): string {
  assert.equal(reply?.kind, 'refused', JSON.stringify(reply));
  return reply.kind === 'refused' ? reply.refusal.code : '';
}

/** Agents that send a heartbeat to member `at` every second, as long as it lives. */
export function keepAlive(world: World, agents: readonly string[], at: number = 1): void {
  const beat = (): void => {
    for (const agent of agents) world.master(at).liveness.agentAlive(agent as AgentId);
    world.group.time.after(1_000, beat);
  };
  beat();
}
