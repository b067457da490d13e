import { hash64, type AgentId, type FrameworkId, type Hash64 } from '../../base/index.js';
import { uuidFault } from '../checks.js';
import { completeFramework } from '../frameworks/apply.js';
import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { done, refuseWith, type Turn } from '../turn.js';
import { completeIfOver } from './apply.js';
import { report } from './report.js';
import { isTerminal } from './states.js';
import {
  TASK_REASON,
  TASK_SOURCE,
  TASK_STATE,
  type SweepKind,
  type TaskState,
  type TaskSweep,
} from './types.js';

interface Slice {
  readonly touched: number;
  readonly remaining: number;
}

/** One slice of a sweep; a sweep that is over (or never was) answers that nothing remains. */
export function applySweep(state: State, turn: Turn, command: TaskSweep): CommandResult {
  const fault = uuidFault('a sweep seed', command.seed);
  if (fault !== null) return refuseWith(turn, fault);
  const limit = Math.min(command.limit, turn.limits.tasksPerSweep);
  const slice =
    command.sweep === 'framework-teardown'
      ? sweepFramework(state, turn, command.id as FrameworkId, limit)
      : sweepAgent(state, turn, command.id as AgentId, command.sweep, limit, command.seed);
  return done(turn, { kind: 'swept', ...slice });
}

function sweepFramework(state: State, turn: Turn, frameworkId: FrameworkId, limit: number): Slice {
  const framework = state.frameworks.get(frameworkId);
  if (framework?.status.kind !== 'tearing-down') return { touched: 0, remaining: 0 };
  const rows = state.tasks.lists.firstActive(frameworkId, limit);
  for (const row of rows) orphan(state, turn, row);
  const remaining = state.tasks.lists.countOfFramework(frameworkId, 'active');
  if (remaining === 0) completeFramework(state, turn, frameworkId);
  return { touched: rows.length, remaining };
}

/** Nobody is left to acknowledge its updates; if it still runs, it is to be killed. */
function orphan(state: State, turn: Turn, row: number): void {
  const { tasks } = state;
  while (tasks.pendingCount(row) > 0) tasks.dropHeadUpdate(row);
  tasks.orphan(row);
  if (isTerminal(tasks.state(row))) {
    completeIfOver(state, turn, row);
    return;
  }
  const { frameworkId, taskId, agentId } = tasks.headOf(row);
  const { revision } = turn;
  const graceMs = tasks.ownGraceMs(row);
  tasks.orderKill(row, graceMs, revision);
  turn.events.push({ kind: 'kill-requested', revision, frameworkId, taskId, agentId, graceMs });
}

type AgentSweep = Exclude<SweepKind, 'framework-teardown'>;

function sweepAgent(
  state: State,
  turn: Turn,
  agentId: AgentId,
  sweep: AgentSweep,
  limit: number,
  seed: Uint8Array,
): Slice {
  const agent = state.agents.get(agentId);
  if (agent?.sweep !== sweep) return { touched: 0, remaining: 0 };
  const concerned = state.tasks.lists
    .ofAgent(agentId)
    .filter((row) => isConcerned(sweep, state.tasks.state(row)));
  const rows = concerned.slice(0, limit);
  const left = agent.status.kind === 'removed' && agent.status.cause === 'left';
  for (const row of rows) {
    report(state, turn, row, {
      state: outcome(sweep, left, state.tasks.reported(row)),
      uuid: uuidFrom(seed, state.tasks.table.key(row)),
      source: TASK_SOURCE.MASTER,
      reason: reasonOf(sweep, left),
      message: MESSAGES[sweep],
      status: new Uint8Array(0),
      exit: null,
      timeMs: turn.nowMs,
      sequence: 0,
    });
  }
  const remaining = concerned.length - rows.length;
  if (remaining === 0) state.agents.put({ ...agent, sweep: null, revision: turn.revision });
  return { touched: rows.length, remaining };
}

const MESSAGES: Readonly<Record<AgentSweep, string>> = {
  'agent-unreachable': 'the agent is unreachable',
  'agent-returned': 'the agent is back',
  'agent-removed': 'the agent was removed',
};

function isConcerned(sweep: AgentSweep, present: TaskState): boolean {
  if (sweep === 'agent-returned') return present === TASK_STATE.UNREACHABLE;
  if (isTerminal(present)) return false;
  return sweep === 'agent-removed' || present !== TASK_STATE.UNREACHABLE;
}

function outcome(sweep: AgentSweep, left: boolean, reported: TaskState): TaskState {
  if (sweep === 'agent-unreachable') return TASK_STATE.UNREACHABLE;
  if (sweep === 'agent-returned') return reported;
  return left ? TASK_STATE.GONE : TASK_STATE.GONE_BY_OPERATOR;
}

function reasonOf(sweep: AgentSweep, left: boolean): number {
  if (sweep === 'agent-returned') return TASK_REASON.AGENT_REREGISTERED;
  if (sweep === 'agent-removed' && !left) return TASK_REASON.AGENT_REMOVED_BY_OPERATOR;
  return TASK_REASON.AGENT_REMOVED;
}

/** The seed's first half keeps sweeps apart, the hash of seed and key keeps tasks apart; version 4 by its bits. */
function uuidFrom(seed: Uint8Array, key: Uint8Array): Uint8Array {
  const hash: Hash64 = { high: 0, low: 0 };
  hash64(hash, seed);
  const { high, low } = hash;
  hash64(hash, key, low ^ high);
  const uuid = seed.slice();
  for (let i = 0; i < 4; i++) {
    uuid[8 + i] = seed[8 + i]! ^ (hash.high >>> (8 * i));
    uuid[12 + i] = seed[12 + i]! ^ (hash.low >>> (8 * i));
  }
  uuid[6] = (uuid[6]! & 0x0f) | 0x40;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}
