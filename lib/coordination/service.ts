import { CATALOGUE, randomHex, type ErrorCode, type Random, type SessionId } from '../base/index.js';
import type { Outcome, Replica } from '../replica/index.js';
import { encodeCommand, type NodeStat, type TreeCommand } from '../state/index.js';

/** A write that asks to be done at most once. */
export interface SessionWrite {
  readonly session: SessionId;
  readonly sequence: number;
  readonly acknowledgedBelow: number;
  readonly command: TreeCommand;
}

/** `unknown`: it may have been, or may still be, done. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly unknown: boolean;
}

/** How a request ended. */
export type Answer<T> = { readonly kind: 'done'; readonly value: T } | Refused;

export interface Written {
  readonly index: number;
  /** Term of the log entry that carries the write. */
  readonly term: number;
  readonly stat: NodeStat;
}

export interface Node {
  readonly index: number;
  readonly data: Uint8Array;
  readonly stat: NodeStat;
  readonly children: readonly string[];
}

/** Told which sessions are in use behind this member. */
export interface SessionUse {
  sessionAlive(session: SessionId): void;
}

const DEFAULT_TIMEOUT_MS = 600_000;
const SESSION_ID = /^[0-9a-f]{16}$/;
/** Children that one answer may list: listing more would hold up everybody else. */
const LISTED_CHILDREN = 100_000;

/** Stat of a node that was deleted: there is nothing left to describe. */
const GONE: NodeStat = {
  czxid: 0,
  mzxid: 0,
  pzxid: 0,
  ctimeMs: 0,
  mtimeMs: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: null,
  dataLength: 0,
  numChildren: 0,
};

/** Client sessions and the tree, as this member serves them: writes through its lane, reads from its machine. */
export class CoordinationService {
  private readonly replica: Replica;
  private readonly random: Random;
  private readonly use: SessionUse;

  constructor(replica: Replica, random: Random, use: SessionUse) {
    this.replica = replica;
    this.random = random;
    this.use = use;
  }

  /** Opens a session under an id that nobody else has. Repeating a lost call opens another one, which expires. */
  openSession(
    timeoutMs: number,
    done: (answer: Answer<{ session: SessionId; timeoutMs: number; index: number }>) => void,
  ): void {
    const session = randomHex(this.random, 8) as SessionId;
    const { sessionTimeoutMinMs, sessionTimeoutMaxMs } = this.replica.machine.limits;
    const asked = timeoutMs === 0 ? DEFAULT_TIMEOUT_MS : timeoutMs;
    const agreed = Math.min(sessionTimeoutMaxMs, Math.max(sessionTimeoutMinMs, asked));
    const command = encodeCommand({ kind: 'session-open', session, timeoutMs: agreed });
    this.replica.propose(command, (outcome) => {
      done(answerOf(outcome, (index) => ({ session, timeoutMs: agreed, index })));
    });
  }

  /** Closing a session that is not open changes nothing and is done. */
  closeSession(session: SessionId, done: (answer: Answer<{ index: number }>) => void): void {
    if (!SESSION_ID.test(session)) return done(noSession(session));
    const command = encodeCommand({ kind: 'session-close', session });
    this.replica.propose(command, (outcome) => done(answerOf(outcome, (index) => ({ index }))));
  }

  /** Calls `done` once, after this member has applied the write; at once for what can never be one. */
  write(write: SessionWrite, done: (answer: Answer<Written>) => void): void {
    if (!SESSION_ID.test(write.session)) return done(noSession(write.session));
    this.use.sessionAlive(write.session);
    const command = encodeCommand({ kind: 'in-session', ...write });
    const { commandBytes } = this.replica.machine.limits;
    if (command.length > commandBytes) {
      return done(refused('TOO_LARGE', `a write of ${command.length} bytes; the limit is ${commandBytes}`));
    }
    this.replica.propose(command, (outcome) => {
      done(answerOf(outcome, (index, term) => ({ index, term, stat: statOf(outcome) })));
    });
  }

  /** Calls `done(null)` once `look` shows everything that was acknowledged before the call; at once if `local`. */
  confirm(local: boolean, done: (refused: Refused | null) => void): void {
    if (local) return done(null);
    this.replica.read((refusal) => {
      done(refusal === null ? null : refused(refusal.code, refusal.message));
    });
  }

  /** A node as this member has it now. */
  look(path: string, children: boolean): Answer<Node> {
    const { tree, revision } = this.replica.machine;
    const node = tree.get(path);
    if (node === null) return refused('NO_NODE', `${path} does not exist`);
    const { data, stat } = node;
    if (children && stat.numChildren > LISTED_CHILDREN) {
      const message = `${path} has ${stat.numChildren} children; at most ${LISTED_CHILDREN} are listed`;
      return refused('TOO_LARGE', message);
    }
    const names = children ? (tree.children(path) ?? []) : [];
    return { kind: 'done', value: { index: revision, data, stat, children: names } };
  }
}

function refused(code: ErrorCode, message: string): Refused {
  return { kind: 'refused', code, message, unknown: false };
}

function noSession(session: string): Refused {
  return refused('INVALID_ARGUMENT', `a session id is 16 hexadecimal digits, not "${session.slice(0, 32)}"`);
}

function statOf(outcome: Outcome): NodeStat {
  if (outcome.kind !== 'applied' || !outcome.result.ok) return GONE;
  const { value } = outcome.result;
  return value.kind === 'node' ? value.stat : GONE;
}

/** One answer per outcome: what the machine refused is as definite as what it did. */
export function answerOf<T>(outcome: Outcome, value: (index: number, term: number) => T): Answer<T> {
  switch (outcome.kind) {
    case 'refused':
      return { kind: 'refused', code: outcome.code, message: outcome.message, unknown: false };
    case 'unknown':
      return { kind: 'refused', code: 'OUTCOME_UNKNOWN', message: outcome.message, unknown: true };
    case 'applied': {
      const { result, term } = outcome;
      if (result.ok) return { kind: 'done', value: value(result.revision, term) };
      const unknown = CATALOGUE[result.code].certainty === 'unknown';
      return { kind: 'refused', code: result.code, message: result.message, unknown };
    }
  }
}
