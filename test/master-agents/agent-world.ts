import {
  SeededRandom,
  must,
  type AgentId,
  type ClusterId,
  type ErrorCode,
  type FrameworkId,
  type TaskId,
} from '../../lib/base/index.js';
import {
  AGENT_SERVICE_LIMITS,
  AgentService,
  type AgentConnection,
  type AgentServiceLimits,
} from '../../lib/master/agents/index.js';
import { TASK_STATE, type StateEvent, type TaskState, type TaskView } from '../../lib/state/index.js';
import type { MasterMessage, RegisterAgent, StatusUpdate, TaskReport, mesos } from '../../lib/wire/index.js';
import { quiet } from '../support/quiet.js';
import { World, acceptedAt, taskInfo, type FakeScheduler } from '../master/world.js';

const STATE_NAMES = new Map(Object.entries(TASK_STATE).map(([name, number]) => [number, `TASK_${name}`]));

/** A group of masters in virtual time whose agents are streams that the tests play. */
export class AgentWorld extends World {
  readonly services: AgentService[];

  constructor(members: number = 1, limits: Partial<AgentServiceLimits> = {}) {
    super({ members });
    this.services = this.group.members.map((replica, i) => {
      const { time } = this.group;
      const context = { replica, clock: time, timers: time, random: new SeededRandom(99 + i), logger: quiet };
      const { streams, liveness } = this.master(i + 1);
      return new AgentService(context, { ...AGENT_SERVICE_LIMITS, ...limits }, streams, liveness);
    });
    for (const service of this.services) service.start();
  }

  open(at: number = 1): FakeAgent {
    return new FakeAgent(must(this.services[at - 1], `no member ${at}`));
  }

  /** An agent that has registered at member `at`. */
  join(request: Partial<RegisterAgent> = {}, at: number = 1): FakeAgent {
    const agent = this.open(at);
    agent.register(request);
    this.settle();
    return agent;
  }

  /** A framework that has launched these tasks on the agent. */
  launch(agentId: AgentId, ...ids: readonly string[]): FakeScheduler {
    const scheduler = this.subscribe('f');
    this.launchMore(scheduler, agentId, ...ids);
    return scheduler;
  }

  launchMore(scheduler: FakeScheduler, agentId: AgentId, ...ids: readonly string[]): void {
    const offer = must(
      scheduler.offers().findLast(({ agent_id }) => agent_id.value === agentId),
      `no offer of ${agentId}`,
    );
    acceptedAt(
      scheduler.accept(
        offer,
        ids.map((id) => taskInfo(id, agentId, 0.1, 16)),
        0,
      ),
    );
  }

  /** Has member 1 told of an event once more. */
  tell(event: StateEvent): void {
    this.group.member(1).tell([event]);
  }

  task(framework: FrameworkId, id: string): TaskView {
    return must(this.machine.tasks.get(framework, id as TaskId), `no task ${id}`);
  }

  status(agentId: AgentId): string {
    return this.machine.agents.get(agentId)?.status.kind ?? 'unknown';
  }
}

/** One stream of an agent, as its process sees it. */
export class FakeAgent {
  readonly messages: MasterMessage[] = [];
  refusal: { readonly code: ErrorCode; readonly message: string } | null = null;
  /** Messages that its connection has not taken; null: it takes all. */
  unread: number | null = null;
  private readonly connection: AgentConnection;
  private closed = false;
  private uuids = 0;

  constructor(service: AgentService) {
    const unread = (): number => this.unread ?? 0;
    // A stream refused while it opens is reported as closed when its door begins to listen.
    let connection: AgentConnection | null = null;
    const closed = (): void => connection?.closed();
    this.connection = connection = service.connect({
      write: (message) => {
        this.messages.push(message);
        if (this.unread !== null) this.unread++;
      },
      refuse: (code, message) => {
        this.refusal = { code, message };
        this.closed = true;
        closed();
      },
      get queued() {
        return unread();
      },
    });
    if (this.closed) closed();
  }

  get code(): string {
    return this.refusal?.code ?? 'open';
  }

  get id(): AgentId {
    return must(this.of('registered')[0], () => `not registered: ${JSON.stringify(this.refusal)}`).agentId;
  }

  register(request: Partial<RegisterAgent> = {}): void {
    this.send({
      kind: 'register',
      agentId: null,
      info: agentInfo(),
      bootId: 'boot-1',
      knownRevision: 0,
      tasks: [],
      incarnation: '00000000000000a1',
      clusterId: null,
      ...request,
    });
  }

  send(message: Parameters<AgentConnection['message']>[0]): void {
    this.connection.message(message);
  }

  beat(): void {
    this.send({ kind: 'heartbeat', sentAtMs: 0 });
  }

  /** Sends a status update of a task. */
  update(
    frameworkId: FrameworkId,
    task: string,
    sequence: number,
    state: TaskState,
    more: Partial<mesos.TaskStatus> & { readonly exit?: StatusUpdate['exit'] } = {},
  ): void {
    const { exit = null, ...status } = more;
    const uuid = new Uint8Array(16).fill(++this.uuids);
    const name = must(STATE_NAMES.get(state), 'a state') as mesos.TaskState;
    const taskId = task as TaskId;
    this.send({
      kind: 'update',
      frameworkId,
      taskId,
      sequence,
      status: {
        task_id: { value: task },
        state: name,
        uuid,
        timestamp: 1,
        source: 'SOURCE_EXECUTOR',
        ...status,
      },
      exit,
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.connection.closed();
  }

  of<K extends MasterMessage['kind']>(kind: K): Extract<MasterMessage, { readonly kind: K }>[] {
    return this.messages.filter(
      (message): message is Extract<MasterMessage, { readonly kind: K }> => message.kind === kind,
    );
  }

  /** Launches and kills in the order in which they were told. */
  orders(): string[] {
    return this.messages.flatMap((message) => {
      if (message.kind === 'launch') return `launch ${message.task.task_id.value}`;
      return message.kind === 'kill' ? `kill ${message.taskId}` : [];
    });
  }

  committed(): string[] {
    return this.of('updateCommitted').map(({ taskId, sequence }) => `${taskId} ${sequence}`);
  }
}

export function agentInfo(): mesos.AgentInfo {
  return {
    hostname: 'a1.test',
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 4096 } },
    ],
  };
}

export function report(frameworkId: FrameworkId, task: string, lastSequence: number): TaskReport {
  return { frameworkId, taskId: task as TaskId, lastSequence, terminal: false };
}

export const CLUSTER = 'cluster-1' as ClusterId;
