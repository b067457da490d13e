import type { TepuiError } from '../base/index.js';
import type { StreamTypes, UnaryTypes } from './messages.js';

/**
 * One member's gRPC door as the rest of this room sees it: a port with a gRPC side (`grpc.ts`) and an
 * in-memory twin in `test/client`. Callbacks instead of promises where messages are many.
 */
export interface Door {
  readonly address: string;
  /**
   * Calls `done` once, with null as soon as the connection stands, or with UNREACHABLE after `timeoutMs` or
   * at the first refused connection. Nothing has been sent then.
   */
  ready(timeoutMs: number, done: (error: TepuiError | null) => void): void;
  open<M extends keyof StreamTypes>(
    method: M,
    handlers: StreamHandlers<StreamTypes[M]['reply']>,
  ): DoorStream<StreamTypes[M]['request']>;
  /** Ends with UNREACHABLE if surely not sent, else with the member's refusal, DEADLINE or OUTCOME_UNKNOWN. */
  call<M extends keyof UnaryTypes>(
    method: M,
    request: UnaryTypes[M]['request'],
    timeoutMs: number,
  ): Promise<UnaryTypes[M]['reply']>;
  /** Drops the connection: open streams end, and whoever waits for it hears UNREACHABLE. */
  close(): void;
}

export interface DoorStream<Request> {
  /** False: the buffer is full; `drain` will be called. The message is taken in any case. */
  write(request: Request): boolean;
  /** Drops the stream; no handler is called any more. */
  cancel(): void;
}

export interface StreamHandlers<Reply> {
  message(reply: Reply): void;
  drain(): void;
  /** The last callback, never called before `open` has returned, nor after `cancel`. */
  ended(error: TepuiError): void;
}

export type Dial = (address: string) => Door;
