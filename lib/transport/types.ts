import type { ClusterId, ErrorCode, MemberId, NodeId, SnapshotChunk } from '../base/index.js';

/** Advertised addresses `host:port`; null: no such door. */
export interface Doors {
  readonly http: string | null;
  readonly grpc: string | null;
  readonly zk: string | null;
  readonly peer: string | null;
}

/** What members tell each other at the handshake. */
export interface PeerHello {
  readonly memberId: MemberId;
  readonly nodeId: NodeId;
  /** Raised at every start of a process on the folder. */
  readonly boot: number;
  /** Drawn at random by the process: a copy of the folder may show a boot number that was used already. */
  readonly start: string;
  /** Null while the member belongs to no group. */
  readonly clusterId: ClusterId | null;
  /** Which life of the cluster: 0 as founded, else the time of the last recovery or restore. */
  readonly generation: number;
  /** The folder belongs to no group at present (it is new, or lost its votes): its generation does not matter. */
  readonly unbound: boolean;
  readonly release: string;
  readonly pid: number;
  readonly doors: Doors;
  readonly memoryBudgetBytes: number;
  /**
   * Highest log position that this member knows the addressee to have acknowledged, and the folder of the
   * addressee that this is about (null: the one that the configuration names).
   */
  readonly acknowledged: {
    readonly term: number;
    readonly index: number;
    readonly node: NodeId | null;
  };
  /** Where the sender's log ends, and whether it was damaged and is not whole again: then it has no vote. */
  readonly holds: { readonly term: number; readonly index: number; readonly damaged: boolean };
}

/** Numbered kinds of frames; append-only. The bodies are opaque to the transport. */
export const FRAME_KINDS = {
  /** Encoded consensus messages. */
  raft: 1,
  /** Sub-batches of a member's lane, on their way to the leader. */
  lane: 2,
  /** The leader's answer about a lane: what was not appended, or what it expects next. */
  laneReply: 3,
  /** A call that only the leader can judge. */
  call: 4,
  callReply: 5,
  /** Soft news from the leader for a member's clients (offers, rescinds). */
  push: 6,
  /** What is alive behind a member: agents, frameworks, sessions. */
  liveness: 7,
  livenessReply: 8,
  /** Where the sender last heard the members to be. */
  addresses: 9,
} as const;

export type FrameKind = keyof typeof FRAME_KINDS;

export interface Frame {
  readonly kind: FrameKind;
  readonly body: Uint8Array;
}

/** Why a peer's stream is down, as far as it can be known. */
export type PeerDown =
  /** The other side ended the stream or its kernel reset it. */
  | { readonly kind: 'ended-by-peer' }
  /** This side closed it (silence, error in a frame, shutdown). */
  | { readonly kind: 'closed-here'; readonly why: string }
  /** Nothing listens at the address: the process is gone. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly why: string }
  /** The peer answered and does not want us (other cluster, other member): retried slowly, reported loudly. */
  | { readonly kind: 'rejected'; readonly code: ErrorCode; readonly message: string }
  /** The peer answered, and this side does not want it. What the peer showed says nothing about this member. */
  | { readonly kind: 'rejected-here'; readonly code: ErrorCode; readonly message: string };

export interface FormRequest {
  readonly clusterId: ClusterId;
  /** Node ids of all founding voters, sorted. */
  readonly voters: readonly NodeId[];
}

export interface FormReply {
  readonly formed: boolean;
  readonly message: string;
}

/** A folder without a vote asks to be let in. */
export interface JoinRequest {
  readonly hello: PeerHello;
  /** Of `members add`; empty for a member that the configuration names already. */
  readonly token: string;
  readonly commandLevel: number;
}

/** It is let in: which group this is, and where its members are. */
export interface JoinReply {
  readonly clusterId: ClusterId;
  readonly generation: number;
  readonly members: ReadonlyMap<MemberId, string>;
}

/** What the transport tells its owner. Calls must not throw. */
export interface TransportHandlers {
  /** Our hello for `to`; asked anew at each dial and each accepted stream, there with the folder that said hello. */
  hello(to: MemberId | null, node?: NodeId): PeerHello;
  /** Judges a hello (accepted or dialled). Null accepts; otherwise the stream ends with that refusal. */
  judge(hello: PeerHello): { readonly code: ErrorCode; readonly message: string } | null;
  /** Our stream to `peer` is up: what is sent from now on is new to it. Called on each dial that succeeds. */
  peerUp(hello: PeerHello): void;
  /**
   * Our stream to `peer` ended, or an attempt to dial it failed for another kind of reason than was told last.
   * The next attempt follows by itself, after a back-off or at once by `redial`.
   */
  peerDown(peer: MemberId, down: PeerDown): void;
  /**
   * Frames of one network message, in order. Bodies are views of that message: nobody else writes to it, but
   * keeping one keeps all of it. A TepuiError thrown here ends the stream with its code.
   */
  frames(from: PeerHello, frames: readonly Frame[]): void;
  introduce(hello: PeerHello): PeerHello;
  form(request: FormRequest): Promise<FormReply>;
  /** Rejects with the code of the refusal. */
  join(request: JoinRequest): Promise<JoinReply>;
  /**
   * A frame of ours, or of theirs, is of a kind that the receiver does not know and was dropped: told once per kind
   * and stream, for the log of both sides. The stream goes on.
   */
  dropped(peer: MemberId, why: string): void;
  /** A snapshot is offered; resolves to the sink for its chunks, or null when it is not wanted. */
  snapshotOffered(start: SnapshotStart): Promise<SnapshotSink | null>;
}

export interface SnapshotStart {
  readonly snapshotId: string;
  readonly from: NodeId;
  readonly term: number;
  /** The encoded meta of the cut. */
  readonly meta: Uint8Array;
  /** Of its chunks and meta; 0: told by nobody, as version 1 was at first. */
  readonly version: number;
  /** What the sender runs. */
  readonly release: string;
}

export interface SnapshotSink {
  /** Number of the first chunk wanted. */
  readonly next: number;
  add(chunk: SnapshotChunk): Promise<void>;
  /** All chunks arrived: resolves when the state is installed and durable. Also when the stream broke meanwhile. */
  finish(): Promise<void>;
  /** The transfer broke, and no chunk of it is being taken any more; it may resume later from what is there. */
  broken(): void;
}

/**
 * Streams between members. Real: gRPC (`grpc.ts`). Twin: in memory (`memory.ts`). Frames to one peer keep
 * their order within a stream; a stream that breaks loses what was on its way, and nothing is resent here.
 */
export interface Transport {
  /** Opens the peer door and begins to dial. Rejects with PORT_IN_USE or TLS. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Addresses of all other members; dialling starts, or stops for those no longer named. Throws CONFIG for an
   * address that is not `host:port`.
   */
  setPeers(peers: ReadonlyMap<MemberId, string>): void;
  /**
   * Queues a frame; false when there is no stream or its queue is full: the frame is dropped, as a network may.
   * Frames queued in one turn of the loop leave as one message. The body is copied: reuse its buffer.
   */
  send(to: MemberId, kind: FrameKind, body: Uint8Array): boolean;
  /** Sends what is queued now instead of at the end of this turn of the loop: for whoever has nothing more to say in it. */
  flush(): void;
  connected(to: MemberId): boolean;
  /** Dials at once, skipping any back-off: for a peer whose stream just ended. */
  redial(to: MemberId): void;
  introduceTo(address: string): Promise<PeerHello>;
  formWith(address: string, request: FormRequest): Promise<FormReply>;
  /** Asks the member at `address` for this one to be let into its group; rejects with the code of the refusal. */
  joinVia(address: string, token: string, commandLevel: number): Promise<JoinReply>;
  /** Sends a snapshot on the bulk channel; resolves when the peer has installed it, rejects when it broke. */
  sendSnapshot(
    to: MemberId,
    start: SnapshotStart,
    chunks: (offset: number) => AsyncIterable<SnapshotChunk>,
  ): Promise<void>;
}
