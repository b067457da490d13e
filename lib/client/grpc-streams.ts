import { TepuiError } from '../base/index.js';
import {
  agentService,
  coordinationService,
  operatorService,
  schedulerService,
  type Bidi,
  type ClientStream,
  type GrpcChannel,
  type ServerStreaming,
} from '../wire/index.js';
import type { DoorStream, StreamHandlers } from './door.js';
import type { StreamTypes } from './messages.js';

/** A stream as its door keeps it. */
export interface OpenStream<Request> extends DoorStream<Request> {
  /** The door was closed: tells the handlers, unless the stream is over. */
  doorClosed(): void;
}

/** Opens a stream of a member; `gone` is called when it ends or is cancelled. */
export function openGrpcStream<M extends keyof StreamTypes>(
  channel: GrpcChannel,
  method: M,
  handlers: StreamHandlers<StreamTypes[M]['reply']>,
  gone: () => void,
): OpenStream<StreamTypes[M]['request']> {
  type Request = StreamTypes[M]['request'];
  type Reply = StreamTypes[M]['reply'];
  const stream = new GrpcStream<Request, Reply>(channel.address, handlers, gone);
  if (method === 'events' || method === 'saveSnapshot') {
    const name: 'events' | 'saveSnapshot' = method;
    const exchange: unknown = operatorService().methods[name];
    stream.beginAtFirstWrite((request) =>
      channel.subscribe(exchange as ServerStreaming<Request, Reply>, request),
    );
  } else {
    const bidi: unknown = bidiMethods()[method as BidiName];
    stream.begin(channel.open(bidi as Bidi<Request, Reply>));
  }
  return stream;
}

type BidiName = Exclude<keyof StreamTypes, 'events' | 'saveSnapshot'>;

function bidiMethods(): Record<BidiName, unknown> {
  const { write, read } = coordinationService().methods;
  const scheduler = schedulerService().methods.connect;
  return { scheduler, agent: agentService().methods.connect, write, read };
}

class GrpcStream<Request, Reply> implements OpenStream<Request> {
  private readonly address: string;
  private readonly handlers: StreamHandlers<Reply>;
  private readonly gone: () => void;
  private stream: ClientStream<Request, Reply> | null = null;
  private openWith: ((request: Request) => ClientStream<never, Reply>) | null = null;
  private live = true;

  constructor(address: string, handlers: StreamHandlers<Reply>, gone: () => void) {
    this.address = address;
    this.handlers = handlers;
    this.gone = gone;
  }

  /** A stream whose only request opens it. */
  beginAtFirstWrite(open: (request: Request) => ClientStream<never, Reply>): void {
    this.openWith = open;
  }

  begin(stream: ClientStream<never, Reply> | ClientStream<Request, Reply>): void {
    this.stream = stream;
    stream.listen({
      message: (reply) => {
        if (this.live) this.handlers.message(reply);
      },
      closed: (error) => {
        if (this.end()) this.handlers.ended(error ?? this.unreachable('ended the stream'));
      },
    });
  }

  write(request: Request): boolean {
    if (!this.live) return true;
    if (this.openWith !== null) {
      this.begin(this.openWith(request));
      this.openWith = null;
      return true;
    }
    if (this.stream === null || this.stream.write(request)) return true;
    this.stream.drained(() => {
      if (this.live) this.handlers.drain();
    });
    return false;
  }

  cancel(): void {
    if (this.end()) this.stream?.cancel();
  }

  private end(): boolean {
    const was = this.live;
    this.live = false;
    if (was) this.gone();
    return was;
  }

  doorClosed(): void {
    if (!this.end()) return;
    this.stream?.cancel();
    this.handlers.ended(this.unreachable('given up'));
  }

  private unreachable(reason: string): TepuiError {
    return new TepuiError('UNREACHABLE', `${this.address} ${reason}`, { fields: { reason } });
  }
}
