import assert from 'node:assert/strict';
import type { AgentId, ErrorCode, FrameworkId, NodeId, SessionId, TaskId } from '../../../lib/base/index.js';
import {
  type AgentRegister,
  type Applied,
  type Command,
  type CommandResult,
  DEFAULT_LIMITS,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
  type FrameworkSubscribe,
  type LaunchTask,
  Machine,
  type MachineLimits,
  makeResources,
  type ResultValue,
  type StateEvent,
  TASK_SOURCE,
  TASK_STATE,
  type TaskLaunch,
  type TaskState,
  type TaskUpdate,
} from '../../../lib/state/index.js';

export const M1 = 'm1@0000000000000001' as NodeId;
export const M2 = 'm2@0000000000000002' as NodeId;
export const M3 = 'm3@0000000000000003' as NodeId;
export const SESSION = '00000000000000aa' as SessionId;
export const A1 = 'a1' as AgentId;
export const F1 = 'f1' as FrameworkId;
export const MIB = 1024 * 1024;

/** One member's lane into one machine: each `run` is an entry with one sub-batch. */
export class Driver {
  readonly machine: Machine;
  index = 0;
  term = 1;
  nowMs = 1_700_000_000_000;
  events: StateEvent[] = [];
  private number = 0;

  constructor(limits: Partial<MachineLimits> = {}, machine?: Machine) {
    this.machine = machine ?? new Machine({ ...DEFAULT_LIMITS, ...limits });
  }

  /** Goes on with another machine that stands where this one does. */
  after(machine: Machine): Driver {
    const driver = new Driver({}, machine);
    driver.index = this.index;
    driver.number = this.number;
    return driver;
  }

  entry(...commands: readonly Command[]): Uint8Array {
    return encodeEntry(this.nowMs, [encodeSubBatch(M1, 1, ++this.number, commands.map(encodeCommand))]);
  }

  apply(data: Uint8Array): Applied {
    const applied = this.machine.apply(++this.index, this.term, data);
    this.events = [...applied.events];
    return applied;
  }

  /** Results of the commands, refusals included. */
  run(...commands: readonly Command[]): readonly CommandResult[] {
    return this.apply(this.entry(...commands)).batches[0]!.results;
  }

  /** Runs one command that must be done; returns what it answers. */
  done(command: Command): ResultValue {
    const result = this.run(command)[0]!;
    assert.ok(result.ok, `${command.kind} was refused: ${JSON.stringify(result)}`);
    return result.value;
  }

  /** Runs one command that must be refused; returns the code. */
  refused(command: Command): ErrorCode {
    const result = this.run(command)[0]!;
    assert.ok(!result.ok, `${command.kind} was done`);
    return result.code;
  }

  /** Whether the command changed anything. */
  changed(command: Command): boolean {
    const value = this.done(command);
    return value.kind !== 'effect' || value.changed;
  }

  kinds(): string[] {
    return this.events.map((event) => event.kind);
  }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function uuid(n: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(12, n);
  return id;
}

export function agent(id: AgentId = A1, stream: number = 1): AgentRegister {
  return {
    kind: 'agent-register',
    agentId: id,
    hostname: `${id}.example`,
    bootId: 'boot-1',
    resources: makeResources(4000, 4096 * MIB, 10_000 * MIB),
    attributes: [],
    spec: bytes('agent'),
    connection: { member: M1, stream },
  };
}

export function framework(id: FrameworkId = F1, stream: number = 1): FrameworkSubscribe {
  return {
    kind: 'framework-subscribe',
    frameworkId: id,
    name: `framework ${id}`,
    user: 'nobody',
    principal: '',
    roles: ['batch', 'service'],
    suppressed: [],
    failoverTimeoutMs: 60_000,
    capabilities: 0b10010,
    spec: bytes('framework'),
    connection: { member: M1, stream },
  };
}

export function task(id: string, cpuMilli: number = 1000): LaunchTask {
  return {
    taskId: id as TaskId,
    name: `task ${id}`,
    resources: makeResources(cpuMilli, 64 * MIB, 0),
    spec: bytes(`spec of ${id}`),
    killGraceMs: 3000,
  };
}

export function launch(tasks: readonly LaunchTask[], over: Partial<TaskLaunch> = {}): TaskLaunch {
  return { kind: 'task-launch', frameworkId: F1, agentId: A1, role: 'batch', term: 1, tasks, ...over };
}

export function update(
  id: string,
  sequence: number,
  state: TaskState,
  over: Partial<TaskUpdate> = {},
): TaskUpdate {
  return {
    kind: 'task-update',
    frameworkId: F1,
    taskId: id as TaskId,
    agentId: A1,
    attachment: 1,
    sequence,
    uuid: uuid(sequence),
    state,
    source: TASK_SOURCE.EXECUTOR,
    reason: -1,
    message: '',
    status: bytes(`status ${sequence}`),
    exit: state === TASK_STATE.FINISHED ? { code: 0 } : null,
    timeMs: 1,
    ...over,
  };
}

/** A machine with one agent and one framework, and the tasks named launched. */
export function running(...ids: readonly string[]): Driver {
  const driver = new Driver();
  driver.done(agent());
  driver.done(framework());
  if (ids.length > 0) driver.done(launch(ids.map((id) => task(id, 100))));
  return driver;
}

export function taskOf(driver: Driver, id: string): NonNullable<ReturnType<Machine['tasks']['get']>> {
  const view = driver.machine.tasks.get(F1, id as TaskId);
  assert.ok(view !== null, `task ${id} is not there`);
  return view;
}
