import { unreachable } from '../base/index.js';
import { growthFault, isGrowth } from './admission.js';
import * as agents from './agents/apply.js';
import * as cluster from './cluster/apply.js';
import { CLUSTER_CODECS } from './cluster/codec.js';
import type { Command, PlainCommand } from './command.js';
import * as coordination from './zookeeper/apply.js';
import { COORDINATION_CODECS } from './zookeeper/codec.js';
import { applyMembers } from './zookeeper/members.js';
import * as frameworks from './frameworks/apply.js';
import * as membership from './membership/apply.js';
import { MEMBERSHIP_CODECS } from './membership/codec.js';
import { applyAlarmClear, applyAlarmRaise, divergenceFault } from './operations/alarms.js';
import { applyCheckpoint, applyCheckpointDigest } from './operations/checkpoints.js';
import { OPERATION_CODECS } from './operations/codec.js';
import { applyRestore } from './restores/apply.js';
import { RESTORE_CODECS } from './restores/codec.js';
import type { CommandResult } from './results.js';
import { applyRoleWeight } from './roles/roles.js';
import * as sessions from './sessions/apply.js';
import { SESSION_CODECS } from './sessions/codec.js';
import type { State } from './state.js';
import { applySweep } from './tasks/apply-sweep.js';
import * as tasks from './tasks/apply.js';
import * as tree from './tree/apply.js';
import { refuse, refuseWith, type Refusal, type Turn } from './turn.js';

/** Runs one command. `sizeBytes` is its encoded size, which counts against the budget before it is stored. */
export function execute(state: State, turn: Turn, command: Command, sizeBytes: number): CommandResult {
  if (command.kind !== 'in-session') {
    const fault = barFault(state, command);
    return fault === null ? executePlain(state, turn, command, sizeBytes) : refuseWith(turn, fault);
  }
  const fault = barFault(state, command.command);
  return sessions.applyInSession(state.sessions, turn, command, fault, (inner) =>
    isAboutSessions(inner)
      ? refuse(turn, 'INVALID_ARGUMENT', 'sessions are opened and closed outside of sessions')
      : executePlain(state, turn, inner, sizeBytes),
  );
}

/** What the group needs to operate itself goes on whatever alarm stands: it is how the alarm ends. */
const OPERATION: ReadonlySet<string> = new Set([
  ...Object.keys(OPERATION_CODECS),
  ...Object.keys(CLUSTER_CODECS),
  ...Object.keys(MEMBERSHIP_CODECS),
  ...Object.keys(RESTORE_CODECS),
]);

function barFault(state: State, command: PlainCommand): Refusal | null {
  const fault = divergenceFault(state.alarms);
  return fault !== null && OPERATION.has(command.kind) ? null : fault;
}

/** Commands that bring a session of their own, or begin or end one. */
const ABOUT_SESSIONS: ReadonlySet<string> = new Set([
  ...Object.keys(SESSION_CODECS),
  ...Object.keys(COORDINATION_CODECS),
]);

function isAboutSessions(command: PlainCommand): boolean {
  return ABOUT_SESSIONS.has(command.kind);
}

function executePlain(state: State, turn: Turn, command: PlainCommand, sizeBytes: number): CommandResult {
  if (isGrowth(state, command)) {
    const fault = growthFault(state, sizeBytes);
    if (fault !== null) return refuseWith(turn, fault);
  }
  switch (command.kind) {
    case 'tree-create':
    case 'tree-set':
    case 'tree-delete':
      return tree.applyTreeCommand(state.treeAndQuotas, turn, command);
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
    case 'alarm-raise':
      return applyAlarmRaise(state.alarms, turn, command);
    case 'alarm-clear':
      return applyAlarmClear(state.alarms, turn, command);
    case 'cluster-init':
      return cluster.applyInit(state, turn, command);
    case 'member-info':
      return cluster.applyMemberInfo(state, turn, command);
    case 'member-forget':
      return cluster.applyMemberForget(state, turn, command);
    case 'join-token-issue':
      return membership.applyTokenIssue(state, turn, command);
    case 'join-token-redeem':
      return membership.applyTokenRedeem(state, turn, command);
    case 'member-mark':
      return membership.applyMark(state, turn, command);
    case 'member-retire':
      return membership.applyRetire(state, turn, command);
    case 'member-retired':
      return membership.applyRetired(state, turn, command);
    case 'upkeep-set':
      return membership.applyUpkeep(state, turn, command);
    case 'restore-begin':
    case 'restore-chunk':
    case 'restore-settle':
    case 'restore-commit':
    case 'restore-abandon':
      return applyRestore(state, turn, command);
    case 'revision-raise':
      return cluster.applyRevisionRaise(state, turn, command);
    case 'coordination-open':
      return coordination.applyOpen(state, turn, command);
    case 'coordination-attach':
      return coordination.applyAttach(state, turn, command);
    case 'coordination-authenticate':
      return coordination.applyAuthenticate(state, turn, command);
    case 'coordination-close':
      return coordination.applyClose(state, turn, command);
    case 'coordination-expire':
      return coordination.applyExpire(state, turn, command);
    case 'coordination-write':
      return coordination.applyWrite(state, turn, command);
    case 'coordination-collect':
      return coordination.applyCollect(state, turn, command);
    case 'coordination-members':
      return applyMembers(state, turn, command);
    case 'role-weight':
      return applyRoleWeight(state.roles, turn, command);
    default:
      return unreachable(command, 'command');
  }
}
