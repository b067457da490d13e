import { memberOf, type NodeId } from '../../base/index.js';
import { applyMemberInfo } from '../cluster/apply.js';
import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { effect, refuse, type Turn } from '../turn.js';
import type { JoinTokenView, MembershipCommand } from './types.js';

const HASH = /^[0-9a-f]{64}$/;
/** Folders are named by a member and an instance. */
const NODE_BYTES = 128;
/** Tokens that may be out at once, and used ones kept for those whose answer was lost. */
const TOKENS = 32;
const LONGEST_TTL_MS = 24 * 3_600_000;
const ID_BYTES = 64;

type Of<Kind extends MembershipCommand['kind']> = Extract<MembershipCommand, { readonly kind: Kind }>;

export function applyTokenIssue(state: State, turn: Turn, command: Of<'join-token-issue'>): CommandResult {
  const { membership } = state;
  const { hash, ttlMs, member, replaces } = command;
  if (!HASH.test(hash))
    return refuse(turn, 'INVALID_ARGUMENT', 'the digest of a token is 64 hexadecimal digits');
  if (ttlMs <= 0 || ttlMs > LONGEST_TTL_MS) {
    return refuse(turn, 'INVALID_ARGUMENT', `a token for ${ttlMs} ms; at most ${LONGEST_TTL_MS}`);
  }
  if (member.length > ID_BYTES || replaces.length > ID_BYTES) {
    return refuse(turn, 'TOO_LARGE', `a member id has at most ${ID_BYTES} characters`);
  }
  membership.dropExpired(turn.nowMs);
  if (membership.token(hash) !== null) return effect(turn, false);
  if (membership.tokens.records >= TOKENS && !membership.dropUsed()) {
    return refuse(turn, 'TOO_LARGE', `${TOKENS} tokens are out, the most there may be: they expire`);
  }
  const expiresMs = turn.nowMs + ttlMs;
  membership.tokens.put(hash, { hash, member, replaces, expiresMs, usedBy: '' });
  return effect(turn, true);
}

/** Repeating it for the same folder is harmless: the answer may have been lost. */
export function applyTokenRedeem(state: State, turn: Turn, command: Of<'join-token-redeem'>): CommandResult {
  const { hash, kind: _, ...facts } = command;
  const token = state.membership.token(hash);
  const fault = tokenFault(turn, token, command) ?? retiredFault(state, command);
  if (token === null || fault !== null) {
    return refuse(turn, 'TOKEN_REFUSED', fault ?? 'this group gave no such token out');
  }
  const result = applyMemberInfo(state, turn, { kind: 'member-info', ...facts });
  if (!result.ok) return result;
  state.membership.tokens.put(hash, { ...token, usedBy: facts.node });
  if (token.replaces !== '') {
    state.membership.marks.put(facts.node, { node: facts.node, held: false, replaces: token.replaces });
  }
  return effect(turn, token.usedBy === '');
}

/** Whoever was let in and has left since does not come back with the same token. */
function retiredFault({ membership }: State, { node, member }: Of<'join-token-redeem'>): string | null {
  const record = membership.retired(node);
  if (record === null) return null;
  return `the folder ${node} left the group (entry ${record.index}): ${member} needs an empty folder and another token`;
}

function tokenFault(
  turn: Turn,
  token: JoinTokenView | null,
  { node, member }: Of<'join-token-redeem'>,
): string | null {
  if (token === null) return null;
  if (token.usedBy !== '' && token.usedBy !== node) {
    return `the token was used by ${memberOf(token.usedBy)}: each lets one member in`;
  }
  if (turn.nowMs >= token.expiresMs)
    return `the token expired ${Math.round((turn.nowMs - token.expiresMs) / 1000)} s ago`;
  if (token.member !== '' && token.member !== member) {
    return `the token is for ${token.member}, not for ${member}`;
  }
  return null;
}

export function applyMark(state: State, turn: Turn, command: Of<'member-mark'>): CommandResult {
  const { kind: _, ...mark } = command;
  const { marks } = state.membership;
  const before = marks.get(mark.node);
  const plain = !mark.held && mark.replaces === '';
  if (plain ? before === null : before?.held === mark.held && before.replaces === mark.replaces) {
    return effect(turn, false);
  }
  if (plain) marks.delete(mark.node);
  else if (state.cluster.table.get(mark.node) === null && before === null && marks.records >= TOKENS) {
    return refuse(turn, 'TOO_LARGE', `${TOKENS} members have notes, the most there may be`);
  } else marks.put(mark.node, mark);
  return effect(turn, true);
}

export function applyRetire(state: State, turn: Turn, { node }: Of<'member-retire'>): CommandResult {
  return effect(turn, forget(state, turn, node));
}

export function applyRetired(state: State, turn: Turn, command: Of<'member-retired'>): CommandResult {
  const { node, index } = command;
  if (node.length > NODE_BYTES) {
    return refuse(turn, 'TOO_LARGE', `the name of a folder has at most ${NODE_BYTES} characters`);
  }
  const news = state.membership.retire({ node, index });
  const known = forget(state, turn, node);
  return effect(turn, news || known);
}

/** Whether there was a record of it. */
function forget(state: State, turn: Turn, node: NodeId): boolean {
  const known = state.cluster.table.get(node) !== null;
  state.lanes.forget(node);
  state.membership.marks.delete(node);
  if (!known) return false;
  state.cluster.forget(node);
  turn.events.push({ kind: 'member-changed', revision: turn.revision, node });
  return true;
}

export function applyUpkeep(state: State, turn: Turn, command: Of<'upkeep-set'>): CommandResult {
  const { kind: _, ...policy } = command;
  if (policy.unstableLosses > 32) {
    return refuse(turn, 'INVALID_ARGUMENT', `${policy.unstableLosses} losses; at most 32 are counted`);
  }
  if (policy.unstableLosses > 0 && policy.unstableWindowMs === 0) {
    return refuse(turn, 'INVALID_ARGUMENT', 'losses are counted within a time above 0');
  }
  state.membership.setUpkeep(policy);
  return effect(turn, true);
}
