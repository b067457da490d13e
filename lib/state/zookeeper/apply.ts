import { equalBytes, type NodeId, type SessionId } from '../../base/index.js';
import { firstFault, lengthFault, textFault } from '../checks.js';
import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { applyAll, applyOp } from '../tree/apply.js';
import { removeNode } from '../tree/change.js';
import type { OpTurn } from '../tree/op-turn.js';
import { addSystemNodes } from '../tree/system-nodes.js';
import type { Identity } from '../tree/types.js';
import { done, effect, refuse, refuseWith, type Refusal, type Turn } from '../turn.js';
import type {
  CoordinationAttach,
  CoordinationAuthenticate,
  CoordinationClose,
  CoordinationCollect,
  CoordinationExpire,
  CoordinationOpen,
  CoordinationSession,
  CoordinationWrite,
} from './types.js';

/** A positive 64-bit number: with its highest bit set, the owner of a node would read as a container or a time to live. */
const ID = /^[0-7][0-9a-f]{15}$/;
const PASSWORD_BYTES = 16;
const IDENTITIES = 64;

export function applyOpen(state: State, turn: Turn, command: CoordinationOpen): CommandResult {
  const { session, timeoutMs, member } = command;
  const fault = idFault(session) ?? arrivalFault(turn, command);
  if (fault !== null) return refuseWith(turn, fault);
  const { coordination } = state;
  if (coordination.get(session) !== null) return refuse(turn, 'SESSION_EXISTS', `session ${session} is open`);
  const limit = turn.limits.sessions;
  if (coordination.table.records >= limit) {
    return refuse(turn, 'GROWTH_REFUSED', `${limit} coordination sessions are open, the most there may be`);
  }
  addSystemNodes(state.tree);
  coordination.put(session, {
    timeoutMs,
    attachment: 1,
    member,
    identities: owned(command.identities),
    password: command.password.slice(),
  });
  turn.events.push({ kind: 'coordination-opened', revision: turn.revision, session });
  return done(turn, { kind: 'attached', attachment: 1 });
}

export function applyAttach(state: State, turn: Turn, command: CoordinationAttach): CommandResult {
  const { session, timeoutMs, member } = command;
  const fault = arrivalFault(turn, command);
  if (fault !== null) return refuseWith(turn, fault);
  const before = state.coordination.get(session);
  if (before === null) return refuse(turn, 'SESSION_EXPIRED', `session ${session} is not open`);
  if (!equalBytes(before.password, command.password)) {
    return refuse(turn, 'AUTH_FAILED', `wrong password for session ${session}`);
  }
  const attachment = before.attachment + 1;
  const identities = owned(command.identities);
  state.coordination.put(session, { ...before, timeoutMs, attachment, member, identities });
  turn.events.push({
    kind: 'coordination-attached',
    revision: turn.revision,
    session,
    attachment,
    member,
  });
  return done(turn, { kind: 'attached', attachment });
}

export function applyAuthenticate(
  state: State,
  turn: Turn,
  command: CoordinationAuthenticate,
): CommandResult {
  const { session, identity } = command;
  const open = attached(state, command);
  if ('code' in open) return refuseWith(turn, open);
  if (open.identities.some(({ scheme, id }) => scheme === identity.scheme && id === identity.id)) {
    return effect(turn, false);
  }
  const identities = [...open.identities, identity];
  const fault = identitiesFault(turn, identities);
  if (fault !== null) return refuseWith(turn, fault);
  state.coordination.put(session, { ...open, identities: owned(identities) });
  return effect(turn, true);
}

export function applyClose(state: State, turn: Turn, command: CoordinationClose): CommandResult {
  const open = attached(state, command);
  if ('code' in open) return refuseWith(turn, open);
  end(state, turn, command.session, open.member, 'closed');
  return effect(turn, true);
}

export function applyExpire(state: State, turn: Turn, command: CoordinationExpire): CommandResult {
  const open = attached(state, command);
  if ('code' in open) return effect(turn, false);
  end(state, turn, command.session, open.member, 'expired');
  return effect(turn, true);
}

export function applyWrite(state: State, turn: Turn, command: CoordinationWrite): CommandResult {
  const { session, ops } = command;
  const open = attached(state, command);
  if ('code' in open) return refuseWith(turn, open);
  const { identities } = open;
  const tree = state.treeAndQuotas;
  if (command.multi) {
    const outcomes = applyAll(tree, { turn, session, identities }, ops);
    return done(turn, { kind: 'multi', outcomes });
  }
  const op = ops[0];
  if (op === undefined || ops.length > 1) return refuse(turn, 'INVALID_ARGUMENT', `${ops.length} ops, not 1`);
  const outcome = applyOp(tree, { turn, session, identities, undo: null }, op);
  return outcome.ok ? done(turn, outcome.value) : refuse(turn, outcome.code, outcome.message);
}

export function applyCollect(state: State, turn: Turn, command: CoordinationCollect): CommandResult {
  const { tree } = state;
  const row = tree.find(command.path);
  if (row < 0 || tree.children(row) > 0) return effect(turn, false);
  const same =
    tree.czxid.get(row) === command.czxid &&
    tree.mzxid.get(row) === command.mzxid &&
    tree.pzxid.get(row) === command.pzxid;
  const owner = tree.owner(row);
  const over =
    owner.kind === 'container' || (owner.kind === 'ttl' && turn.nowMs - tree.mtimeMs.get(row) > owner.ttlMs);
  if (!same || !over) return effect(turn, false);
  removeNode(state.treeAndQuotas, nobody(turn), row, command.path);
  return effect(turn, true);
}

/** The session under the attachment that a command was sent with, or why there is none. */
function attached(
  state: State,
  { session, attachment }: { readonly session: SessionId; readonly attachment: number },
): CoordinationSession | Refusal {
  const open = state.coordination.get(session);
  if (open === null) return { code: 'SESSION_EXPIRED', message: `session ${session} is not open` };
  if (open.attachment === attachment) return open;
  const message = `session ${session} moved: attachment ${open.attachment}, not ${attachment}`;
  return { code: 'SESSION_MOVED', message };
}

/** Its nodes go with it, in the order of their paths. */
function end(
  state: State,
  turn: Turn,
  session: SessionId,
  member: NodeId,
  cause: 'closed' | 'expired',
): void {
  for (const row of state.tree.rowsOwnedBy(session)) {
    removeNode(state.treeAndQuotas, nobody(turn), row, state.tree.path(row));
  }
  state.coordination.delete(session);
  turn.events.push({ kind: 'coordination-ended', revision: turn.revision, session, member, cause });
}

function nobody(turn: Turn): OpTurn {
  return { turn, session: null, identities: [], undo: null };
}

/** Copies: fields of a command are views into its entry. */
function owned(identities: readonly Identity[]): readonly Identity[] {
  return identities.map(({ scheme, id }) => ({ scheme, id }));
}

function idFault(session: SessionId): Refusal | null {
  if (ID.test(session) && !/^0+$/.test(session)) return null;
  return {
    code: 'INVALID_ARGUMENT',
    message: 'a session id is 16 hexadecimal digits, above 0 as a signed number',
  };
}

function arrivalFault(turn: Turn, command: CoordinationOpen | CoordinationAttach): Refusal | null {
  const { password, timeoutMs } = command;
  const { sessionTimeoutMinMs, sessionTimeoutMaxMs } = turn.limits;
  if (password.length !== PASSWORD_BYTES) {
    return {
      code: 'INVALID_ARGUMENT',
      message: `a password of ${password.length} bytes, not ${PASSWORD_BYTES}`,
    };
  }
  if (timeoutMs < sessionTimeoutMinMs || timeoutMs > sessionTimeoutMaxMs) {
    const range = `${sessionTimeoutMinMs} to ${sessionTimeoutMaxMs} ms`;
    return {
      code: 'INVALID_ARGUMENT',
      message: `a session timeout of ${timeoutMs} ms; allowed are ${range}`,
    };
  }
  return identitiesFault(turn, command.identities);
}

function identitiesFault(turn: Turn, identities: readonly Identity[]): Refusal | null {
  const { idBytes, messageBytes } = turn.limits;
  return (
    lengthFault('a list of identities', identities.length, IDENTITIES) ??
    firstFault(
      ...identities.map(({ scheme }) => textFault('a scheme', scheme, idBytes)),
      ...identities.map(({ id }) => textFault('an identity', id, messageBytes)),
    )
  );
}
