import { assert, type AgentId, type ClusterId } from '../../base/index.js';
import { isTerminal, taskKey, type StatusUpdate, type TaskRef, type TaskToRun } from '../types.js';

/** What the agent must not forget about a task. */
export interface TaskRecord {
  readonly task: TaskToRun;
  /** The grace period of the kill that was asked for; null: none was. */
  killGraceMs: number | null;
  /** Updates made and not yet known to be committed, in order: at most two, RUNNING and a terminal one. */
  readonly pending: StatusUpdate[];
  /** 0 ≤ committedSequence ≤ lastSequence. */
  lastSequence: number;
  committedSequence: number;
  /** The last update made is terminal. */
  terminal: boolean;
}

export interface AgentModel {
  agentId: AgentId | null;
  clusterId: ClusterId | null;
  bootId: string | null;
  /** Highest revision seen on any member. */
  knownRevision: number;
  readonly tasks: Map<string, TaskRecord>;
}

export type Change =
  | { readonly op: 'identity'; readonly agentId: AgentId | null; readonly clusterId: ClusterId | null }
  | { readonly op: 'boot'; readonly bootId: string }
  | { readonly op: 'known'; readonly revision: number }
  | { readonly op: 'launch'; readonly task: TaskToRun; readonly revision: number }
  | { readonly op: 'kill'; readonly ref: TaskRef; readonly graceMs: number; readonly revision: number }
  | { readonly op: 'update'; readonly update: StatusUpdate }
  | {
      readonly op: 'committed';
      readonly ref: TaskRef;
      readonly sequence: number;
      readonly revision: number;
    }
  | { readonly op: 'removed'; readonly ref: TaskRef }
  /** The whole record of a task, in a rewritten file. */
  | { readonly op: 'task'; readonly record: TaskRecord };

export function emptyModel(): AgentModel {
  return { agentId: null, clusterId: null, bootId: null, knownRevision: 0, tasks: new Map() };
}

/** Takes one change in. Changes of a task without a record, and repeated ones, have no effect. */
export function applyChange(model: AgentModel, change: Change): void {
  if ('revision' in change) model.knownRevision = Math.max(model.knownRevision, change.revision);
  switch (change.op) {
    case 'identity':
      model.agentId = change.agentId;
      model.clusterId = change.clusterId;
      break;
    case 'boot':
      model.bootId = change.bootId;
      break;
    case 'known':
      break;
    case 'launch':
      addTask(model, change.task);
      break;
    case 'kill': {
      const record = model.tasks.get(taskKey(change.ref));
      if (record !== undefined) record.killGraceMs = change.graceMs;
      break;
    }
    case 'update':
      addUpdate(model, change.update);
      break;
    case 'committed':
      commitUpdate(model, change.ref, change.sequence);
      break;
    case 'task':
      model.tasks.set(taskKey(change.record.task), change.record);
      break;
    case 'removed':
      model.tasks.delete(taskKey(change.ref));
      break;
  }
}

function addTask(model: AgentModel, task: TaskToRun): void {
  const key = taskKey(task);
  if (model.tasks.has(key)) return;
  model.tasks.set(key, {
    task,
    killGraceMs: null,
    pending: [],
    lastSequence: 0,
    committedSequence: 0,
    terminal: false,
  });
}

function addUpdate(model: AgentModel, update: StatusUpdate): void {
  const record = model.tasks.get(taskKey(update));
  if (record === undefined) return;
  assert(
    update.sequence === record.lastSequence + 1 && !record.terminal,
    () =>
      `update ${update.sequence} of task ${update.taskId} after ${record.lastSequence}` +
      (record.terminal ? ', which was terminal' : ''),
  );
  record.pending.push(update);
  record.lastSequence = update.sequence;
  record.terminal = isTerminal(update.state);
}

function commitUpdate(model: AgentModel, ref: TaskRef, sequence: number): void {
  const record = model.tasks.get(taskKey(ref));
  if (record === undefined || sequence <= record.committedSequence) return;
  assert(
    sequence === record.committedSequence + 1 && sequence <= record.lastSequence,
    () =>
      `update ${sequence} of task ${ref.taskId} committed; ${record.committedSequence} were committed and ` +
      `${record.lastSequence} made`,
  );
  record.pending.shift();
  record.committedSequence = sequence;
}

/** The fewest changes that rebuild the model from nothing. */
export function changesOf(model: AgentModel): Change[] {
  const changes: Change[] = [
    { op: 'identity', agentId: model.agentId, clusterId: model.clusterId },
    { op: 'known', revision: model.knownRevision },
  ];
  if (model.bootId !== null) changes.push({ op: 'boot', bootId: model.bootId });
  for (const record of model.tasks.values()) changes.push({ op: 'task', record });
  return changes;
}
