import { TepuiError } from '../../lib/base/index.js';
import type {
  Dial,
  Door,
  DoorStream,
  StreamHandlers,
  StreamTypes,
  UnaryTypes,
} from '../../lib/client/internal.js';

type Method = keyof StreamTypes;

/** The server's end of one stream. */
export interface ServerEnd<M extends Method = Method> {
  readonly address: string;
  readonly method: M;
  reply(message: StreamTypes[M]['reply']): void;
  /** Ends the stream as a server does that goes away. */
  end(error?: TepuiError): void;
}

/** What stands behind the doors of all members. */
export interface Behind {
  request<M extends Method>(stream: ServerEnd<M>, request: StreamTypes[M]['request']): void;
  ended(stream: ServerEnd): void;
  call<M extends keyof UnaryTypes>(
    address: string,
    method: M,
    request: UnaryTypes[M]['request'],
  ): Promise<UnaryTypes[M]['reply']>;
}

/** `refusing`: no process there. `stuck`: connections are accepted and nothing comes (a stopped process). */
export type Condition = 'up' | 'refusing' | 'stuck';

/** In-memory doors: messages arrive in order, one microtask later, like those of a quick network. */
export class FakeNetwork {
  readonly conditions: Map<string, Condition> = new Map();
  readonly dialled: string[] = [];
  readonly doors: Set<FakeDoor> = new Set();
  readonly behind: Behind;

  constructor(behind: Behind) {
    this.behind = behind;
  }

  readonly dial: Dial = (address) => {
    this.dialled.push(address);
    const door = new FakeDoor(address, this);
    this.doors.add(door);
    return door;
  };

  condition(address: string): Condition {
    return this.conditions.get(address) ?? 'up';
  }

  /** The process at `address` is gone: connections break and are refused. */
  kill(address: string): void {
    this.conditions.set(address, 'refusing');
    for (const door of this.doors) if (door.address === address) door.breakAll();
  }

  /** Connections to `address` break; new ones are fine. */
  cut(address: string): void {
    for (const door of this.doors) if (door.address === address) door.breakAll();
  }
}

function unreachable(address: string, reason: string): TepuiError {
  return new TepuiError('UNREACHABLE', `${address}: ${reason}`, { fields: { reason } });
}

class FakeDoor implements Door {
  readonly address: string;
  private readonly network: FakeNetwork;
  private readonly streams: Set<FakeStream<Method>> = new Set();

  constructor(address: string, network: FakeNetwork) {
    this.address = address;
    this.network = network;
  }

  ready(_timeoutMs: number, done: (error: TepuiError | null) => void): void {
    const condition = this.network.condition(this.address);
    queueMicrotask(() => {
      if (condition === 'up') done(null);
      else done(unreachable(this.address, condition === 'refusing' ? 'refused' : 'no answer'));
    });
  }

  open<M extends Method>(
    method: M,
    handlers: StreamHandlers<StreamTypes[M]['reply']>,
  ): DoorStream<StreamTypes[M]['request']> {
    const stream = new FakeStream(this.address, method, handlers, this.network, () => {
      this.streams.delete(stream);
    });
    this.streams.add(stream);
    return stream;
  }

  async call<M extends keyof UnaryTypes>(
    method: M,
    request: UnaryTypes[M]['request'],
  ): Promise<UnaryTypes[M]['reply']> {
    if (this.network.condition(this.address) === 'refusing') throw unreachable(this.address, 'refused');
    // A real call would end with its deadline; nobody here waits that long.
    if (this.network.condition(this.address) === 'stuck') await new Promise(() => undefined);
    return await this.network.behind.call(this.address, method, request);
  }

  breakAll(): void {
    for (const stream of this.streams) stream.end(unreachable(this.address, 'connection reset'));
  }

  close(): void {
    this.breakAll();
    this.network.doors.delete(this);
  }
}

class FakeStream<M extends Method> implements DoorStream<StreamTypes[M]['request']>, ServerEnd<M> {
  readonly address: string;
  readonly method: M;
  private readonly handlers: StreamHandlers<StreamTypes[M]['reply']>;
  private readonly network: FakeNetwork;
  private readonly gone: () => void;
  private live = true;

  constructor(
    address: string,
    method: M,
    handlers: StreamHandlers<StreamTypes[M]['reply']>,
    network: FakeNetwork,
    gone: () => void,
  ) {
    this.address = address;
    this.method = method;
    this.handlers = handlers;
    this.network = network;
    this.gone = gone;
  }

  write(request: StreamTypes[M]['request']): boolean {
    queueMicrotask(() => {
      if (this.live && this.network.condition(this.address) === 'up')
        this.network.behind.request(this, request);
    });
    return true;
  }

  reply(message: StreamTypes[M]['reply']): void {
    queueMicrotask(() => {
      if (this.live && this.network.condition(this.address) === 'up') this.handlers.message(message);
    });
  }

  end(error: TepuiError = unreachable(this.address, 'ended the stream')): void {
    if (this.finish()) this.handlers.ended(error);
  }

  cancel(): void {
    this.finish();
  }

  private finish(): boolean {
    const was = this.live;
    this.live = false;
    if (was) {
      this.gone();
      this.network.behind.ended(this);
    }
    return was;
  }
}
