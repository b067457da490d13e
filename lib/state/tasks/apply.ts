import { equalBytes } from '../../base/index.js';
import { firstFault, lengthFault, textFault, uuidFault } from '../checks.js';
import { subtractResources, NO_RESOURCES } from '../resources.js';
import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { done, effect, refuse, refuseWith, type Refusal, type Turn } from '../turn.js';
import { report, type Report } from './report.js';
import { isForward, isReportable, isTerminal } from './states.js';
import {
  TASK_SOURCE,
  type TaskAcknowledge,
  type TaskKill,
  type TaskLaunch,
  type TaskMasterUpdate,
  type TaskUpdate,
} from './types.js';
import { validateLaunch } from './validate-launch.js';

const OWN_GRACE = -1;

export function applyLaunch(state: State, turn: Turn, command: TaskLaunch): CommandResult {
  const { frameworkId, agentId } = command;
  const agent = state.agents.get(agentId);
  const fault = validateLaunch(command, {
    limits: turn.limits,
    term: turn.term,
    framework: state.frameworks.get(frameworkId),
    agent,
    available: subtractResources(agent?.resources ?? NO_RESOURCES, state.tasks.lists.allocatedOn(agentId)),
    tasksOnAgent: state.tasks.lists.countOfAgent(agentId),
    taskExists: (taskId) => state.tasks.find(frameworkId, taskId) >= 0,
  });
  if (fault !== null) return refuseWith(turn, fault);
  const { revision } = turn;
  for (const task of command.tasks) {
    state.tasks.launch(command, task, ++state.core.lastOrder, revision, turn.nowMs);
    turn.events.push({ kind: 'task-launched', revision, frameworkId, taskId: task.taskId, agentId });
  }
  return done(turn);
}

export function applyKill(state: State, turn: Turn, command: TaskKill): CommandResult {
  const { frameworkId, taskId } = command;
  const row = state.tasks.find(frameworkId, taskId);
  if (row < 0) return refuse(turn, 'UNKNOWN_TASK', `framework ${frameworkId} has no task ${taskId}`);
  if (command.graceMs < OWN_GRACE)
    return refuse(turn, 'INVALID_ARGUMENT', `a grace of ${command.graceMs} ms`);
  if (isTerminal(state.tasks.state(row))) return effect(turn, false);
  const graceMs = command.graceMs === OWN_GRACE ? state.tasks.ownGraceMs(row) : command.graceMs;
  const { revision } = turn;
  const { agentId } = state.tasks.headOf(row);
  state.tasks.orderKill(row, graceMs, revision);
  turn.events.push({ kind: 'kill-requested', revision, frameworkId, taskId, agentId, graceMs });
  return effect(turn, true);
}

function updateFault(turn: Turn, command: TaskUpdate | TaskMasterUpdate): Refusal | null {
  return firstFault(
    uuidFault('an update uuid', command.uuid),
    textFault('an update message', command.message, turn.limits.messageBytes),
    lengthFault('an update status', command.status.length, turn.limits.specBytes),
  );
}

function attachmentFault(state: State, command: TaskUpdate): Refusal | null {
  const { agentId, attachment } = command;
  const agent = state.agents.get(agentId);
  if (agent === null) return { code: 'UNKNOWN_AGENT', message: `agent ${agentId} is not registered` };
  if (agent.status.kind === 'removed')
    return { code: 'AGENT_REMOVED', message: `agent ${agentId} was removed` };
  if (agent.status.kind === 'connected' && agent.attachment === attachment) return null;
  const present = `attachment ${agent.attachment}, ${agent.status.kind}`;
  return {
    code: 'STALE_CONNECTION',
    message: `agent ${agentId} is at ${present}; this came on ${attachment}`,
  };
}

export function applyUpdate(state: State, turn: Turn, command: TaskUpdate): CommandResult {
  const { frameworkId, taskId, sequence } = command;
  const fault = updateFault(turn, command) ?? attachmentFault(state, command);
  if (fault !== null) return refuseWith(turn, fault);
  if (!isReportable(command.state)) {
    return refuse(turn, 'INVALID_ARGUMENT', `an agent does not report state ${command.state}`);
  }
  const row = state.tasks.find(frameworkId, taskId);
  if (row < 0 || state.tasks.headOf(row).agentId !== command.agentId) {
    return refuse(turn, 'UNKNOWN_TASK', `agent ${command.agentId} has no task ${taskId} of ${frameworkId}`);
  }
  const last = state.tasks.sequence.get(row);
  if (sequence <= last || state.tasks.isCompleted(row)) return effect(turn, false);
  if (sequence !== last + 1) {
    return refuse(turn, 'SEQUENCE_GAP', `update ${sequence} of task ${taskId} came after ${last}`);
  }
  const pending = state.tasks.pendingCount(row);
  if (pending >= turn.limits.updatesPerTask) {
    return refuse(
      turn,
      'OVERLOADED',
      `task ${taskId} has ${pending} updates that its framework did not acknowledge`,
    );
  }
  const forward = isForward(state.tasks.state(row), state.tasks.reported(row), command.state);
  state.tasks.sequence.set(row, sequence);
  if (!forward) return effect(turn, false);
  state.tasks.setReported(row, command.state);
  report(state, turn, row, command);
  return effect(turn, true);
}

export function applyMasterUpdate(state: State, turn: Turn, command: TaskMasterUpdate): CommandResult {
  const { frameworkId, taskId } = command;
  const fault = updateFault(turn, command);
  if (fault !== null) return refuseWith(turn, fault);
  const row = state.tasks.find(frameworkId, taskId);
  if (row < 0) return refuse(turn, 'UNKNOWN_TASK', `framework ${frameworkId} has no task ${taskId}`);
  if (!isTerminal(command.state)) {
    return refuse(turn, 'INVALID_ARGUMENT', `the master ends tasks; state ${command.state} is no end`);
  }
  if (isTerminal(state.tasks.state(row))) return effect(turn, false);
  const made: Report = {
    ...command,
    source: TASK_SOURCE.MASTER,
    exit: null,
    timeMs: turn.nowMs,
    sequence: 0,
  };
  report(state, turn, row, made);
  return effect(turn, true);
}

export function applyAcknowledge(state: State, turn: Turn, command: TaskAcknowledge): CommandResult {
  const { frameworkId, taskId } = command;
  const row = state.tasks.find(frameworkId, taskId);
  if (row < 0) return refuse(turn, 'UNKNOWN_TASK', `framework ${frameworkId} has no task ${taskId}`);
  const head = state.tasks.headUuid(row);
  if (head === null || !equalBytes(head, command.uuid)) {
    return refuse(turn, 'UNKNOWN_UPDATE', `not the oldest unacknowledged update of task ${taskId}`);
  }
  state.tasks.dropHeadUpdate(row);
  const { revision } = turn;
  const next = state.tasks.headUuid(row);
  turn.events.push({ kind: 'update-acknowledged', revision, frameworkId, taskId, uuid: head, next });
  completeIfOver(state, turn, row);
  return effect(turn, true);
}

/** A terminal task with nothing left to acknowledge becomes history. */
export function completeIfOver(state: State, turn: Turn, row: number): void {
  if (state.tasks.pendingCount(row) > 0 || state.tasks.isCompleted(row)) return;
  if (!isTerminal(state.tasks.state(row))) return;
  const { frameworkId, taskId } = state.tasks.headOf(row);
  state.tasks.complete(row, ++state.core.lastOrder, turn.limits.completedTasksPerFramework);
  turn.events.push({ kind: 'task-completed', revision: turn.revision, frameworkId, taskId });
}
