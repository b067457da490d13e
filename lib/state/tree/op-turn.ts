import type { SessionId } from '../../base/index.js';
import type { ErrorCode } from '../../base/index.js';
import type { Turn } from '../turn.js';
import type { NodeTable } from './nodes.js';
import type { Quotas } from './quotas.js';
import type { Identity, OpValue } from './types.js';

/** The tables that the ops change. */
export interface Tree {
  readonly nodes: NodeTable;
  readonly quotas: Quotas;
}

/** Who asks for an op, and what it may know. */
export interface OpTurn {
  readonly turn: Turn;
  /** Owner of the ephemeral nodes that it makes; null for whoever has no session that could own any. */
  readonly session: SessionId | null;
  readonly identities: readonly Identity[];
  /** How what was done is taken back, last thing first; null where an op stands alone. */
  readonly undo: (() => void)[] | null;
}

/** How one op ended. What was refused changed nothing. */
export type OpOutcome =
  | { readonly ok: true; readonly value: OpValue }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

export const NOTHING_DONE: OpOutcome = { ok: true, value: { kind: 'nothing' } };

export function refused(code: ErrorCode, message: string): OpOutcome {
  return { ok: false, code, message };
}
