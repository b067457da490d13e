import {
  chance,
  pick,
  type AgentId,
  type ClusterId,
  type FrameworkId,
  type Random,
  type TaskId,
} from '../../../lib/base/index.js';
import type { AgentMessage, MasterMessage, StatusUpdate, mesos } from '../../../lib/wire/index.js';
import type { Calls } from './calls.js';
import type { Ledger } from './ledger.js';
import { Line } from './line.js';
import type { SimNode } from './node.js';

export interface AgentPorts {
  readonly calls: Calls;
  readonly ledger: Ledger;
  readonly note: (what: 'call' | 'answer', x: number, y: number, text: string) => void;
  /** A rule was broken in a callback of this agent. */
  readonly fail: (error: unknown) => void;
}

interface Task {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  /** Made, in order; the master has committed the first `committed` of them. */
  readonly updates: StatusUpdate[];
  committed: number;
  ended: boolean;
}

const HEARTBEAT_MS = 1000;
const RESEND_MS = 1500;
const RECONNECT_MS = 300;
/** A master that has said nothing for this long is left. */
const SILENCE_MS = 4000;

/** An agent with tasks that end by themselves: what `lib/agent` says to masters, without processes. */
export class SimAgent {
  readonly machine: number;
  private readonly random: Random;
  private readonly taskMs: number;
  private readonly ports: AgentPorts;
  private readonly tasks = new Map<string, Task>();
  private agentId: AgentId | null = null;
  private clusterId: ClusterId | null = null;
  private knownRevision = 0;
  private line: Line<AgentMessage, MasterMessage> | null = null;
  private attached = false;
  private node: SimNode | null = null;
  private heardUs = 0;
  private uuids = 0;
  private incarnation = 1;

  constructor(machine: number, taskMs: number, random: Random, ports: AgentPorts) {
    this.machine = machine;
    this.taskMs = taskMs;
    this.random = random;
    this.ports = ports;
  }

  start(): void {
    this.connect();
    this.beat();
  }

  /** Tasks that have not ended, or whose end no master has committed. */
  get open(): number {
    return [...this.tasks.values()].filter(
      ({ ended, updates, committed }) => !ended || committed < updates.length,
    ).length;
  }

  /** The master that has registered it; null: none at present. */
  get at(): SimNode | null {
    return this.attached ? this.node : null;
  }

  private connect(): void {
    const { calls } = this.ports;
    const listener = {
      message: (message: MasterMessage) => this.guarded(() => this.message(message)),
      closed: (why: string) => this.left(why),
    };
    const node = pick(this.random, calls.nodes);
    this.node = node;
    this.attached = false;
    this.heardUs = calls.schedule.now;
    this.ports.note('call', 0, node.number, 'registers');
    this.line = new Line(this.machine, node, calls.wires, calls.schedule, listener, (doors, sink) =>
      doors.agents.connect({
        write: (message) => sink.send(message),
        queued: 0,
        refuse: (code, message) => sink.end(`${code}: ${message}`),
      }),
    );
    this.line.send({
      kind: 'register',
      agentId: this.agentId,
      info: INFO,
      bootId: 'boot-1',
      knownRevision: this.knownRevision,
      tasks: [...this.tasks.values()].map(({ frameworkId, taskId, updates, ended }) => {
        return { frameworkId, taskId, lastSequence: updates.length, terminal: ended };
      }),
      incarnation: (this.machine * 4096 + this.incarnation).toString(16).padStart(16, '0'),
      clusterId: this.clusterId,
    });
  }

  private left(why: string): void {
    this.ports.note('answer', 0, 0, `left: ${why}`);
    this.line = null;
    this.attached = false;
    if (why.startsWith('AGENT_REMOVED')) {
      this.agentId = null;
      this.tasks.clear();
      this.incarnation++;
    }
    this.ports.calls.after(RECONNECT_MS, () => this.connect());
  }

  private message(message: MasterMessage): void {
    this.heardUs = this.ports.calls.schedule.now;
    switch (message.kind) {
      case 'registered':
        this.agentId = message.agentId;
        this.clusterId = message.clusterId;
        this.attached = true;
        this.knows(message.revision);
        for (const { frameworkId, taskId } of message.unknownTasks)
          this.tasks.delete(`${frameworkId} ${taskId}`);
        return this.resend();
      case 'launch':
        this.launch(message.frameworkId, message.task.task_id.value as TaskId);
        return this.knows(message.revision);
      case 'kill':
        this.end(`${message.frameworkId} ${message.taskId}`, 'TASK_KILLED');
        return this.knows(message.revision);
      case 'updateCommitted':
        this.committed(message);
        return this.knows(message.revision);
      case 'heartbeat':
      case 'refused':
        return;
    }
  }

  private launch(frameworkId: FrameworkId, taskId: TaskId): void {
    const name = `${frameworkId} ${taskId}`;
    if (this.tasks.has(name)) return;
    this.ports.ledger.starts(this.agentId!, frameworkId, taskId);
    this.tasks.set(name, { frameworkId, taskId, updates: [], committed: 0, ended: false });
    this.update(name, 'TASK_RUNNING');
    const ending = chance(this.random, 0.8) ? 'TASK_FINISHED' : 'TASK_FAILED';
    this.ports.calls.after(this.taskMs, () => this.end(name, ending));
  }

  private end(name: string, state: mesos.TaskState): void {
    const task = this.tasks.get(name);
    if (task === undefined || task.ended) return;
    task.ended = true;
    this.update(name, state);
  }

  private update(name: string, state: mesos.TaskState): void {
    const task = this.tasks.get(name)!;
    const { frameworkId, taskId, updates } = task;
    const uuid = new Uint8Array(16);
    new DataView(uuid.buffer).setUint32(8, this.machine);
    new DataView(uuid.buffer).setUint32(12, ++this.uuids);
    const status = {
      task_id: { value: taskId },
      state,
      uuid,
      timestamp: 1,
      source: 'SOURCE_EXECUTOR' as const,
    };
    updates.push({ frameworkId, taskId, sequence: updates.length + 1, status, exit: null });
    if (updates.length === task.committed + 1) this.send(updates.at(-1)!);
  }

  private committed({
    frameworkId,
    taskId,
    sequence,
  }: {
    frameworkId: string;
    taskId: string;
    sequence: number;
  }): void {
    const task = this.tasks.get(`${frameworkId} ${taskId}`);
    if (task === undefined || sequence <= task.committed) return;
    task.committed = sequence;
    const next = task.updates[sequence];
    if (next !== undefined) this.send(next);
  }

  /** The oldest update of each task that no master has committed. */
  private resend(): void {
    for (const { updates, committed } of this.tasks.values()) {
      const next = updates[committed];
      if (next !== undefined) this.send(next);
    }
  }

  private send(update: StatusUpdate): void {
    if (this.attached) this.line?.send({ kind: 'update', ...update });
  }

  private knows(revision: number): void {
    this.knownRevision = Math.max(this.knownRevision, revision);
  }

  private beat(): void {
    const { calls } = this.ports;
    calls.after(HEARTBEAT_MS, () => this.beat(), true);
    const { line } = this;
    if (line === null) return;
    if (calls.schedule.now - this.heardUs > SILENCE_MS * 1000) {
      line.close();
      return this.left('it is silent');
    }
    line.send({ kind: 'heartbeat', sentAtMs: 0 });
    if (chance(this.random, HEARTBEAT_MS / RESEND_MS)) this.resend();
  }

  private guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.ports.fail(error);
    }
  }
}

const INFO: mesos.AgentInfo = {
  hostname: 'a.test',
  resources: [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 1024 } },
  ],
};
