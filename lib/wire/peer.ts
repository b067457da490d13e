import { takeFront, type ClusterId, type MemberId, type NodeId, type SnapshotChunk } from '../base/index.js';
import { checkSize, messageCodec, type MessageCodec } from './codec.js';
import { PEER_MESSAGE_LIMIT_BYTES } from './limits.js';
import { lazyService, type Bidi, type Service, type Unary } from './methods.js';
import {
  bare,
  bool,
  branded,
  brandedOrNull,
  bytes,
  int32,
  nested,
  repeated,
  struct,
  text,
  textOrNull,
  texts,
  uint64,
  union,
  type Codec,
} from './struct.js';

/** Of a snapshot on its way: the form of its chunks and its meta. A receiver refuses one that it does not know. */
export const SNAPSHOT_VERSION = 1;

/** Raised when members of two releases could not understand each other's frames. */
export const PEER_PROTOCOL = 1;

export interface Hello {
  readonly protocol: number;
  readonly memberId: MemberId;
  readonly nodeId: NodeId;
  readonly boot: number;
  /** Drawn by the process when it started. */
  readonly start: string;
  /** Null while the member belongs to no group. */
  readonly clusterId: ClusterId | null;
  readonly release: string;
  readonly pid: number;
  /** Addresses `host:port`; null: no such door. */
  readonly http: string | null;
  readonly grpc: string | null;
  readonly zk: string | null;
  readonly peer: string | null;
  readonly memoryBudgetBytes: number;
  readonly acknowledgedTerm: number;
  readonly acknowledgedIndex: number;
  readonly generation: number;
  readonly unbound: boolean;
  /** The addressee's folder that the two are about; null: the one the configuration names. */
  readonly acknowledgedNode: NodeId | null;
  /** Where the sender's log ends. */
  readonly holdsTerm: number;
  readonly holdsIndex: number;
  readonly damaged: boolean;
}

export type Outbound =
  | ({ readonly kind: 'hello' } & Hello)
  /** A batch of frames: see `FrameBatch`. Empty: a sign of life. */
  | { readonly kind: 'frames'; readonly value: Uint8Array };

export type Inbound =
  | ({ readonly kind: 'hello' } & Hello)
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'alive'; readonly value: boolean };

export interface PeerFormRequest {
  readonly clusterId: ClusterId;
  readonly voters: readonly NodeId[];
}

export interface PeerFormReply {
  readonly formed: boolean;
  readonly message: string;
}

export interface PeerJoinRequest {
  readonly hello: Hello;
  readonly token: string;
  readonly commandLevel: number;
}

export interface PeerJoinReply {
  readonly clusterId: ClusterId;
  readonly members: readonly { readonly id: MemberId; readonly peer: string }[];
  readonly generation: number;
}

export type SnapshotPart =
  | {
      readonly kind: 'start';
      readonly snapshotId: string;
      readonly from: NodeId;
      readonly term: number;
      readonly meta: Uint8Array;
      /** 0: of a release that did not tell, which is version 1. */
      readonly version: number;
      /** The sender's. */
      readonly release: string;
    }
  | ({ readonly kind: 'chunk' } & SnapshotChunk);

export interface SnapshotProgress {
  /** Number of the next chunk wanted. */
  readonly next: number;
  readonly installed: boolean;
  /** Empty unless the transfer failed. */
  readonly error: string;
}

export interface PeerMethods {
  readonly stream: Bidi<Outbound, Inbound>;
  readonly introduce: Unary<Hello, Hello>;
  readonly form: Unary<PeerFormRequest, PeerFormReply>;
  readonly join: Unary<PeerJoinRequest, PeerJoinReply>;
  readonly sendSnapshot: Bidi<SnapshotPart, SnapshotProgress>;
}

const hello: Codec<Hello> = struct<Hello>({
  protocol: int32,
  memberId: branded(),
  nodeId: branded(),
  boot: uint64,
  clusterId: brandedOrNull(),
  release: text,
  pid: int32,
  http: textOrNull,
  grpc: textOrNull,
  zk: textOrNull,
  peer: textOrNull,
  memoryBudgetBytes: uint64,
  acknowledgedTerm: uint64,
  acknowledgedIndex: uint64,
  generation: uint64,
  unbound: bool,
  acknowledgedNode: brandedOrNull(),
  start: text,
  holdsTerm: uint64,
  holdsIndex: uint64,
  damaged: bool,
});

/** The last chunk's digest and count lie flat on the wire, beside a flag. */
const flatChunk = struct({ number: uint64, bytes, crc: int32, last: bool, digest: text, records: uint64 });
const chunk: Codec<SnapshotChunk> = {
  fromWire(raw) {
    const { number, bytes, crc, last, digest, records } = flatChunk.fromWire(raw);
    return { number, bytes, crc, last: last ? { digest, records } : null };
  },
  toWire({ number, bytes, crc, last }) {
    const { digest, records } = last ?? { digest: '', records: 0 };
    return flatChunk.toWire({ number, bytes, crc, last: last !== null, digest, records });
  },
};

function message<T>(name: string, codec: Codec<T>): MessageCodec<T> {
  return messageCodec('peer', `tepui.peer.v1.${name}`, codec, PEER_MESSAGE_LIMIT_BYTES);
}

const outbound = union<Outbound>('part', { hello: nested(hello), frames: bare(bytes) });
const outboundMessage = framesFirst(message('Outbound', outbound));

/** Field 2 with a length: how `Outbound.frames` begins, whatever its content. */
const FRAMES_TAG = (2 << 3) | 2;

/**
 * Batches of frames are nearly all that travels between members, so they are written and read here directly;
 * a test holds both forms to the schema's own.
 */
function framesFirst(general: MessageCodec<Outbound>): MessageCodec<Outbound> {
  return {
    encode: (value) => (value.kind === 'frames' ? encodeFrames(value.value) : general.encode(value)),
    decode(bytes) {
      if (bytes[0] !== FRAMES_TAG) return general.decode(bytes);
      checkSize('tepui.peer.v1.Outbound', bytes.length, PEER_MESSAGE_LIMIT_BYTES);
      const value = framesOf(bytes);
      return value === null ? general.decode(bytes) : { kind: 'frames', value };
    },
  };
}

function encodeFrames(frames: Uint8Array): Buffer {
  let headBytes = 2;
  for (let n = frames.length; n >= 0x80; n >>>= 7) headBytes++;
  checkSize('tepui.peer.v1.Outbound', headBytes + frames.length, PEER_MESSAGE_LIMIT_BYTES);
  const encoded = framed(frames, headBytes);
  let at = 0;
  encoded[at++] = FRAMES_TAG;
  let n = frames.length;
  for (; n >= 0x80; n >>>= 7) encoded[at++] = (n & 0x7f) | 0x80;
  encoded[at] = n;
  return encoded;
}

/** The frames behind `headBytes` bytes: where they are if there is room, else a copy. */
function framed(frames: Uint8Array, headBytes: number): Buffer {
  const whole = takeFront(frames, headBytes);
  if (whole !== null) return Buffer.from(whole.buffer, whole.byteOffset, whole.length);
  const copy = Buffer.allocUnsafe(headBytes + frames.length);
  copy.set(frames, headBytes);
  return copy;
}

/** The frames when they are all that the message holds, otherwise null. */
function framesOf(message: Uint8Array): Uint8Array | null {
  let length = 0;
  let at = 1;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = message[at++];
    if (byte === undefined) return null;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return at + length === message.length ? message.subarray(at) : null;
  }
  return null;
}

const helloMessage = message('Hello', hello);

export const peerService: () => Service<PeerMethods> = lazyService<PeerMethods>(
  'peer',
  'tepui.peer.v1.Peer',
  {
    stream: {
      shape: 'bidi',
      request: outboundMessage,
      response: message(
        'Inbound',
        union<Inbound>('part', {
          hello: nested(hello),
          refused: nested(struct({ code: text, message: text })),
          alive: bare(bool),
        }),
      ),
    },
    introduce: { shape: 'unary', request: helloMessage, response: helloMessage },
    form: {
      shape: 'unary',
      request: message(
        'FormRequest',
        struct<PeerFormRequest>({ clusterId: branded(), voters: texts<NodeId>() }),
      ),
      response: message('FormReply', struct<PeerFormReply>({ formed: bool, message: text })),
    },
    join: {
      shape: 'unary',
      request: message(
        'JoinRequest',
        struct<PeerJoinRequest>({ hello: nested(hello), token: text, commandLevel: int32 }),
      ),
      response: message(
        'JoinReply',
        struct<PeerJoinReply>({
          clusterId: branded(),
          members: repeated(struct({ id: branded<MemberId>(), peer: text })),
          generation: uint64,
        }),
      ),
    },
    sendSnapshot: {
      shape: 'bidi',
      request: message(
        'SnapshotPart',
        union<SnapshotPart>('part', {
          start: nested(
            struct({
              snapshotId: text,
              from: branded<NodeId>(),
              term: uint64,
              meta: bytes,
              version: int32,
              release: text,
            }),
          ),
          chunk: nested(chunk),
        }),
      ),
      response: message(
        'SnapshotProgress',
        struct<SnapshotProgress>({ next: uint64, installed: bool, error: text }),
      ),
    },
  },
);
