import { TepuiError, type TimerHandle } from '../base/index.js';
import type { Door, DoorStream } from './door.js';
import type { Endpoints } from './endpoints.js';
import type { StreamTypes } from './messages.js';
import { duration, memberAnswered } from './refusals.js';
import type { World } from './system.js';

export interface LinkHandlers<M extends keyof StreamTypes> {
  /** Called before the stream opens; `done(null)` lets it open, an error counts as a failure of the member. */
  prepare?(door: Door, done: (error: TepuiError | null) => void): void;
  opened(stream: DoorStream<StreamTypes[M]['request']>, door: Door): void;
  message(reply: StreamTypes[M]['reply']): void;
  drained(): void;
  /** The open stream is gone; another is on its way. */
  lost(error: TepuiError): void;
  /** How long an open stream may be silent, in ms. */
  silenceMs(): number;
}

type LinkState<M extends keyof StreamTypes> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly timer: TimerHandle }
  | { readonly kind: 'dialling'; readonly door: Door }
  | OpenState<M>;

interface OpenState<M extends keyof StreamTypes> {
  readonly kind: 'open';
  readonly door: Door;
  readonly stream: DoorStream<StreamTypes[M]['request']>;
  heardAt: number;
  watch: TimerHandle;
}

/**
 * Keeps one stream open to some member: dials, opens, watches, and after any break goes on with the next
 * address. Callbacks of a former connection find the state changed and are dropped.
 */
export class Link<M extends keyof StreamTypes> {
  private readonly method: M;
  private readonly endpoints: Endpoints;
  private readonly world: World;
  private readonly handlers: LinkHandlers<M>;
  private state: LinkState<M> = { kind: 'idle' };

  constructor(method: M, endpoints: Endpoints, world: World, handlers: LinkHandlers<M>) {
    this.method = method;
    this.endpoints = endpoints;
    this.world = world;
    this.handlers = handlers;
  }

  start(): void {
    if (this.state.kind === 'idle') this.dial();
  }

  /** Ends the stream without a further callback. The endpoints stay open: their owner closes them. */
  stop(): void {
    const former = this.become({ kind: 'idle' });
    if (former.kind === 'open') former.stream.cancel();
  }

  /** The open stream is of no use: tries the next member. `keep` as in {@link Endpoints.failed}. */
  restart(error: TepuiError, keep = false): void {
    if (this.state.kind === 'open') this.fail(this.state.door, error, keep);
  }

  /** The member behind the open stream serves: it is the one to come back to. */
  serving(): void {
    if (this.state.kind === 'open') this.endpoints.serving(this.state.door);
  }

  private dial(): void {
    const door = this.endpoints.current();
    const dialling = { kind: 'dialling', door } as const;
    this.become(dialling);
    const ifCurrent = (next: () => void) => (error: TepuiError | null) => {
      if (this.state !== dialling) return;
      if (error === null) next();
      else this.fail(door, error, memberAnswered(error));
    };
    const prepare = this.handlers.prepare?.bind(this.handlers);
    const open = (): void => this.open(door);
    const prepared = prepare === undefined ? open : (): void => prepare(door, ifCurrent(open));
    door.ready(this.endpoints.connectTimeoutMs(), ifCurrent(prepared));
  }

  private open(door: Door): void {
    let open: OpenState<M> | null = null;
    const stream = door.open(this.method, {
      message: (reply) => {
        if (open === null || this.state !== open) return;
        open.heardAt = this.world.clock.monotonicMs();
        this.handlers.message(reply);
      },
      drain: () => {
        if (open !== null && this.state === open) this.handlers.drained();
      },
      ended: (error) => {
        if (open !== null && this.state === open) this.fail(door, error, false);
      },
    });
    const heardAt = this.world.clock.monotonicMs();
    open = { kind: 'open', door, stream, heardAt, watch: { cancel: () => undefined } };
    this.become(open);
    this.watch(open);
    this.handlers.opened(stream, door);
  }

  private watch(open: OpenState<M>): void {
    const silence = this.handlers.silenceMs();
    if (!Number.isFinite(silence)) return;
    const quietMs = this.world.clock.monotonicMs() - open.heardAt;
    if (quietMs > silence) {
      const message = `${open.door.address} has been silent for ${duration(quietMs)}`;
      const reason = `silent for ${duration(quietMs)}`;
      this.fail(open.door, new TepuiError('UNREACHABLE', message, { fields: { reason } }), false);
      return;
    }
    open.watch = this.world.timers.after(Math.max(10, silence - quietMs + 1), () => {
      if (this.state === open) this.watch(open);
    });
  }

  private fail(door: Door, error: TepuiError, keep: boolean): void {
    const former = this.state;
    if (former.kind === 'open') former.stream.cancel();
    const delayMs = this.endpoints.failed(door, error, keep);
    const timer = this.world.timers.after(delayMs, () => {
      if (this.state.kind === 'waiting' && this.state.timer === timer) this.dial();
    });
    this.become({ kind: 'waiting', timer });
    if (former.kind === 'open') this.handlers.lost(error);
  }

  /** The one door between states: what belonged to the former one is given up. */
  private become(next: LinkState<M>): LinkState<M> {
    const former = this.state;
    if (former.kind === 'waiting') former.timer.cancel();
    if (former.kind === 'open') former.watch.cancel();
    this.state = next;
    return former;
  }
}
