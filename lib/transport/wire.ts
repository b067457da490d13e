import type {
  ClientStream,
  Hello,
  Inbound,
  Outbound,
  PeerFormReply,
  PeerFormRequest,
  PeerJoinReply,
  PeerJoinRequest,
  ServerStream,
  SnapshotPart,
  SnapshotProgress,
} from '../wire/index.js';

// What the transport needs of a wire. Real: gRPC (`grpc-wire.ts`). Twin: in memory (`memory-wire.ts`). All that
// is hard about the transport (dialling, silence, back-pressure, resuming) lies above this port and runs on both.

/** A stream that this side opened. */
export type OutgoingStream<Request, Response> = Pick<
  ClientStream<Request, Response>,
  'listen' | 'write' | 'writeThen'
>;

/** A stream that another member opened. */
export type IncomingStream<Request, Response> = Pick<
  ServerStream<Request, Response>,
  'closed' | 'queued' | 'listen' | 'write' | 'end' | 'pause' | 'resume'
>;

/** What a peer door does for others. A TepuiError that is thrown reaches the caller. */
export interface PeerDoor {
  stream(stream: IncomingStream<Outbound, Inbound>): void;
  introduce(hello: Hello): Promise<Hello>;
  form(request: PeerFormRequest): Promise<PeerFormReply>;
  join(request: PeerJoinRequest): Promise<PeerJoinReply>;
  sendSnapshot(stream: IncomingStream<SnapshotPart, SnapshotProgress>): void;
}

/** A connection of its own to one peer door: nothing on it waits for another. */
export interface PeerChannel {
  stream(): OutgoingStream<Outbound, Inbound>;
  sendSnapshot(): OutgoingStream<SnapshotPart, SnapshotProgress>;
  introduce(hello: Hello, deadlineMs: number): Promise<Hello>;
  form(request: PeerFormRequest, deadlineMs: number): Promise<PeerFormReply>;
  join(request: PeerJoinRequest, deadlineMs: number): Promise<PeerJoinReply>;
  /** Cuts the connection, whatever its state. */
  close(): void;
}

export type ProbeResult =
  | { readonly kind: 'listening' }
  /** The host answers and nothing listens: the process is gone. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed'; readonly why: string };

export interface PeerWire {
  /** Opens the door. Rejects with PORT_IN_USE or TLS. */
  listen(door: PeerDoor): Promise<void>;
  /** Closes the door and cuts the streams that came in. */
  close(): Promise<void>;
  channel(address: string): PeerChannel;
  /** Finds out whether anything listens at `address`. Returns a function that gives up. */
  probe(address: string, done: (result: ProbeResult) => void): () => void;
}
