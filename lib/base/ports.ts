/**
 * The outside world as the rooms see it. Real implementations live in `lib/node`, virtual ones in `test/sim`.
 */

export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back, unaffected by clock steps. For elapsed time. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch; may jump. For stamps and display only. */
  wallMs(): number;
}

export interface Random {
  /** A uniformly distributed unsigned 32-bit integer. */
  uint32(): number;
}

export interface TimerHandle {
  cancel(): void;
}

export interface Timers {
  /** Calls `callback` once, `delayMs` or more from now. */
  after(delayMs: number, callback: () => void): TimerHandle;
  /** Calls `callback` as soon as the current burst of I/O events has been handled. */
  soon(callback: () => void): void;
  /** Calls `callback` as soon as the present event has been handled, before others. Without it there is only `soon`. */
  promptly?(callback: () => void): void;
}

/** Structured logging: fields, not sentences. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}
