import {
  TepuiError,
  backoffMs,
  type BackoffOptions,
  type ErrorCode,
  type TimerHandle,
} from '../base/index.js';
import { asTepuiError } from '../wire/index.js';
import { CallTable, type PendingCall, type Settle } from './calls.js';
import type { Door } from './door.js';
import { duration, isRepeatable } from './refusals.js';
import type { World } from './system.js';

export interface PipelineOptions {
  readonly world: World;
  /** Calls on the way at once. */
  readonly window: number;
  /** Calls waiting for their turn; beyond it a call is refused with OVERLOADED. */
  readonly queueLimit: number;
  /** How long a call is tried before it ends, as not done or as unknown. */
  readonly callTimeoutMs: number;
  /**
   * Calls on the way and no answer for this long: the member is given up, although it is alive, because it may
   * be cut off from the group. Doubles while that goes on. One that gives no sign of life goes much sooner.
   */
  readonly answerTimeoutMs: number;
  /** A call that was carried out without our knowing changed nothing: reads. */
  readonly harmless: boolean;
  /** Refusals, beside the usual ones, after which a call is sent again. */
  readonly alsoRepeatable?: ErrorCode;
  /** Asked before each sending. */
  allowed(): boolean;
  /** The stream is of no use and must be replaced. `keep`: the member answers, its connection is fine. */
  stuck(error: TepuiError, keep: boolean): void;
  /** Why nothing gets through, as the error of a call that surely was not done. */
  trouble(): TepuiError;
}

/** Puts a call on the stream. False: the stream's buffer is full, `drained` will be called. */
export type Transmit<Body> = (sequence: number, body: Body) => boolean;

interface Attached<Body> {
  readonly door: Door;
  readonly transmit: Transmit<Body>;
  pinging: boolean;
  /** Last sign of life: an answer to a call or to a ping. */
  aliveAt: number;
  /** The stream's buffer is full. */
  full: boolean;
  /** Since when the member has refused for lack of a leader, and answered nothing else. */
  leaderlessSince: number | null;
}

const RETRY: BackoffOptions = { firstMs: 20, maxMs: 300, factor: 1.7 };
/** "No leader" on one stream for this long: another member may see one. */
const LEADERLESS_MS = 1500;
/** How often deadlines and silence are looked at while calls are pending. */
const CHECK_MS = 100;
/** Calls on the way and no sign of life for this long: the member is asked for one. */
const PING_AFTER_MS = 250;
/** No sign of life for this long: the member is stopped or cut off. */
const DEAD_AFTER_MS = 600;
const MAX_IMPATIENCE = 8;

/**
 * Numbered calls over streams that break: keeps the order, a window, deadlines, and patience with a group that
 * has no leader for a moment. Unanswered calls are sent again, with the same number, on every new stream.
 */
export class Pipeline<Body, Value> {
  readonly calls: CallTable<Body, Value> = new CallTable();
  private readonly options: PipelineOptions;
  private readonly world: World;
  private attached: Attached<Body> | null = null;
  /** After a refusal that asks for patience; nothing is sent meanwhile, so that the order stays. */
  private pause: TimerHandle | null = null;
  private pauses = 0;
  private check: TimerHandle | null = null;
  private heardAt = 0;
  /** Multiplies the answer timeout: 1, 2, 4, 8. */
  private impatience = 1;
  private closed = false;

  constructor(options: PipelineOptions) {
    this.options = options;
    this.world = options.world;
  }

  submit(body: Body, settle: Settle<Value>): void {
    if (this.closed) {
      settle(new TepuiError('SHUTTING_DOWN', 'the client is closed; the call was not sent'));
      return;
    }
    if (this.calls.waitingCount >= this.options.queueLimit) {
      settle(new TepuiError('OVERLOADED', `${this.calls.waitingCount} calls are waiting to be sent already`));
      return;
    }
    const now = this.now();
    const deadlineAt = now + this.options.callTimeoutMs;
    this.calls.add({ body, settle, submittedAt: now, deadlineAt, onTheWay: false, unresolved: 0 });
    this.watch();
    this.pump();
  }

  /** A stream is ready for calls: what is unanswered is sent again first, in order. */
  attach(door: Door, transmit: Transmit<Body>): void {
    const now = this.now();
    this.attached = { door, transmit, full: false, leaderlessSince: null, pinging: false, aliveAt: now };
    this.heardAt = now;
    this.pump();
  }

  /** The stream is gone; what was on the way may have arrived or not. */
  detach(): void {
    this.attached = null;
    this.pause?.cancel();
    this.pause = null;
    this.calls.streamBroke();
  }

  /** The stream has room again. */
  drained(): void {
    if (this.attached !== null) this.attached.full = false;
    this.pump();
  }

  answered(sequence: number, value: Value): void {
    this.heard();
    const call = this.calls.get(sequence);
    if (call === undefined) return;
    this.pauses = 0;
    if (this.attached !== null) this.attached.leaderlessSince = null;
    this.calls.remove(sequence);
    call.settle(null, value);
    this.pump();
  }

  refused(sequence: number, error: TepuiError): void {
    this.heard();
    const call = this.calls.get(sequence);
    if (call === undefined) return;
    if (isRepeatable(error) || error.code === this.options.alsoRepeatable) {
      this.postpone(call, error);
    } else {
      this.calls.remove(sequence);
      call.settle(error);
    }
    this.pump();
  }

  heard(): void {
    this.heardAt = this.now();
    if (this.attached !== null) this.attached.aliveAt = this.heardAt;
    this.impatience = 1;
  }

  /** Sends what can be sent: first what has a number and is not on the way, then what waits. */
  pump(): void {
    if (this.calls.onTheWay < this.calls.numberedCount) {
      for (const [sequence, call] of this.calls.entries()) {
        if (!this.canSend()) return;
        if (!call.onTheWay) this.transmit(sequence, call);
      }
    }
    while (this.calls.waitingCount > 0 && this.calls.numberedCount < this.options.window && this.canSend()) {
      const numbered = this.calls.numberNext();
      if (numbered !== undefined) this.transmit(...numbered);
    }
  }

  /** Ends every call. */
  close(): void {
    this.closed = true;
    this.detach();
    this.check?.cancel();
    for (const call of this.calls.takeOverdue(Infinity)) {
      const code = this.mayHaveHappened(call) ? 'OUTCOME_UNKNOWN' : 'SHUTTING_DOWN';
      call.settle(new TepuiError(code, 'the client was closed before the answer came'));
    }
  }

  private now(): number {
    return this.world.clock.monotonicMs();
  }

  private canSend(): boolean {
    const { attached } = this;
    return attached !== null && !attached.full && this.pause === null && this.options.allowed();
  }

  private transmit(sequence: number, call: PendingCall<Body, Value>): void {
    const { attached } = this;
    if (attached === null) return;
    if (this.calls.onTheWay === 0) this.heardAt = attached.aliveAt = this.now();
    this.calls.sent(call);
    try {
      if (!attached.transmit(sequence, call.body)) attached.full = true;
    } catch (error) {
      // Too large, or not a message at all: it did not leave this process, and never will.
      this.calls.remove(sequence);
      call.settle(asTepuiError(error));
    }
  }

  /** The group could not take the call now: the same number again, after a pause. */
  private postpone(call: PendingCall<Body, Value>, error: TepuiError): void {
    if (error.certainty === 'not-done') this.calls.resolved(call);
    else this.calls.leftOpen(call);
    const { attached } = this;
    if (attached === null || this.pause !== null) return;
    const now = this.now();
    attached.leaderlessSince ??= now;
    if (now - attached.leaderlessSince > LEADERLESS_MS) {
      this.options.stuck(error, true);
      return;
    }
    this.pause = this.world.timers.after(backoffMs(RETRY, this.pauses++, this.world.random), () => {
      this.pause = null;
      this.pump();
    });
  }

  private watch(): void {
    if (this.check !== null || this.closed) return;
    this.check = this.world.timers.after(CHECK_MS, () => {
      this.check = null;
      this.endOverdueCalls();
      this.leaveSilentMember();
      if (this.calls.size > 0) this.watch();
    });
  }

  private endOverdueCalls(): void {
    const now = this.now();
    const overdue = this.calls.takeOverdue(now);
    if (overdue.length === 0) return;
    const trouble = this.options.trouble();
    for (const call of overdue) {
      const after = duration(now - call.submittedAt);
      const error = this.mayHaveHappened(call)
        ? new TepuiError('DEADLINE', `no answer for ${after}; the call may have taken effect`)
        : new TepuiError(trouble.code, `not done in ${after}: ${trouble.message}`);
      call.settle(error);
    }
    this.pump();
  }

  private leaveSilentMember(): void {
    const { attached } = this;
    if (attached === null || this.calls.onTheWay === 0) return;
    const now = this.now();
    const lifelessMs = now - attached.aliveAt;
    if (lifelessMs >= DEAD_AFTER_MS) {
      this.leave(attached.door, `gave no sign of life for ${duration(lifelessMs)}`);
    } else if (now - this.heardAt >= this.options.answerTimeoutMs * this.impatience) {
      this.impatience = Math.min(MAX_IMPATIENCE, this.impatience * 2);
      this.leave(attached.door, `gave no answer for ${duration(now - this.heardAt)}`);
    } else if (lifelessMs >= PING_AFTER_MS) {
      this.ping(attached);
    }
  }

  private leave(door: Door, reason: string): void {
    const message = `${door.address} ${reason} to ${this.calls.onTheWay} calls`;
    this.options.stuck(new TepuiError('UNREACHABLE', message, { fields: { reason } }), false);
  }

  /** A member says how it is without asking anybody: a sign of life even where there is no leader. */
  private ping(attached: Attached<Body>): void {
    if (attached.pinging) return;
    attached.pinging = true;
    const end = (alive: boolean): void => {
      attached.pinging = false;
      if (alive) attached.aliveAt = this.now();
    };
    attached.door.call('status', {}, DEAD_AFTER_MS).then(
      () => end(true),
      () => end(false),
    );
  }

  private mayHaveHappened(call: PendingCall<Body, Value>): boolean {
    return call.unresolved > 0 && !this.options.harmless;
  }
}
