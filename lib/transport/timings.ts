import type { BackoffOptions } from '../base/index.js';

/**
 * Times of the transport, for members in one data centre. A healed network is used again within
 * `connectDeadlineMs` + `backoff.maxMs` < 1 s: an attempt whose packets were dropped is over by then, and one
 * that had its connection goes on by itself, as TCP resends.
 */
export interface TransportTimings {
  /** For a bare connection to come about. */
  readonly connectDeadlineMs: number;
  /**
   * From there to the peer's hello. Doubled after each attempt in a row that fails for it, up to the maximum:
   * a process that is busy, or stopped, answers late, and answers the attempt that is waiting.
   */
  readonly greetingDeadlineMs: number;
  readonly greetingDeadlineMaxMs: number;
  /** Short at first: a process that is being killed resets its streams before it stops listening. */
  readonly backoff: BackoffOptions;
  /** Between attempts at a peer that answered and does not want us. */
  readonly rejectedRetryMs: number;
  /** How often each side shows the other a sign of life, and looks for one. */
  readonly pulseMs: number;
  /** Nothing heard for so long on a stream we dialled: it is closed and dialled anew. */
  readonly silenceMs: number;
  /** Nothing heard for so long on a stream we accepted: its other end is gone. */
  readonly idleMs: number;
  /** A stream that lasted shorter than this does not reset the back-off. */
  readonly stableMs: number;
  /** Introductions and founding calls. */
  readonly callDeadlineMs: number;
  /** A snapshot transfer without any progress for so long is broken, for its sender and for its receiver. */
  readonly transferSilenceMs: number;
}

export const TRANSPORT_TIMINGS: TransportTimings = {
  connectDeadlineMs: 700,
  greetingDeadlineMs: 1000,
  greetingDeadlineMaxMs: 3000,
  backoff: { firstMs: 10, maxMs: 250, factor: 2 },
  rejectedRetryMs: 2000,
  pulseMs: 100,
  silenceMs: 1500,
  idleMs: 10_000,
  stableMs: 1000,
  callDeadlineMs: 2000,
  transferSilenceMs: 10_000,
};
