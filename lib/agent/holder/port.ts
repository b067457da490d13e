import type { Exit, TaskRef } from '../types.js';

/** Everything the holder needs to start a task; the agent has checked it and worked out the environment. */
export interface SpawnOrder extends TaskRef {
  /** Absolute. Made if missing; working directory of the task, home of its stdout and stderr. */
  readonly sandbox: string;
  readonly file: string;
  /** The whole argv, program name included. */
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/** Why a task has no exit of its own. None of these is ever dressed up as an exit code. */
export type LossReason =
  /** The holder ended while the task ran; what was left of the task was killed. */
  | 'holder-died'
  /** The machine restarted. */
  | 'rebooted'
  /** A crash came between the intent to start and the record of the start: it may or may not have run. */
  | 'start-unknown';

export type Outcome =
  /** `killed`: a kill had been asked for before the end was seen. */
  | { readonly kind: 'exited'; readonly exit: Exit; readonly killed: boolean }
  /** The program was never executed. `code` is the system's, such as ENOENT. */
  | { readonly kind: 'not-started'; readonly code: string; readonly message: string }
  /** A kill came before the start. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'lost'; readonly reason: LossReason };

export type HeldState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly pid: number }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

export interface HeldTask extends TaskRef {
  readonly state: HeldState;
}

export interface HolderEvents {
  /**
   * A holder is connected, first or again; these are all the tasks it has a record of. What was asked of an
   * earlier connection and does not show here never arrived.
   */
  onTasks(tasks: readonly HeldTask[]): void;
  onStarted(ref: TaskRef, pid: number): void;
  /** The task has ended, durably recorded, and no process of it is left. */
  onEnded(ref: TaskRef, outcome: Outcome): void;
  /** The connection is lost; `onTasks` follows when a holder is found or made. */
  onDown(reason: string): void;
  /** No holder can be had: the agent must end. */
  onFatal(error: Error): void;
}

/**
 * The agent's way to the process that owns its tasks. Orders made while it is down are dropped, since `onTasks`
 * is answered with whatever is still missing. Real: `client.ts`. Twin: `test/support/memory-holder.ts`.
 */
export interface Holder {
  start(events: HolderEvents): void;
  /** Starts the task unless the holder has any record of it: a repeated order never runs a command twice. */
  run(order: SpawnOrder): void;
  /** SIGTERM to the task's process group, SIGKILL after the grace period. A repeat can only shorten it. */
  kill(ref: TaskRef, graceMs: number): void;
  /** The end of the task has been dealt with: drop its record. */
  forget(ref: TaskRef): void;
  /** Ends the holder, and whatever still runs by SIGKILL; resolves when it is gone or `deadlineMs` passed. */
  shutDown(deadlineMs: number): Promise<void>;
  /** Leaves the holder and its tasks alone and lets go of it. */
  close(): void;
}
