import { isOvertaken } from '../agents/apply.js';
import type { Connection } from '../agents/types.js';
import { firstFault, idFault, isSortedSet, lengthFault, textFault } from '../checks.js';
import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { done, effect, refuse, refuseWith, type Refusal, type Turn } from '../turn.js';
import type {
  FrameworkDisconnect,
  FrameworkFailoverRemaining,
  FrameworkRevive,
  FrameworkSubscribe,
  FrameworkSuppress,
  FrameworkTeardown,
  FrameworkView,
} from './types.js';

const CAPABILITY_MASK = 0xffff_ffff;

function rolesFault(turn: Turn, facts: FrameworkSubscribe): Refusal | null {
  const { roles, suppressed } = facts;
  const invalid = (message: string): Refusal => ({ code: 'INVALID_ARGUMENT', message });
  if (roles.length === 0) return invalid('a framework needs a role');
  if (!isSortedSet(roles) || !isSortedSet(suppressed)) return invalid('roles must be sorted, each once');
  const foreign = suppressed.find((role) => !roles.includes(role));
  if (foreign !== undefined) return invalid(`suppressed role ${foreign} is none of the framework's`);
  if (roles.includes('')) return invalid('a role must not be empty');
  return lengthFault('roles', roles.length, turn.limits.rolesPerFramework);
}

function factsFault(turn: Turn, facts: FrameworkSubscribe): Refusal | null {
  const { limits } = turn;
  const texts = [facts.name, facts.user, facts.principal, ...facts.roles];
  return firstFault(
    idFault('a framework id', facts.frameworkId, limits),
    ...texts.map((text) => textFault('a name, user, principal or role', text, limits.messageBytes)),
    lengthFault('a framework spec', facts.spec.length, limits.specBytes),
    lengthFault('capabilities', facts.capabilities, CAPABILITY_MASK),
    rolesFault(turn, facts),
  );
}

function connectionOf(framework: FrameworkView | null): Connection | null {
  return framework?.status.kind === 'connected' ? framework.status.connection : null;
}

function isOver(framework: FrameworkView): boolean {
  return framework.status.kind === 'tearing-down' || framework.status.kind === 'completed';
}

export function applySubscribe(state: State, turn: Turn, command: FrameworkSubscribe): CommandResult {
  const fault = factsFault(turn, command);
  if (fault !== null) return refuseWith(turn, fault);
  const { kind: _, connection, ...facts } = command;
  const { frameworkId } = facts;
  const before = state.frameworks.get(frameworkId);
  if (before !== null && isOver(before)) {
    return refuse(turn, 'FRAMEWORK_REMOVED', `framework ${frameworkId} has been removed`);
  }
  const present = connectionOf(before);
  if (isOvertaken(present, connection)) {
    return refuse(turn, 'STALE_CONNECTION', `framework ${frameworkId} has subscribed anew since`);
  }
  const { revision, nowMs } = turn;
  const subscription = (before?.subscription ?? 0) + 1;
  const times = { registeredMs: before?.registeredMs ?? nowMs, reregisteredMs: nowMs };
  state.frameworks.put({
    ...facts,
    status: { kind: 'connected', connection },
    subscription,
    ...times,
    revision,
  });
  const same = present?.member === connection.member && present.stream === connection.stream;
  const previous = same ? null : present;
  const again = before !== null;
  const detail = { connection, subscription, previous, again };
  turn.events.push({ kind: 'framework-subscribed', revision, frameworkId, ...detail });
  if (again) turn.events.push({ kind: 'framework-offers-invalid', revision, frameworkId });
  return done(turn, { kind: 'framework', frameworkId, subscription });
}

export function applyDisconnect(state: State, turn: Turn, command: FrameworkDisconnect): CommandResult {
  const framework = state.frameworks.get(command.frameworkId);
  if (framework?.status.kind !== 'connected' || framework.subscription !== command.subscription) {
    return effect(turn, false);
  }
  const { revision } = turn;
  const { frameworkId, failoverTimeoutMs: remainingMs } = framework;
  const status = { kind: 'disconnected', sinceMs: turn.nowMs, remainingMs } as const;
  state.frameworks.put({ ...framework, status, revision });
  turn.events.push({ kind: 'framework-disconnected', revision, frameworkId });
  turn.events.push({ kind: 'framework-offers-invalid', revision, frameworkId });
  return effect(turn, true);
}

export function applyFailoverRemaining(
  state: State,
  turn: Turn,
  command: FrameworkFailoverRemaining,
): CommandResult {
  const { frameworkId, subscription, remainingMs } = command;
  const framework = state.frameworks.get(frameworkId);
  if (framework?.status.kind !== 'disconnected' || framework.subscription !== subscription) {
    return effect(turn, false);
  }
  if (remainingMs >= framework.status.remainingMs) return effect(turn, false);
  const { revision } = turn;
  state.frameworks.put({ ...framework, status: { ...framework.status, remainingMs }, revision });
  return effect(turn, true);
}

export function applyTeardown(state: State, turn: Turn, command: FrameworkTeardown): CommandResult {
  const { frameworkId, cause } = command;
  const framework = state.frameworks.get(frameworkId);
  if (framework === null) return refuse(turn, 'UNKNOWN_FRAMEWORK', `framework ${frameworkId} is not known`);
  if (isOver(framework)) return effect(turn, false);
  const waited = framework.status.kind === 'disconnected' && framework.subscription === command.subscription;
  if (cause === 'failover-timeout' && !waited) return effect(turn, false);
  const { revision } = turn;
  const previous = connectionOf(framework);
  state.frameworks.put({ ...framework, status: { kind: 'tearing-down', sinceMs: turn.nowMs }, revision });
  turn.events.push({ kind: 'framework-tearing-down', revision, frameworkId, previous, cause });
  turn.events.push({ kind: 'framework-offers-invalid', revision, frameworkId });
  if (state.tasks.lists.countOfFramework(frameworkId, 'active') === 0)
    completeFramework(state, turn, frameworkId);
  else turn.events.push({ kind: 'sweep-began', revision, sweep: 'framework-teardown', id: frameworkId });
  return effect(turn, true);
}

/** The end of a teardown. Tasks that are being killed may outlive it; nobody hears of them any more. */
export function completeFramework(state: State, turn: Turn, frameworkId: FrameworkView['frameworkId']): void {
  const framework = state.frameworks.get(frameworkId);
  if (framework?.status.kind !== 'tearing-down') return;
  const { revision } = turn;
  state.frameworks.put({ ...framework, status: { kind: 'completed', sinceMs: turn.nowMs }, revision });
  turn.events.push({ kind: 'framework-completed', revision, frameworkId });
  if (state.frameworks.completedCount <= turn.limits.completedFrameworks) return;
  const oldest = state.frameworks.oldestCompleted((id) => state.tasks.lists.countUnfinished(id) === 0);
  if (oldest === null) return;
  state.tasks.forgetHistory(oldest.frameworkId);
  state.frameworks.forgetCompleted(oldest.frameworkId);
}

export function applySuppress(
  state: State,
  turn: Turn,
  command: FrameworkSuppress | FrameworkRevive,
): CommandResult {
  const framework = state.frameworks.get(command.frameworkId);
  if (framework === null) {
    return refuse(turn, 'UNKNOWN_FRAMEWORK', `framework ${command.frameworkId} is not known`);
  }
  if (isOver(framework)) {
    return refuse(turn, 'FRAMEWORK_REMOVED', `framework ${command.frameworkId} has been removed`);
  }
  const foreign = command.roles.find((role) => !framework.roles.includes(role));
  if (foreign !== undefined) {
    return refuse(turn, 'INVALID_ARGUMENT', `role ${foreign} is none of the framework's`);
  }
  const named = command.roles.length === 0 ? framework.roles : [...new Set(command.roles)].sort();
  const suppressing = command.kind === 'framework-suppress';
  const wanted = framework.roles.filter((role) =>
    named.includes(role) ? suppressing : framework.suppressed.includes(role),
  );
  const { revision } = turn;
  const changed = wanted.length !== framework.suppressed.length;
  if (changed) state.frameworks.put({ ...framework, suppressed: wanted, revision });
  const change = suppressing ? 'suppressed' : 'revived';
  const { frameworkId } = framework;
  turn.events.push({ kind: 'framework-roles-changed', revision, frameworkId, change, roles: named });
  return effect(turn, changed);
}
