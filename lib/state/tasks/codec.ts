import {
  MalformedError,
  type AgentId,
  type ByteReader,
  type ByteWriter,
  type FrameworkId,
  type TaskId,
} from '../../base/index.js';
import {
  readChoice,
  readList,
  readResources,
  writeChoice,
  writeList,
  writeResources,
  type CodecsOf,
} from '../codec.js';
import { isTaskState } from './states.js';
import type {
  LaunchTask,
  SweepKind,
  TaskCommand,
  TaskExit,
  TaskMasterUpdate,
  TaskSource,
  TaskState,
} from './types.js';

const SWEEPS: readonly SweepKind[] = [
  'agent-unreachable',
  'agent-returned',
  'agent-removed',
  'framework-teardown',
];

const NO_EXIT = 0;
const EXIT_CODE = 1;
const EXIT_SIGNAL = 2;

/** A process's end as two numbers, as commands and columns carry it. */
export function exitNumbers(exit: TaskExit | null): readonly [kind: number, value: number] {
  if (exit === null) return [NO_EXIT, 0];
  return 'code' in exit ? [EXIT_CODE, exit.code] : [EXIT_SIGNAL, exit.signal];
}

export function exitOf(kind: number, value: number): TaskExit | null {
  if (kind === NO_EXIT) return null;
  if (kind === EXIT_CODE) return { code: value };
  if (kind === EXIT_SIGNAL) return { signal: value };
  throw new MalformedError(`a task exit of kind ${kind}`);
}

function readSmall(r: ByteReader): number {
  const value = r.uint();
  if (value > 0xffff_ffff) throw new MalformedError(`${value} does not fit 32 bits`);
  return value;
}

function readState(r: ByteReader): TaskState {
  const state = r.u8();
  if (!isTaskState(state)) throw new MalformedError(`task state ${state}`);
  return state;
}

function readSource(r: ByteReader): TaskSource {
  const source = r.u8();
  if (source !== 0 && source !== 1 && source !== 2) throw new MalformedError(`update source ${source}`);
  return source;
}

/** Reasons start at -1 (none) and are written one higher. */
function readReason(r: ByteReader): number {
  return readSmall(r) - 1;
}

function writeTask(w: ByteWriter, task: LaunchTask): void {
  w.text(task.taskId).text(task.name);
  writeResources(w, task.resources);
  w.bytes(task.spec).uint(task.killGraceMs);
}

function readTask(r: ByteReader): LaunchTask {
  return {
    taskId: r.text() as TaskId,
    name: r.text(),
    resources: readResources(r),
    spec: r.bytes(),
    killGraceMs: r.uint(),
  };
}

type UpdateFacts = Omit<TaskMasterUpdate, 'kind'>;

function writeUpdate(w: ByteWriter, facts: UpdateFacts): void {
  w.text(facts.frameworkId).text(facts.taskId).bytes(facts.uuid).u8(facts.state);
  w.uint(facts.reason + 1)
    .text(facts.message)
    .bytes(facts.status);
}

function readUpdate(r: ByteReader): UpdateFacts {
  return {
    frameworkId: r.text() as FrameworkId,
    taskId: r.text() as TaskId,
    uuid: r.bytes(),
    state: readState(r),
    reason: readReason(r),
    message: r.text(),
    status: r.bytes(),
  };
}

function readExit(r: ByteReader): TaskExit | null {
  const kind = r.u8();
  return exitOf(kind, readSmall(r));
}

export const TASK_CODECS: CodecsOf<TaskCommand> = {
  'task-launch': {
    grows: true,
    write: (w, c) => {
      w.text(c.frameworkId).text(c.agentId).text(c.role).uint(c.term);
      writeList(w, c.tasks, writeTask);
    },
    read: (r) => ({
      kind: 'task-launch',
      frameworkId: r.text() as FrameworkId,
      agentId: r.text() as AgentId,
      role: r.text(),
      term: r.uint(),
      tasks: readList(r, readTask),
    }),
  },
  'task-kill': {
    grows: false,
    write: (w, c) => w.text(c.frameworkId).text(c.taskId).int(c.graceMs),
    read: (r) => ({
      kind: 'task-kill',
      frameworkId: r.text() as FrameworkId,
      taskId: r.text() as TaskId,
      graceMs: r.int(),
    }),
  },
  'task-update': {
    grows: false,
    write: (w, c) => {
      writeUpdate(w, c);
      w.text(c.agentId).uint(c.attachment).uint(c.sequence).u8(c.source);
      const [kind, value] = exitNumbers(c.exit);
      w.u8(kind).uint(value).uint(c.timeMs);
    },
    read: (r) => ({
      kind: 'task-update',
      ...readUpdate(r),
      agentId: r.text() as AgentId,
      attachment: r.uint(),
      sequence: r.uint(),
      source: readSource(r),
      exit: readExit(r),
      timeMs: r.uint(),
    }),
  },
  'task-master-update': {
    grows: false,
    write: writeUpdate,
    read: (r) => ({ kind: 'task-master-update', ...readUpdate(r) }),
  },
  'task-acknowledge': {
    grows: false,
    write: (w, c) => w.text(c.frameworkId).text(c.taskId).bytes(c.uuid),
    read: (r) => ({
      kind: 'task-acknowledge',
      frameworkId: r.text() as FrameworkId,
      taskId: r.text() as TaskId,
      uuid: r.bytes(),
    }),
  },
  sweep: {
    grows: false,
    write: (w, c) => {
      writeChoice(w, SWEEPS, c.sweep);
      w.text(c.id).uint(c.limit).bytes(c.seed);
    },
    read: (r) => ({
      kind: 'sweep',
      sweep: readChoice(r, SWEEPS),
      id: r.text() as AgentId | FrameworkId,
      limit: r.uint(),
      seed: r.bytes(),
    }),
  },
};
