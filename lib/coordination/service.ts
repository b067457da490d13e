import { TepuiError, randomHex, type ErrorCode, type Random, type SessionId } from '../base/index.js';
import type { Outcome, Replica } from '../replica/index.js';
import { encodeCommand, type NodeStat, type TreeCommand } from '../state/index.js';

/** A write that asks to be done at most once. */
export interface SessionWrite {
  readonly session: SessionId;
  readonly sequence: number;
  readonly acknowledgedBelow: number;
  readonly command: TreeCommand;
}

/** How a request ended. `unknown`: it may have been, or may still be, done. */
export type Answer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly unknown: boolean;
    };

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

export interface NodeQuery {
  readonly path: string;
  readonly local: boolean;
  readonly children: boolean;
}

/** Told which sessions are in use behind this member. */
export interface SessionUse {
  sessionAlive(session: SessionId): void;
}

const DEFAULT_TIMEOUT_MS = 600_000;

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
  ephemeralOwner: 0,
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

  closeSession(session: SessionId, done: (answer: Answer<{ index: number }>) => void): void {
    const command = encodeCommand({ kind: 'session-close', session });
    this.replica.propose(command, (outcome) => done(answerOf(outcome, (index) => ({ index }))));
  }

  /** Calls `done` once, after this member has applied the write. */
  write(write: SessionWrite, done: (answer: Answer<Written>) => void): void {
    this.use.sessionAlive(write.session);
    this.replica.propose(encodeCommand({ kind: 'in-session', ...write }), (outcome) => {
      done(answerOf(outcome, (index, term) => ({ index, term, stat: statOf(outcome) })));
    });
  }

  read(query: NodeQuery, done: (answer: Answer<Node>) => void): void {
    if (query.local) return done(this.look(query));
    this.replica.read((refusal) => {
      done(refusal === null ? this.look(query) : { kind: 'refused', ...refusal, unknown: false });
    });
  }

  private look({ path, children }: NodeQuery): Answer<Node> {
    const { tree, revision } = this.replica.machine;
    const node = tree.get(path);
    if (node === null)
      return { kind: 'refused', code: 'NO_NODE', message: `${path} does not exist`, unknown: false };
    const names = children ? (tree.children(path) ?? []) : [];
    return { kind: 'done', value: { index: revision, data: node.data, stat: node.stat, children: names } };
  }
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
      const unknown = new TepuiError(result.code, result.message).certainty === 'unknown';
      return { kind: 'refused', code: result.code, message: result.message, unknown };
    }
  }
}
