import {
  below,
  between,
  chance,
  pick,
  randomHex,
  type AgentId,
  type FrameworkId,
  type MemberId,
  type NodeId,
  type SeededRandom,
  type SessionId,
  type TaskId,
} from '../../../lib/base/index.js';
import {
  type AgentView,
  type Command,
  DEFAULT_LIMITS,
  type FrameworkView,
  isTerminal,
  type Machine,
  makeResources,
  type PlainCommand,
  TASK_SOURCE,
  TASK_STATE,
  type TaskState,
  type TaskView,
} from '../../../lib/state/index.js';
import { bytes, M1, M2, M3, MIB } from './driver.js';
import { coordination } from './coordination.js';

const MEMBERS: readonly NodeId[] = [M1, M2, M3];
const ROLES = ['batch', 'service'] as const;
const AHEAD: readonly TaskState[] = [
  TASK_STATE.STARTING,
  TASK_STATE.RUNNING,
  TASK_STATE.RUNNING,
  TASK_STATE.KILLING,
  TASK_STATE.FINISHED,
  TASK_STATE.FAILED,
  TASK_STATE.KILLED,
];

/**
 * Draws commands that mostly make sense for the machine as it stands, some that do not, and some that were sent
 * before. `term` is that of the entries they go into.
 */
export class Generator {
  term = 1;
  private readonly random: SeededRandom;
  private readonly machine: Machine;
  private counter = 0;
  private readonly sequences: Map<SessionId, number> = new Map();
  private readonly sent: Command[] = [];

  constructor(random: SeededRandom, machine: Machine) {
    this.random = random;
    this.machine = machine;
  }

  next(): Command {
    if (this.sent.length > 0 && chance(this.random, 0.06)) return pick(this.random, this.sent);
    const plain = this.plain();
    const sessions = this.machine.sessions.list();
    if (sessions.length === 0 || plain.kind.startsWith('session') || !chance(this.random, 0.3)) return plain;
    const command = this.inSession(pick(this.random, sessions).session, plain);
    this.sent.push(command);
    if (this.sent.length > 50) this.sent.shift();
    return command;
  }

  private inSession(session: SessionId, command: PlainCommand): Command {
    const sequence = (this.sequences.get(session) ?? 0) + between(this.random, 1, 2);
    this.sequences.set(session, sequence);
    const acknowledgedBelow = Math.max(1, sequence - below(this.random, 8));
    return { kind: 'in-session', session, sequence, acknowledgedBelow, command };
  }

  private plain(): PlainCommand {
    const sweep = this.machine.sweeps[0];
    if (sweep !== undefined && chance(this.random, 0.3)) {
      return { kind: 'sweep', ...sweep, limit: between(this.random, 1, 3), seed: this.uuid() };
    }
    const { alarm } = this.machine;
    // It stops nearly everything else: it does not stand for long.
    if (alarm !== null && chance(this.random, 0.5)) return { kind: 'alarm-clear', index: alarm.index + 1 };
    if (chance(this.random, 0.25)) return coordination(this.random, this.machine, this.somePath());
    const roll = below(this.random, 14);
    if (roll < 1) return this.cluster();
    if (roll < 2) return this.session();
    if (roll < 5) return this.tree();
    if (roll < 6) return this.agent();
    if (roll < 7) return this.framework();
    if (roll < 9) return this.launch();
    return roll < 13 ? this.task() : this.operation();
  }

  private uuid(): Uint8Array {
    return Uint8Array.from({ length: 16 }, () => below(this.random, 256));
  }

  private fresh(prefix: string): string {
    return `${prefix}${++this.counter}`;
  }

  private data(): Uint8Array {
    return bytes('x'.repeat(below(this.random, chance(this.random, 0.02) ? 40_000 : 200)));
  }

  private cluster(): PlainCommand {
    const { clusterId } = this.machine.cluster;
    if (clusterId === null) return { kind: 'cluster-init', clusterId: 'c1' as never, limits: DEFAULT_LIMITS };
    const node = pick(this.random, MEMBERS);
    if (chance(this.random, 0.2)) return { kind: 'member-forget', node };
    if (chance(this.random, 0.3)) return this.membership(node);
    if (chance(this.random, 0.05)) return { kind: 'revision-raise', by: 2 ** 20 };
    const doors = { http: this.fresh('host:'), grpc: 'host:2', peer: 'host:3', zookeeper: '' };
    return {
      kind: 'member-info',
      node,
      member: node.slice(0, 2) as never,
      doors,
      release: '0.1.0',
      commandLevel: 1,
      memoryBudgetBytes: 1024 * MIB,
    };
  }

  private membership(node: NodeId): PlainCommand {
    const hash = pick(this.random, ['a', 'b', 'c', 'not hex']).repeat(64);
    const member = node.slice(0, 2) as MemberId;
    switch (below(this.random, 6)) {
      case 0:
        return { kind: 'join-token-issue', hash, ttlMs: below(this.random, 5000), member: '', replaces: '' };
      case 1:
        return {
          kind: 'join-token-redeem',
          hash,
          node,
          member,
          doors: { http: '', grpc: this.fresh('host:'), peer: '', zookeeper: '' },
          release: '0.2.0',
          commandLevel: 3,
          memoryBudgetBytes: 1024 * MIB,
        };
      case 2:
        return { kind: 'member-mark', node, held: chance(this.random, 0.5), replaces: '' };
      case 3:
        return { kind: 'member-retire', node: `${member}@00000000000000ff` as NodeId };
      case 4:
        return { kind: 'member-retired', node: this.formerFolder(member), index: below(this.random, 1000) };
      default:
        return {
          kind: 'upkeep-set',
          promoteAfterMs: below(this.random, 100),
          removeDeadAfterMs: 0,
          unstableLosses: below(this.random, 40),
          unstableWindowMs: 1000,
        };
    }
  }

  private formerFolder(member: MemberId): NodeId {
    return `${member}@${String(below(this.random, 400)).padStart(16, 'f')}` as NodeId;
  }

  private session(): PlainCommand {
    const sessions = this.machine.sessions.list();
    if (sessions.length < 4 || chance(this.random, 0.3)) {
      return { kind: 'session-open', session: randomHex(this.random, 8) as SessionId, timeoutMs: 60_000 };
    }
    const { session, usedRevision } = pick(this.random, sessions);
    if (chance(this.random, 0.5)) return { kind: 'session-close', session };
    return { kind: 'session-expire', session, usedRevision: usedRevision - below(this.random, 2) };
  }

  /** Walks down from the root to some node. */
  private somePath(): string {
    let path = '/';
    for (let depth = 0; depth < 5; depth++) {
      const children = this.machine.tree.children(path) ?? [];
      if (children.length === 0 || chance(this.random, 0.25)) return path;
      path = `${path === '/' ? '' : path}/${pick(this.random, children)}`;
    }
    return path;
  }

  private tree(): PlainCommand {
    const path = this.somePath();
    const child = `${path === '/' ? '' : path}/n${below(this.random, 6)}`;
    if (chance(this.random, 0.35)) return { kind: 'tree-create', path: child, data: this.data() };
    const version = this.machine.tree.exists(path)?.version ?? 0;
    const expectedVersion = chance(this.random, 0.5) ? -1 : version + (chance(this.random, 0.2) ? 1 : 0);
    if (chance(this.random, 0.6)) return { kind: 'tree-set', path, data: this.data(), expectedVersion };
    return { kind: 'tree-delete', path, expectedVersion };
  }

  private agentFacts(agentId: AgentId): Omit<Extract<PlainCommand, { kind: 'agent-register' }>, 'kind'> {
    const gpus = chance(this.random, 0.3) ? [{ name: 'gpus', milli: 1000 * between(this.random, 1, 4) }] : [];
    return {
      agentId,
      hostname: `${agentId}.example`,
      bootId: this.fresh('boot'),
      resources: makeResources(
        between(this.random, 2000, 8000),
        between(this.random, 1, 8) * 1024 * MIB,
        0,
        gpus,
      ),
      attributes: [{ name: 'rack', value: String(below(this.random, 3)) }],
      spec: this.data(),
      connection: { member: pick(this.random, MEMBERS), stream: ++this.counter },
    };
  }

  private agent(): PlainCommand {
    const agents = this.machine.agents.list().filter((one) => one.status.kind !== 'removed');
    if (agents.length < 3 || chance(this.random, 0.1)) {
      return { kind: 'agent-register', ...this.agentFacts(this.fresh('a') as AgentId) };
    }
    const { agentId, attachment, status } = pick(this.random, agents);
    if (chance(this.random, 0.08)) {
      return { kind: 'agent-remove', agentId, cause: chance(this.random, 0.5) ? 'gone' : 'left' };
    }
    if (status.kind !== 'connected' && chance(this.random, 0.7)) {
      return { kind: 'agent-reregister', ...this.agentFacts(agentId) };
    }
    const stale = chance(this.random, 0.2) ? 1 : 0;
    if (chance(this.random, 0.5))
      return { kind: 'agent-disconnect', agentId, attachment: attachment - stale };
    return { kind: 'agent-unreachable', agentId, attachment: attachment - stale };
  }

  private framework(): PlainCommand {
    const living = this.living();
    if (living.length < 3 || chance(this.random, 0.1)) return this.subscribe(this.fresh('f') as FrameworkId);
    const { frameworkId, subscription, status } = pick(this.random, living);
    if (chance(this.random, 0.06)) {
      return { kind: 'framework-teardown', frameworkId, cause: 'asked', subscription };
    }
    if (status.kind === 'disconnected') {
      if (chance(this.random, 0.6)) return this.subscribe(frameworkId);
      if (chance(this.random, 0.2)) {
        return { kind: 'framework-teardown', frameworkId, cause: 'failover-timeout', subscription };
      }
      const remainingMs = Math.max(0, status.remainingMs - between(this.random, 0, 5000));
      return { kind: 'framework-failover-remaining', frameworkId, subscription, remainingMs };
    }
    if (chance(this.random, 0.3)) return { kind: 'framework-disconnect', frameworkId, subscription };
    const kind = chance(this.random, 0.5) ? 'framework-suppress' : 'framework-revive';
    return { kind, frameworkId, roles: chance(this.random, 0.5) ? [] : [pick(this.random, ROLES)] };
  }

  private subscribe(frameworkId: FrameworkId): PlainCommand {
    return {
      kind: 'framework-subscribe',
      frameworkId,
      name: 'n',
      user: 'u',
      principal: 'p',
      roles: ROLES,
      suppressed: chance(this.random, 0.2) ? ['batch'] : [],
      failoverTimeoutMs: 60_000,
      capabilities: below(this.random, 32),
      spec: this.data(),
      connection: { member: pick(this.random, MEMBERS), stream: ++this.counter },
    };
  }

  private living(): FrameworkView[] {
    return this.machine.frameworks
      .list()
      .filter(({ status }) => status.kind === 'connected' || status.kind === 'disconnected');
  }

  private launch(): PlainCommand {
    const agents = this.machine.agents.list().filter(({ status }) => status.kind === 'connected');
    const frameworks = this.living();
    if (agents.length === 0) return this.agent();
    if (frameworks.length === 0) return this.framework();
    const agent = pick(this.random, agents);
    const { frameworkId } = pick(this.random, frameworks);
    const free = agent.resources.cpuMilli - this.machine.agents.allocated(agent.agentId).cpuMilli;
    const count = between(this.random, 1, 3);
    const tasks = Array.from({ length: count }, () => ({
      taskId: (chance(this.random, 0.03) ? `t${this.counter}` : this.fresh('t')) as TaskId,
      name: 'task',
      resources: makeResources(
        chance(this.random, 0.15) ? free : Math.max(1, Math.floor(free / (count * 3))),
        MIB,
        0,
      ),
      spec: this.data(),
      killGraceMs: 3000,
    }));
    const term = chance(this.random, 0.05) ? this.term - 1 : this.term;
    const { agentId } = agent;
    return { kind: 'task-launch', frameworkId, agentId, role: pick(this.random, ROLES), term, tasks };
  }

  private someTask(): { readonly task: TaskView; readonly agent: AgentView | null } | null {
    const frameworks = this.machine.frameworks.list();
    if (frameworks.length === 0) return null;
    const tasks = this.machine.tasks.ofFramework(pick(this.random, frameworks).frameworkId);
    if (tasks.length === 0) return null;
    const task = pick(this.random, tasks);
    return { task, agent: this.machine.agents.get(task.agentId) };
  }

  private task(): PlainCommand {
    const some = this.someTask();
    if (some === null) return this.launch();
    const { task, agent } = some;
    const { frameworkId, taskId, agentId } = task;
    const head = this.machine.tasks.updates(frameworkId, taskId)[0];
    if (head !== undefined && chance(this.random, 0.6)) {
      const uuid = chance(this.random, 0.1) ? this.uuid() : head.uuid;
      return { kind: 'task-acknowledge', frameworkId, taskId, uuid };
    }
    const facts = { frameworkId, taskId, uuid: this.uuid(), reason: -1, message: 'm', status: this.data() };
    if (chance(this.random, 0.05)) return { kind: 'task-master-update', ...facts, state: TASK_STATE.LOST };
    if (isTerminal(task.state) || agent?.status.kind !== 'connected') return this.launch();
    if (chance(this.random, 0.15)) return { kind: 'task-kill', frameworkId, taskId, graceMs: -1 };
    const state = pick(this.random, AHEAD);
    const exit =
      state === TASK_STATE.FAILED ? { signal: 9 } : state === TASK_STATE.FINISHED ? { code: 0 } : null;
    const sequence = task.sequence + (chance(this.random, 0.1) ? below(this.random, 3) : 1);
    const { attachment } = agent;
    const told = { source: TASK_SOURCE.AGENT, exit, timeMs: 5 } as const;
    return { kind: 'task-update', ...facts, state, agentId, attachment, sequence, ...told };
  }

  private operation(): PlainCommand {
    const checkpoint = this.machine.checkpoints.list().at(-1);
    if (checkpoint === undefined || chance(this.random, 0.4)) return { kind: 'checkpoint' };
    if (chance(this.random, 0.2)) {
      return {
        kind: 'role-weight',
        role: pick(this.random, ROLES),
        weightMilli: 500 * between(this.random, 1, 4),
      };
    }
    if (chance(this.random, 0.15)) {
      const digests = MEMBERS.map((one) => ({ node: one, digest: randomHex(this.random, 8) }));
      return { kind: 'alarm-raise', index: checkpoint.index, digests };
    }
    const node = pick(this.random, MEMBERS);
    return { kind: 'checkpoint-digest', node, index: checkpoint.index, digest: randomHex(this.random, 8) };
  }
}
