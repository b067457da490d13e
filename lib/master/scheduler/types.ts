import type { TepuiError } from '../../base/index.js';
import type { SchedulerReply, SchedulerRequest } from '../../wire/index.js';

/** A framework's stream as its door sees it. */
export interface SchedulerSink {
  /** Writes one message; false asks to wait for `drained` before the next. */
  send(reply: SchedulerReply): boolean;
  /** Ends the stream: well, after everything sent; or with an error, at once. */
  end(error: TepuiError | null): void;
}

/** What the door tells about a stream. */
export interface SchedulerConnection {
  /** Gets exactly one `accepted` or `refused`, in any order, unless the stream ends first. */
  request(request: SchedulerRequest): void;
  drained(): void;
  /** The client sends nothing more: its framework counts as disconnected, its requests are still answered. */
  ended(): void;
  /** The client is gone. */
  closed(): void;
}

/** The scheduler API on the member where the framework came in. */
export interface SchedulerService {
  connect(sink: SchedulerSink): SchedulerConnection;
  /** One request without a stream; SUBSCRIBE is refused. */
  call(request: SchedulerRequest, done: (reply: SchedulerReply) => void): void;
}

export interface SchedulerLimits {
  /** Announced to frameworks; clients with 10 s time-outs exist, so at most 5 s. */
  readonly heartbeatMs: number;
  /** A call whose leader was lost is made again until then. */
  readonly callDeadlineMs: number;
  /** The last attempt may take this much longer; then the call is answered "outcome unknown". */
  readonly callGraceMs: number;
  /** Before a call whose leader was lost is made again. */
  readonly callRetryMs: number;
  /** Before a disconnect that could not be committed is proposed again. */
  readonly disconnectRetryMs: number;
  readonly streams: number;
  /** Requests of one stream that are not answered yet. */
  readonly requestsPerStream: number;
  /** Answers and events that wait for one slow stream; updates do not wait here but in the machine. */
  readonly messagesPerStream: number;
  /** Tasks of one stream whose reconciled state is not sent yet. */
  readonly reconciliationsPerStream: number;
  /** A stream that has taken nothing for this long is closed. */
  readonly stalledMs: number;
  /** Batches of offers that wait until this member has applied as much as the leader had. */
  readonly waitingNews: number;
}

export const SCHEDULER_LIMITS: SchedulerLimits = {
  heartbeatMs: 2_000,
  callDeadlineMs: 10_000,
  callGraceMs: 1_000,
  callRetryMs: 20,
  disconnectRetryMs: 500,
  streams: 10_000,
  requestsPerStream: 4_096,
  messagesPerStream: 16_384,
  reconciliationsPerStream: 500_000,
  stalledMs: 30_000,
  waitingNews: 4_096,
};
