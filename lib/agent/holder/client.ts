import net from 'node:net';
import { TepuiError, type Clock, type Logger, type TimerHandle, type Timers } from '../../base/index.js';
import { lockOwner } from '../lock.js';
import type { AgentFolder } from '../names.js';
import type { Platform } from '../platform/index.js';
import type { TaskRef } from '../types.js';
import { EXIT_IN_USE } from './exit-codes.js';
import type { LaunchHolder } from './launcher.js';
import type { Holder, HolderEvents, SpawnOrder } from './port.js';
import {
  MessageReader,
  PROTOCOL_VERSION,
  encodeMessage,
  type FromHolder,
  type ToHolder,
} from './protocol.js';
import { shortSocketPath } from './socket-path.js';

export interface HolderClientOptions {
  readonly folder: AgentFolder;
  readonly platform: Platform;
  readonly launch: LaunchHolder;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

type State =
  | { readonly kind: 'idle' }
  /** Looking for a holder, or for the one just started to answer. */
  | {
      readonly kind: 'seeking';
      readonly sinceMs: number;
      /** The holder process that was started and has not ended. */
      launch: symbol | undefined;
      timer?: TimerHandle;
    }
  /** Connected; the holder has not said what it holds. */
  | { readonly kind: 'greeting'; readonly socket: net.Socket }
  | { readonly kind: 'connected'; readonly socket: net.Socket }
  | { readonly kind: 'closed' };

const RETRY_MS = 10;
/** A holder that was started and is neither reachable nor gone after this long will not come. */
const LAUNCH_TIMEOUT_MS = 15_000;

/** Finds the holder of the folder by its socket, or starts one; looks again whenever the connection ends. */
export class HolderClient implements Holder {
  private readonly options: HolderClientOptions;
  private events: HolderEvents | undefined;
  private state: State = { kind: 'idle' };
  private whenGone: (() => void)[] = [];

  constructor(options: HolderClientOptions) {
    this.options = options;
  }

  start(events: HolderEvents): void {
    this.events = events;
    this.seek();
  }

  run(order: SpawnOrder): void {
    this.send({ op: 'run', order });
  }

  kill(ref: TaskRef, graceMs: number): void {
    this.send({ op: 'kill', ref, graceMs });
  }

  forget(ref: TaskRef): void {
    this.send({ op: 'forget', ref });
  }

  shutDown(deadlineMs: number): Promise<void> {
    const { state } = this;
    if (state.kind !== 'connected' && state.kind !== 'greeting') {
      this.close();
      return Promise.resolve();
    }
    state.socket.write(encodeMessage({ op: 'shut-down' }));
    return new Promise((resolve) => {
      const timer = this.options.timers.after(deadlineMs, () => this.close());
      this.whenGone.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  close(): void {
    const { state } = this;
    this.state = { kind: 'closed' };
    if (state.kind === 'seeking') state.timer?.cancel();
    if (state.kind === 'connected' || state.kind === 'greeting') state.socket.destroy();
    for (const callback of this.whenGone.splice(0)) callback();
  }

  private send(message: ToHolder): void {
    if (this.state.kind === 'connected') this.state.socket.write(encodeMessage(message));
  }

  private seek(): void {
    this.state = { kind: 'seeking', sinceMs: this.options.clock.monotonicMs(), launch: undefined };
    this.dial();
  }

  private dial(): void {
    const address = shortSocketPath(this.options.folder.holderSocket);
    const socket = net.connect(address.name);
    const failed = (): void => {
      address.release();
      this.notFound();
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      address.release();
      socket.off('error', failed);
      if (this.state.kind === 'seeking') this.greet(socket);
      else socket.destroy();
    });
  }

  private notFound(): void {
    if (this.state.kind !== 'seeking') return;
    const { folder, platform, clock, timers } = this.options;
    const now = clock.monotonicMs();
    const alive = lockOwner(folder.holderLock, platform) !== undefined;
    if (now - this.state.sinceMs > LAUNCH_TIMEOUT_MS) {
      return this.fail(`no holder answers after ${Math.round(now - this.state.sinceMs)} ms`);
    }
    if (!alive && this.state.launch === undefined) this.launch();
    this.state.timer = timers.after(RETRY_MS, () => this.dial());
  }

  private launch(): void {
    if (this.state.kind !== 'seeking') return;
    const launch = Symbol('launch');
    this.state.launch = launch;
    this.options.launch((code, signal) => {
      this.options.logger.info({ code, signal }, 'the holder that this agent started has ended');
      if (this.state.kind !== 'seeking' || this.state.launch !== launch) return;
      if (code === EXIT_IN_USE || code === 0 || signal !== null) this.state.launch = undefined;
      else this.fail(`the holder cannot start (exit code ${code}); see ${this.options.folder.holderOutput}`);
    });
  }

  private fail(message: string): void {
    this.close();
    this.events?.onFatal(new TepuiError('STORAGE', message));
  }

  private greet(socket: net.Socket): void {
    this.state = { kind: 'greeting', socket };
    const reader = new MessageReader<FromHolder>();
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk, (message) => this.handle(socket, message));
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    let reason = 'connection closed';
    socket.on('error', (error) => (reason = error.message));
    socket.on('close', () => this.lost(socket, reason));
  }

  private lost(socket: net.Socket, reason: string): void {
    const { state } = this;
    if (state.kind !== 'connected' && state.kind !== 'greeting') return;
    if (state.socket !== socket) return;
    if (this.whenGone.length > 0) return this.close();
    this.options.logger.warn({ reason }, 'lost the connection to the holder');
    this.seek();
    this.events?.onDown(reason);
  }

  private handle(socket: net.Socket, message: FromHolder): void {
    const { state, events } = this;
    if (events === undefined || state.kind === 'idle' || state.kind === 'closed' || state.kind === 'seeking')
      return;
    switch (message.op) {
      case 'hello':
        if (message.version > PROTOCOL_VERSION) return this.newerHolder(message.version);
        this.state = { kind: 'connected', socket };
        events.onTasks(message.tasks);
        break;
      case 'started':
        events.onStarted(message.ref, message.pid);
        break;
      case 'ended':
        events.onEnded(message.ref, message.outcome);
        break;
      default:
        break;
    }
  }

  private newerHolder(version: number): void {
    this.close();
    this.events?.onFatal(
      new TepuiError(
        'NEWER_FORMAT',
        `the holder speaks version ${version} of its protocol; this agent up to ${PROTOCOL_VERSION}`,
      ),
    );
  }
}
