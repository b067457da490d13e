import { unreachable } from '../base/index.js';
import { growthFault, isGrowth } from './admission.js';
import * as agents from './agents/apply.js';
import * as cluster from './cluster/apply.js';
import type { Command, PlainCommand } from './command.js';
import * as frameworks from './frameworks/apply.js';
import { applyCheckpoint, applyCheckpointDigest } from './operations/checkpoints.js';
import type { CommandResult } from './results.js';
import { applyRoleWeight } from './roles/roles.js';
import * as sessions from './sessions/apply.js';
import type { State } from './state.js';
import { applySweep } from './tasks/apply-sweep.js';
import * as tasks from './tasks/apply.js';
import * as tree from './tree/apply.js';
import { refuse, refuseWith, type Turn } from './turn.js';

/** Runs one command. `sizeBytes` is its encoded size, which counts against the budget before it is stored. */
export function execute(state: State, turn: Turn, command: Command, sizeBytes: number): CommandResult {
  if (command.kind !== 'in-session') return executePlain(state, turn, command, sizeBytes);
  return sessions.applyInSession(state.sessions, turn, command, (inner) =>
    isAboutSessions(inner)
      ? refuse(turn, 'INVALID_ARGUMENT', 'sessions are opened and closed outside of sessions')
      : executePlain(state, turn, inner, sizeBytes),
  );
}

function isAboutSessions(command: PlainCommand): boolean {
  return (
    command.kind === 'session-open' || command.kind === 'session-close' || command.kind === 'session-expire'
  );
}

function executePlain(state: State, turn: Turn, command: PlainCommand, sizeBytes: number): CommandResult {
  if (isGrowth(state, command)) {
    const fault = growthFault(state, sizeBytes);
    if (fault !== null) return refuseWith(turn, fault);
  }
  switch (command.kind) {
    case 'tree-create':
      return tree.applyCreate(state.tree, turn, command);
    case 'tree-set':
      return tree.applySet(state.tree, turn, command);
    case 'tree-delete':
      return tree.applyDelete(state.tree, turn, command);
    case 'session-open':
      return sessions.applyOpen(state.sessions, turn, command);
    case 'session-close':
      return sessions.applyClose(state.sessions, turn, command);
    case 'session-expire':
      return sessions.applyExpire(state.sessions, turn, command);
    case 'task-launch':
      return tasks.applyLaunch(state, turn, command);
    case 'task-kill':
      return tasks.applyKill(state, turn, command);
    case 'task-update':
      return tasks.applyUpdate(state, turn, command);
    case 'task-master-update':
      return tasks.applyMasterUpdate(state, turn, command);
    case 'task-acknowledge':
      return tasks.applyAcknowledge(state, turn, command);
    case 'sweep':
      return applySweep(state, turn, command);
    case 'agent-register':
    case 'agent-reregister':
      return agents.applyRegister(state, turn, command);
    case 'agent-disconnect':
      return agents.applyDisconnect(state, turn, command);
    case 'agent-unreachable':
      return agents.applyUnreachable(state, turn, command);
    case 'agent-remove':
      return agents.applyRemove(state, turn, command);
    case 'framework-subscribe':
      return frameworks.applySubscribe(state, turn, command);
    case 'framework-disconnect':
      return frameworks.applyDisconnect(state, turn, command);
    case 'framework-failover-remaining':
      return frameworks.applyFailoverRemaining(state, turn, command);
    case 'framework-teardown':
      return frameworks.applyTeardown(state, turn, command);
    case 'framework-suppress':
    case 'framework-revive':
      return frameworks.applySuppress(state, turn, command);
    case 'checkpoint':
      return applyCheckpoint(state.checkpoints, turn, command);
    case 'checkpoint-digest':
      return applyCheckpointDigest(state.checkpoints, turn, command);
    case 'cluster-init':
      return cluster.applyInit(state, turn, command);
    case 'member-info':
      return cluster.applyMemberInfo(state, turn, command);
    case 'member-forget':
      return cluster.applyMemberForget(state, turn, command);
    case 'revision-raise':
      return cluster.applyRevisionRaise(state, turn, command);
    case 'role-weight':
      return applyRoleWeight(state.roles, turn, command);
    default:
      return unreachable(command, 'command');
  }
}
