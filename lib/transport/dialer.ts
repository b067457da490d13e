import { assert, backoffMs, type ErrorCode, type MemberId, type TimerHandle } from '../base/index.js';
import type { Environment } from './environment.js';
import { Greeting, type Greeted, type StreamWatch } from './greeting.js';
import { Outbox } from './outbox.js';
import type { PeerDown } from './types.js';

//            start, timer, redial
//   waiting ─────────────────────► greeting ──── hello ───► open
//      ▲                              │                       │
//      └──────── failed ──────────────┴──── ended, silent ────┘
//   `stop` leads from everywhere to stopped.

type DialState =
  | { readonly kind: 'waiting'; readonly timer: TimerHandle | null }
  | { readonly kind: 'greeting'; readonly greeting: Greeting }
  | OpenState
  | { readonly kind: 'stopped' };

interface OpenState extends Greeted {
  readonly kind: 'open';
  readonly outbox: Outbox;
  readonly sinceMs: number;
  /** When the peer last gave a sign of life. */
  heardMs: number;
  /** When something was last sent. */
  sentMs: number;
}

/** Keeps one stream to one peer: dials, watches, dials again. */
export class Dialer {
  private readonly to: MemberId;
  private readonly env: Environment;
  readonly address: string;
  private state: DialState = { kind: 'waiting', timer: null };
  /** Attempts since the last stream that lasted. */
  private attempt = 0;
  /** Attempts in a row that failed because the peer took the connection and answered too late. */
  private late = 0;
  /** What the owner was told last, so that it is told what is new only. */
  private toldDown: PeerDown | null = null;

  constructor(to: MemberId, address: string, env: Environment) {
    this.to = to;
    this.address = address;
    this.env = env;
  }

  get open(): boolean {
    return this.state.kind === 'open';
  }

  start(): void {
    this.dial();
  }

  stop(why: string): void {
    const { state } = this;
    this.leave();
    this.state = { kind: 'stopped' };
    if (state.kind === 'open') this.tell({ kind: 'closed-here', why });
  }

  /** Dials now instead of at the end of a back-off; an attempt under way goes on. */
  redial(): void {
    if (this.state.kind !== 'waiting') return;
    this.attempt = 0;
    this.dial();
  }

  send(kind: number, body: Uint8Array): boolean {
    return this.state.kind === 'open' && this.state.outbox.add(kind, body);
  }

  flush(): void {
    if (this.state.kind === 'open') this.state.outbox.flush();
  }

  /** Shows a sign of life when nothing else did, and closes the stream when the peer has been silent. */
  pulse(nowMs: number): void {
    const { state } = this;
    if (state.kind !== 'open') return;
    const silentMs = nowMs - state.heardMs;
    if (silentMs > this.env.timings.silenceMs) {
      this.close({ kind: 'closed-here', why: `nothing heard for ${Math.round(silentMs)} ms` });
    } else if (state.outbox.idle && nowMs - state.sentMs >= this.env.timings.silenceMs) {
      this.write(state, new Uint8Array(0), () => {});
    }
  }

  private dial(): void {
    this.leave();
    const { greetingDeadlineMs, greetingDeadlineMaxMs } = this.env.timings;
    const deadlineMs = Math.min(greetingDeadlineMaxMs, greetingDeadlineMs * 2 ** this.late);
    const greeting = new Greeting(this.to, this.address, deadlineMs, this.env, {
      greeted: (greeted) => this.opened(greeted),
      failed: (down) => {
        this.late = greeting.late ? this.late + 1 : 0;
        this.close(down);
      },
    });
    this.state = { kind: 'greeting', greeting };
    greeting.start();
  }

  private opened(greeted: Greeted): StreamWatch {
    assert(this.state.kind === 'greeting', `greeted while ${this.state.kind}`);
    const nowMs = this.env.clock.monotonicMs();
    const outbox = new Outbox((batch, gone) => {
      this.write(state, batch, gone);
    });
    const state: OpenState = {
      kind: 'open',
      ...greeted,
      outbox,
      sinceMs: nowMs,
      heardMs: nowMs,
      sentMs: nowMs,
    };
    this.state = state;
    this.late = 0;
    this.toldDown = null;
    this.env.handlers.peerUp(greeted.hello);
    return {
      alive: () => {
        state.heardMs = this.env.clock.monotonicMs();
      },
      refused: (message) => this.env.handlers.dropped(this.to, message),
      ended: () => {
        if (this.state === state) this.close({ kind: 'ended-by-peer' });
      },
    };
  }

  private write(state: OpenState, batch: Uint8Array, gone: () => void): void {
    state.sentMs = this.env.clock.monotonicMs();
    state.stream.writeThen({ kind: 'frames', value: batch }, gone);
  }

  /** The stream or the attempt is over: waits, then dials again. */
  private close(down: PeerDown): void {
    const { state } = this;
    const nowMs = this.env.clock.monotonicMs();
    if (state.kind === 'open' && nowMs - state.sinceMs >= this.env.timings.stableMs) this.attempt = 0;
    this.leave();
    const timer = this.env.timers.after(this.delayMs(down), () => {
      this.dial();
    });
    this.state = { kind: 'waiting', timer };
    this.tell(down);
  }

  private delayMs(down: PeerDown): number {
    const { backoff, rejectedRetryMs } = this.env.timings;
    if (down.kind === 'rejected' || down.kind === 'rejected-here') return rejectedRetryMs;
    return backoffMs(backoff, this.attempt++, this.env.random);
  }

  /** Ends what the present state holds, without a word to the owner. */
  private leave(): void {
    const { state } = this;
    if (state.kind === 'waiting') state.timer?.cancel();
    else if (state.kind === 'greeting') state.greeting.abandon();
    else if (state.kind === 'open') {
      this.state = { kind: 'waiting', timer: null };
      state.channel.close();
    }
  }

  private tell(down: PeerDown): void {
    if (this.toldDown !== null && sameReason(this.toldDown, down)) return;
    this.toldDown = down;
    this.env.handlers.peerDown(this.to, down);
  }
}

/** Refusals for another reason are news: who is not known at first may be told later that it was removed. */
function sameReason(a: PeerDown, b: PeerDown): boolean {
  return a.kind === b.kind && codeOf(a) === codeOf(b);
}

function codeOf(down: PeerDown): ErrorCode | null {
  return 'code' in down ? down.code : null;
}
