import type { LossReason, Outcome } from '../holder/port.js';
import type { Exit, Status } from '../types.js';

/** What the agent tells the masters about a task: states and reasons as Mesos pairs them. */

export function runningStatus(): Status {
  return { state: 'RUNNING', source: 'EXECUTOR', message: 'Command started' };
}

export function unrunnableStatus(problem: string): Status {
  return { state: 'ERROR', source: 'AGENT', reason: 'TASK_INVALID', message: problem };
}

export function overLimitStatus(limit: number): Status {
  return {
    state: 'FAILED',
    source: 'AGENT',
    reason: 'CONTAINER_LAUNCH_FAILED',
    message: `The agent already holds ${limit} tasks, its limit`,
  };
}

export function killedUnstartedStatus(): Status {
  return {
    state: 'KILLED',
    source: 'AGENT',
    reason: 'TASK_KILLED_DURING_LAUNCH',
    message: 'Killed before the command was started',
  };
}

export function rebootedStatus(): Status {
  return lostStatus('rebooted');
}

/** The holder should know the task, and does not: its journal was tampered with. */
export function unheldStatus(): Status {
  return {
    state: 'FAILED',
    source: 'AGENT',
    reason: 'EXECUTOR_TERMINATED',
    message: 'The process that held the task has no record of it; how it ended is unknown',
  };
}

export function outcomeStatus(outcome: Outcome): Status {
  switch (outcome.kind) {
    case 'exited':
      return exitedStatus(outcome.exit, outcome.killed);
    case 'not-started':
      return notStartedStatus(outcome.code, outcome.message);
    case 'cancelled':
      return killedUnstartedStatus();
    case 'lost':
      return lostStatus(outcome.reason);
  }
}

function exitedStatus(exit: Exit, killed: boolean): Status {
  const message =
    'signal' in exit
      ? `Command terminated with signal ${exit.signal}`
      : `Command exited with status ${exit.exitCode}`;
  if (killed) return { state: 'KILLED', source: 'EXECUTOR', message, exit };
  if ('exitCode' in exit && exit.exitCode === 0)
    return { state: 'FINISHED', source: 'EXECUTOR', message, exit };
  return { state: 'FAILED', source: 'EXECUTOR', reason: 'COMMAND_EXECUTOR_FAILED', message, exit };
}

/** Refusals of execve(2) that come from the specification; others come from the state of the host. */
const SPEC_ERRORS = new Set([
  'E2BIG',
  'EACCES',
  'EINVAL',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOEXEC',
  'ENOTDIR',
  'ERR_INVALID_ARG_VALUE',
]);

function notStartedStatus(code: string, detail: string): Status {
  const message = `Command cannot be started: ${detail}`;
  return SPEC_ERRORS.has(code)
    ? { state: 'ERROR', source: 'AGENT', reason: 'TASK_INVALID', message }
    : { state: 'FAILED', source: 'AGENT', reason: 'CONTAINER_LAUNCH_FAILED', message };
}

const LOSSES: Readonly<Record<LossReason, Pick<Status, 'reason' | 'message'>>> = {
  'holder-died': {
    reason: 'EXECUTOR_TERMINATED',
    message: 'The process that held the task died; the task was killed and its exit is unknown',
  },
  rebooted: {
    reason: 'AGENT_RESTARTED',
    message: 'The host restarted; the task ended with it',
  },
  'start-unknown': {
    reason: 'CONTAINER_LAUNCH_FAILED',
    message: 'A crash interrupted the start: unknown whether it ran; it is not started again',
  },
};

function lostStatus(reason: LossReason): Status {
  return { state: 'FAILED', source: 'AGENT', ...LOSSES[reason] };
}
