import type { AgentId, ErrorCode, FrameworkId } from '../base/index.js';
import type { OpOutcome } from './tree/op-turn.js';
import type { NodeStat } from './tree/types.js';

/** What a command that was done tells its caller. */
export type ResultValue =
  | { readonly kind: 'nothing' }
  /** Whether anything changed: false for repetitions and for commands that came too late to matter. */
  | { readonly kind: 'effect'; readonly changed: boolean }
  /** Of tree commands; a deletion answers `nothing`. */
  | { readonly kind: 'node'; readonly stat: NodeStat }
  /** Of a coordination session's create: `path` has the number of a sequential node. */
  | { readonly kind: 'created'; readonly path: string; readonly stat: NodeStat }
  /** Of several ops at once: those up to the first that was refused, which took the others back. */
  | { readonly kind: 'multi'; readonly outcomes: readonly OpOutcome[] }
  /** A coordination session is attached under this number. */
  | { readonly kind: 'attached'; readonly attachment: number }
  | { readonly kind: 'agent'; readonly agentId: AgentId; readonly attachment: number }
  | { readonly kind: 'framework'; readonly frameworkId: FrameworkId; readonly subscription: number }
  /** Tasks that the sweep has still to visit (an upper bound); 0 when it is over. */
  | { readonly kind: 'swept'; readonly touched: number; readonly remaining: number };

/**
 * The outcome of one command, the same on every replica. `revision` is that of the attempt; a repetition
 * within a session gets the first attempt's result with the first attempt's revision.
 */
export type CommandResult =
  | { readonly ok: true; readonly revision: number; readonly value: ResultValue }
  | { readonly ok: false; readonly revision: number; readonly code: ErrorCode; readonly message: string };
