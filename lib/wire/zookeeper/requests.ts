import { MalformedError } from '../../base/index.js';
import type { JuteReader } from './jute-reader.js';
import { OP } from './opcodes.js';
import { readAcls, readTexts, type WireAcl } from './records.js';

/** Flags are as the client sent them (`CREATE_FLAGS` names the known ones); `ttlMs` is -1 but in createTTL. */
export interface CreateRequest {
  readonly op: typeof OP.create | typeof OP.create2 | typeof OP.createContainer | typeof OP.createTtl;
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly WireAcl[];
  readonly flags: number;
  readonly ttlMs: number;
}

export interface DeleteRequest {
  readonly op: typeof OP.delete;
  readonly path: string;
  readonly version: number;
}

export interface SetDataRequest {
  readonly op: typeof OP.setData;
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly version: number;
}

export interface SetAclRequest {
  readonly op: typeof OP.setAcl;
  readonly path: string;
  readonly acl: readonly WireAcl[];
  readonly version: number;
}

export interface CheckRequest {
  readonly op: typeof OP.check;
  readonly path: string;
  readonly version: number;
}

/** What a multi may hold (MultiOperationRecord). */
export type MultiWrite = CreateRequest | DeleteRequest | SetDataRequest | CheckRequest;

export type WriteRequest = MultiWrite | SetAclRequest;

export interface MultiRequest {
  readonly op: typeof OP.multi;
  readonly requests: readonly MultiWrite[];
}

export interface MultiReadRequest {
  readonly op: typeof OP.multiRead;
  readonly requests: readonly WatchableRead[];
}

/** Reads that may leave a watch. */
export interface WatchableRead {
  readonly op: typeof OP.exists | typeof OP.getData | typeof OP.getChildren | typeof OP.getChildren2;
  readonly path: string;
  readonly watch: boolean;
}

export interface PathRequest {
  readonly op: typeof OP.getAcl | typeof OP.sync | typeof OP.getEphemerals | typeof OP.getAllChildrenNumber;
  readonly path: string;
}

export interface SetWatchesRequest {
  readonly op: typeof OP.setWatches | typeof OP.setWatches2;
  /** The last zxid that the client saw: what changed since is told at once. */
  readonly relativeZxid: number;
  readonly data: readonly string[];
  readonly exists: readonly string[];
  readonly children: readonly string[];
  readonly persistent: readonly string[];
  readonly persistentRecursive: readonly string[];
}

/** `kind` is one of `WATCHER`, or of `ADD_WATCH` for addWatch; not judged here. */
export interface WatchRequest {
  readonly op: typeof OP.addWatch | typeof OP.checkWatches | typeof OP.removeWatches;
  readonly path: string;
  readonly kind: number;
}

export interface AuthRequest {
  readonly op: typeof OP.auth;
  readonly scheme: string;
  readonly credentials: Uint8Array;
}

export interface SaslRequest {
  readonly op: typeof OP.sasl;
  readonly token: Uint8Array;
}

export interface ReconfigRequest {
  readonly op: typeof OP.reconfig;
  readonly joining: string | null;
  readonly leaving: string | null;
  readonly newMembers: string | null;
  readonly configId: number;
}

export interface BareRequest {
  readonly op: typeof OP.ping | typeof OP.closeSession | typeof OP.whoAmI;
}

/** A type that is not one of the protocol. */
export interface UnknownRequest {
  readonly op: 'unknown';
  readonly type: number;
}

export type Request =
  | WriteRequest
  | MultiRequest
  | MultiReadRequest
  | WatchableRead
  | PathRequest
  | SetWatchesRequest
  | WatchRequest
  | AuthRequest
  | SaslRequest
  | ReconfigRequest
  | BareRequest
  | UnknownRequest;

/** Header of a request. Throws `MalformedError`. */
export function readRequestHeader(r: JuteReader): { readonly xid: number; readonly type: number } {
  return { xid: r.int(), type: r.int() };
}

/** The body of a request of `type`. Throws `MalformedError`. Bytes are views. */
export function readRequestBody(r: JuteReader, type: number): Request {
  switch (type) {
    case OP.create:
    case OP.create2:
    case OP.createContainer:
    case OP.createTtl:
    case OP.delete:
    case OP.setData:
    case OP.setAcl:
    case OP.check:
      return readWrite(r, type);
    case OP.exists:
    case OP.getData:
    case OP.getChildren:
    case OP.getChildren2:
      return { op: type, path: path(r), watch: r.boolean() };
    case OP.getAcl:
    case OP.sync:
    case OP.getAllChildrenNumber:
      return { op: type, path: path(r) };
    case OP.getEphemerals:
      return { op: type, path: r.text() ?? '' };
    case OP.multi:
      return { op: type, requests: readMulti(r, readWriteOfMulti) };
    case OP.multiRead:
      return { op: type, requests: readMulti(r, readReadOfMulti) };
    case OP.setWatches:
    case OP.setWatches2:
      return readSetWatches(r, type);
    case OP.addWatch:
    case OP.checkWatches:
    case OP.removeWatches:
      return { op: type, path: path(r), kind: r.int() };
    case OP.auth:
      return readAuth(r);
    case OP.sasl:
      return { op: type, token: r.buffer() ?? new Uint8Array(0) };
    case OP.reconfig:
      return { op: type, joining: r.text(), leaving: r.text(), newMembers: r.text(), configId: r.long() };
    case OP.ping:
    case OP.closeSession:
    case OP.whoAmI:
      return { op: type };
    default:
      return { op: 'unknown', type };
  }
}

function path(r: JuteReader): string {
  return r.requiredText('the path');
}

function readWrite(r: JuteReader, type: WriteRequest['op']): WriteRequest {
  if (type === OP.setAcl) return { op: type, path: path(r), acl: readAcls(r), version: r.int() };
  return readMultiWrite(r, type);
}

function readMultiWrite(r: JuteReader, type: MultiWrite['op']): MultiWrite {
  switch (type) {
    case OP.delete:
    case OP.check:
      return { op: type, path: path(r), version: r.int() };
    case OP.setData:
      return { op: type, path: path(r), data: r.buffer(), version: r.int() };
    default: {
      const head = { op: type, path: path(r), data: r.buffer(), acl: readAcls(r), flags: r.int() };
      return { ...head, ttlMs: type === OP.createTtl ? r.long() : -1 };
    }
  }
}

const MULTI_WRITES: ReadonlySet<number> = new Set([
  OP.create,
  OP.create2,
  OP.createContainer,
  OP.createTtl,
  OP.delete,
  OP.setData,
  OP.check,
]);

function readWriteOfMulti(r: JuteReader, type: number): MultiWrite {
  if (!MULTI_WRITES.has(type)) throw new MalformedError(`an operation of type ${type} in a multi`);
  return readMultiWrite(r, type as MultiWrite['op']);
}

function readReadOfMulti(r: JuteReader, type: number): WatchableRead {
  if (type !== OP.getData && type !== OP.getChildren) {
    throw new MalformedError(`an operation of type ${type} in a multi of reads`);
  }
  return { op: type, path: path(r), watch: r.boolean() };
}

/** {MultiHeader type, done, err; operation}* until a header that says done. */
function readMulti<T>(r: JuteReader, operation: (r: JuteReader, type: number) => T): T[] {
  const list: T[] = [];
  for (;;) {
    const type = r.int();
    const done = r.boolean();
    r.int();
    if (done) return list;
    list.push(operation(r, type));
  }
}

function readSetWatches(r: JuteReader, op: SetWatchesRequest['op']): SetWatchesRequest {
  const relativeZxid = r.long();
  const first = { data: readTexts(r), exists: readTexts(r), children: readTexts(r) };
  if (op === OP.setWatches) return { op, relativeZxid, ...first, persistent: [], persistentRecursive: [] };
  return { op, relativeZxid, ...first, persistent: readTexts(r), persistentRecursive: readTexts(r) };
}

function readAuth(r: JuteReader): AuthRequest {
  r.int();
  return { op: OP.auth, scheme: r.text() ?? '', credentials: r.buffer() ?? new Uint8Array(0) };
}
