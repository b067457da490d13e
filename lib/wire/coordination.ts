import type { SessionId } from '../base/index.js';
import { messageCodec, type MessageCodec } from './codec.js';
import { readConsistency, refusal, type ReadConsistency, type Refusal } from './common.js';
import { CLIENT_MESSAGE_LIMIT_BYTES } from './limits.js';
import { lazyService, type Bidi, type Service, type Unary } from './methods.js';
import {
  bool,
  branded,
  bytes,
  embedded,
  int32,
  nested,
  struct,
  text,
  texts,
  uint64,
  type Codec,
} from './struct.js';

export interface OpenSessionRequest {
  /** 0: ten minutes. */
  readonly timeoutMs: number;
}

export interface OpenSessionReply {
  readonly session: SessionId;
  readonly timeoutMs: number;
  readonly index: number;
}

export interface CloseSessionRequest {
  readonly session: SessionId;
}

export interface CloseSessionReply {
  readonly index: number;
}

/** `expectedVersion` -1: any. */
export type TreeOperation =
  | { readonly kind: 'create'; readonly path: string; readonly data: Uint8Array }
  | {
      readonly kind: 'set';
      readonly path: string;
      readonly data: Uint8Array;
      readonly expectedVersion: number;
    }
  | { readonly kind: 'delete'; readonly path: string; readonly expectedVersion: number };

export interface WriteRequest {
  readonly session: SessionId;
  /** 1, 2, 3, … within the session. */
  readonly sequence: number;
  readonly acknowledgedBelow: number;
  readonly operation: TreeOperation;
}

/** Revisions and times of a node, named as in ZooKeeper's Stat. */
export interface Stat {
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  readonly cversion: number;
  readonly dataLength: number;
  readonly numChildren: number;
}

export interface WriteReply {
  readonly sequence: number;
  readonly outcome:
    /** `term`: consensus term of the entry that carries the write. */
    | { readonly kind: 'done'; readonly index: number; readonly term: number; readonly stat: Stat }
    | ({ readonly kind: 'refused' } & Refusal);
}

export interface ReadRequest {
  readonly id: number;
  readonly path: string;
  readonly consistency: ReadConsistency;
  readonly children: boolean;
}

export interface ReadReply {
  readonly id: number;
  readonly index: number;
  readonly outcome:
    | {
        readonly kind: 'node';
        readonly data: Uint8Array;
        readonly stat: Stat;
        readonly children: readonly string[];
      }
    | ({ readonly kind: 'refused' } & Refusal);
}

export interface CoordinationMethods {
  readonly openSession: Unary<OpenSessionRequest, OpenSessionReply>;
  readonly closeSession: Unary<CloseSessionRequest, CloseSessionReply>;
  readonly write: Bidi<WriteRequest, WriteReply>;
  readonly read: Bidi<ReadRequest, ReadReply>;
}

const stat: Codec<Stat> = struct<Stat>({
  czxid: uint64,
  mzxid: uint64,
  pzxid: uint64,
  ctimeMs: uint64,
  mtimeMs: uint64,
  version: int32,
  cversion: int32,
  dataLength: int32,
  numChildren: int32,
});

const writeRequest: Codec<WriteRequest> = struct<WriteRequest>({
  session: branded(),
  sequence: uint64,
  acknowledgedBelow: uint64,
  operation: embedded<TreeOperation>({
    create: nested(struct({ path: text, data: bytes })),
    set: nested(struct({ path: text, data: bytes, expectedVersion: int32 })),
    delete: nested(struct({ path: text, expectedVersion: int32 })),
  }),
});

const writeReply: Codec<WriteReply> = struct<WriteReply>({
  sequence: uint64,
  outcome: embedded<WriteReply['outcome']>({
    done: nested(struct({ index: uint64, term: uint64, stat: nested(stat) })),
    refused: nested(refusal),
  }),
});

const readRequest: Codec<ReadRequest> = struct<ReadRequest>({
  id: uint64,
  path: text,
  consistency: readConsistency,
  children: bool,
});

const readReply: Codec<ReadReply> = struct<ReadReply>({
  id: uint64,
  index: uint64,
  outcome: embedded<ReadReply['outcome']>({
    node: nested(struct({ data: bytes, stat: nested(stat), children: texts<string>() })),
    refused: nested(refusal),
  }),
});

function message<T>(name: string, codec: Codec<T>): MessageCodec<T> {
  return messageCodec('coordination', `tepui.v1.${name}`, codec, CLIENT_MESSAGE_LIMIT_BYTES);
}

export const coordinationService: () => Service<CoordinationMethods> = lazyService<CoordinationMethods>(
  'coordination',
  'tepui.v1.Coordination',
  {
    openSession: {
      shape: 'unary',
      request: message('OpenSessionRequest', struct<OpenSessionRequest>({ timeoutMs: uint64 })),
      response: message(
        'OpenSessionReply',
        struct<OpenSessionReply>({ session: branded(), timeoutMs: uint64, index: uint64 }),
      ),
    },
    closeSession: {
      shape: 'unary',
      request: message('CloseSessionRequest', struct<CloseSessionRequest>({ session: branded() })),
      response: message('CloseSessionReply', struct<CloseSessionReply>({ index: uint64 })),
    },
    write: {
      shape: 'bidi',
      request: message('WriteRequest', writeRequest),
      response: message('WriteReply', writeReply),
    },
    read: {
      shape: 'bidi',
      request: message('ReadRequest', readRequest),
      response: message('ReadReply', readReply),
    },
  },
);
