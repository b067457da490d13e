import { TepuiError, type ErrorCode, type SessionId } from '../base/index.js';
import { asTepuiError, errorOf, type Refusal } from '../wire/index.js';
import type { PendingCall, Settle } from './calls.js';
import type { Door } from './door.js';
import { Pipeline } from './pipeline.js';
import { duration, memberAnswered } from './refusals.js';
import type { World } from './system.js';

/** What a request carries besides its body. */
export interface CallNumber {
  readonly session: SessionId;
  readonly sequence: number;
  readonly acknowledgedBelow: number;
}

/** Puts a call on the stream. False: the stream's buffer is full, `drained` will be called. */
export type Send<Body> = (number: CallNumber, body: Body) => boolean;

/** As in `PipelineOptions`. */
export interface SessionOptions {
  readonly world: World;
  readonly window: number;
  readonly queueLimit: number;
  readonly callTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly alsoRepeatable?: ErrorCode;
  stuck(error: TepuiError, keep: boolean): void;
  trouble(): TepuiError;
}

type Standing =
  | { readonly kind: 'none' }
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly id: SessionId; readonly timeoutMs: number; usedAt: number }
  /** The group forgot it. Answers to what was sent with it still come in; nothing more is sent with it. */
  | { readonly kind: 'expired' };

const OPEN_TIMEOUT_MS = 2000;

/**
 * Exactly-once calls over streams that break. Every call has a sequence number in a session that the group
 * replicates; unanswered ones are sent again with the same number on every new stream, and the group answers
 * a repeated number as the first time without running it again. A call ends in one of three ways: with its
 * value, surely not done, or unknown. Being used is what keeps a session alive.
 */
export class Session<Body, Value> {
  private readonly options: SessionOptions;
  private readonly pipeline: Pipeline<Body, Value>;
  private standing: Standing = { kind: 'none' };
  private door: Door | null = null;
  private closed = false;

  constructor(options: SessionOptions) {
    this.options = options;
    this.pipeline = new Pipeline({ ...options, harmless: false, allowed: () => this.ensureOpen() });
  }

  get id(): SessionId | null {
    return this.standing.kind === 'open' ? this.standing.id : null;
  }

  submit(body: Body, settle: Settle<Value>): void {
    this.pipeline.submit(body, settle);
  }

  /** Makes sure that there is a session, opening one through `door` if need be. */
  prepare(door: Door, done: (error: TepuiError | null) => void): void {
    this.leaveIdleSession();
    if (this.standing.kind === 'open') done(null);
    else this.open(door, done);
  }

  /** A stream is ready for calls. */
  attach(door: Door, send: Send<Body>): void {
    this.door = door;
    this.pipeline.attach(door, (sequence, body) => {
      const { standing } = this;
      if (standing.kind !== 'open') return true;
      standing.usedAt = this.now();
      return send({ session: standing.id, sequence, acknowledgedBelow: this.pipeline.calls.watermark }, body);
    });
  }

  /** The stream is gone; what was on the way may have arrived or not. */
  detach(): void {
    this.door = null;
    this.pipeline.detach();
    this.leaveExpiredSession();
  }

  drained(): void {
    this.pipeline.drained();
  }

  /** A number for a call that the owner sends itself, and that may be carried out twice. */
  numberOutside(): CallNumber {
    const sequence = this.pipeline.calls.skipNumber();
    const session = this.id ?? ('' as SessionId);
    return { session, sequence, acknowledgedBelow: Math.min(sequence, this.pipeline.calls.watermark) };
  }

  answered(sequence: number, value: Value): void {
    this.pipeline.answered(sequence, value);
    this.leaveExpiredSession();
  }

  refused(sequence: number, refusal: Refusal): void {
    const error = errorOf(refusal);
    const call = this.pipeline.calls.get(sequence);
    if (error.code !== 'SESSION_EXPIRED') {
      this.pipeline.refused(sequence, error);
      this.leaveExpiredSession();
    } else if (call !== undefined) {
      this.pipeline.heard();
      // This very sending surely did not run; earlier ones of the same call may have.
      this.pipeline.calls.resolved(call);
      if (this.standing.kind === 'open') this.standing = { kind: 'expired' };
      this.leaveExpiredSession();
    }
  }

  /** Ends every call; returns the id of the session that is left open, if any. */
  close(): SessionId | null {
    const { id } = this;
    this.closed = true;
    this.door = null;
    this.pipeline.close();
    this.standing = { kind: 'none' };
    return id;
  }

  private now(): number {
    return this.options.world.clock.monotonicMs();
  }

  /** Whether calls can be sent; if not for lack of a session, one is opened while the stream goes on. */
  private ensureOpen(): boolean {
    this.leaveIdleSession();
    const { door } = this;
    if (this.standing.kind === 'none' && door !== null) {
      this.open(door, (error) => {
        if (this.door !== door) return;
        if (error === null) this.pipeline.pump();
        else this.options.stuck(error, memberAnswered(error));
      });
    }
    return this.standing.kind === 'open';
  }

  private open(door: Door, done: (error: TepuiError | null) => void): void {
    this.standing = { kind: 'opening' };
    door.call('openSession', { timeoutMs: 0 }, OPEN_TIMEOUT_MS).then(
      ({ session, timeoutMs }) => {
        if (this.closed) return;
        if (this.standing.kind === 'opening') {
          this.standing = { kind: 'open', id: session, timeoutMs, usedAt: this.now() };
        }
        done(null);
      },
      (cause: unknown) => {
        if (this.closed) return;
        if (this.standing.kind === 'opening') this.standing = { kind: 'none' };
        done(asTepuiError(cause));
      },
    );
  }

  /** A session that was not used for half its time might be gone on arrival: nothing is lost by a new one. */
  private leaveIdleSession(): void {
    const { standing } = this;
    if (standing.kind !== 'open' || !this.pipeline.calls.isIdle) return;
    if (this.now() - standing.usedAt < standing.timeoutMs / 2) return;
    this.standing = { kind: 'none' };
    this.pipeline.calls.renumber([]);
  }

  /**
   * Once nothing of an expired session is on the way, its calls are told apart: those that were never left
   * without an answer surely did not run and go first into the next session; the others end as unknown.
   */
  private leaveExpiredSession(): void {
    const { calls } = this.pipeline;
    if (this.standing.kind !== 'expired' || calls.onTheWay > 0) return;
    this.standing = { kind: 'none' };
    const carried: PendingCall<Body, Value>[] = [];
    const lost: PendingCall<Body, Value>[] = [];
    for (const [sequence, call] of calls.entries()) {
      calls.remove(sequence);
      (call.unresolved === 0 ? carried : lost).push(call);
    }
    calls.renumber(carried);
    for (const call of lost) {
      const after = duration(this.now() - call.submittedAt);
      call.settle(
        new TepuiError('SESSION_EXPIRED', `the session expired unanswered, ${after} after the call`),
      );
    }
    this.pipeline.pump();
  }
}
