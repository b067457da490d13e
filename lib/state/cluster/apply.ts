import { memberOf } from '../../base/index.js';
import { LIMIT_NAMES, type MachineLimits } from '../limits.js';
import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { effect, refuse, refuseWith, type Refusal, type Turn } from '../turn.js';
import type { ClusterInit, MemberForget, MemberInfo, RevisionRaise } from './types.js';

/** Members and learners that may be known at once. */
const MEMBERS = 64;
/** One raise at most: a restore or recovery takes 2^40, and revisions end at 2^53. */
const RAISE = 2 ** 44;
const TEXT_BYTES = 1024;
/** Keys hold ids with their length in two bytes. */
const ID_BYTES = 4096;

function limitsFault(limits: MachineLimits): Refusal | null {
  const zero = LIMIT_NAMES.find((name) => limits[name] <= 0);
  if (zero !== undefined) return { code: 'INVALID_ARGUMENT', message: `limit ${zero} must be above 0` };
  if (limits.idBytes > ID_BYTES) {
    return { code: 'INVALID_ARGUMENT', message: `idBytes ${limits.idBytes} is above ${ID_BYTES}` };
  }
  if (limits.growthShareMilli > 1000) {
    return { code: 'INVALID_ARGUMENT', message: `growthShareMilli ${limits.growthShareMilli} is above 1000` };
  }
  if (limits.sessionTimeoutMinMs > limits.sessionTimeoutMaxMs) {
    return { code: 'INVALID_ARGUMENT', message: 'sessionTimeoutMinMs is above sessionTimeoutMaxMs' };
  }
  return null;
}

export function applyInit(state: State, turn: Turn, command: ClusterInit): CommandResult {
  const { core } = state;
  if (core.clusterId !== null) {
    if (core.clusterId === command.clusterId) return effect(turn, false);
    return refuse(turn, 'FOREIGN_CLUSTER', `this is cluster ${core.clusterId}, not ${command.clusterId}`);
  }
  if (command.clusterId === '' || command.clusterId.length > TEXT_BYTES) {
    return refuse(turn, 'INVALID_ARGUMENT', 'a cluster id is a short text that is not empty');
  }
  const fault = limitsFault(command.limits);
  if (fault !== null) return refuseWith(turn, fault);
  core.clusterId = command.clusterId;
  core.limits = command.limits;
  turn.events.push({ kind: 'cluster-formed', revision: turn.revision });
  return effect(turn, true);
}

export function applyMemberInfo(state: State, turn: Turn, command: MemberInfo): CommandResult {
  const { kind: _, ...facts } = command;
  const texts = [facts.node, facts.member, facts.release, ...Object.values(facts.doors)];
  const long = texts.find((text) => text.length > TEXT_BYTES);
  if (long !== undefined)
    return refuse(turn, 'TOO_LARGE', `a text of ${long.length}; the limit is ${TEXT_BYTES}`);
  if (memberOf(facts.node) !== facts.member) {
    return refuse(turn, 'INVALID_ARGUMENT', `node ${facts.node} is not a folder of member ${facts.member}`);
  }
  const { table } = state.cluster;
  if (table.get(facts.node) === null && table.records >= MEMBERS) {
    return refuse(turn, 'TOO_LARGE', `${MEMBERS} members are known, the most there may be`);
  }
  state.cluster.put({ ...facts, revision: turn.revision });
  turn.events.push({ kind: 'member-changed', revision: turn.revision, node: facts.node });
  return effect(turn, true);
}

/** The lane stays: a forgotten member may still have sub-batches on their way, which must not run twice. */
export function applyMemberForget(state: State, turn: Turn, command: MemberForget): CommandResult {
  if (state.cluster.table.get(command.node) === null) return effect(turn, false);
  state.cluster.forget(command.node);
  turn.events.push({ kind: 'member-changed', revision: turn.revision, node: command.node });
  return effect(turn, true);
}

export function applyRevisionRaise(state: State, turn: Turn, command: RevisionRaise): CommandResult {
  const { core } = state;
  if (command.by > RAISE || core.revision + command.by >= Number.MAX_SAFE_INTEGER - RAISE) {
    return refuse(turn, 'INVALID_ARGUMENT', `revision ${core.revision} cannot be raised by ${command.by}`);
  }
  core.revision += command.by;
  return effect(turn, true);
}
