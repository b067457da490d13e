import { ZK_ERROR, type ZkError } from './error-codes.js';
import type { JuteReader } from './jute-reader.js';
import type { JuteWriter } from './jute-writer.js';
import { OP, XID, type WatchEventType } from './opcodes.js';
import { readStat, writeStat, type WireStat } from './records.js';

/** SyncConnected: the only state that a server ever sends. */
const CONNECTED = 3;

export interface ReplyHeader {
  readonly xid: number;
  readonly zxid: number;
  /** One of `ZK_ERROR`, as the server sent it. */
  readonly err: number;
}

/** Opens a reply; the body follows, and `w.end(…)` of what this returns. A body follows only where `err` is 0. */
export function beginReply(w: JuteWriter, xid: number, zxid: number, err: ZkError): number {
  const frame = w.begin();
  w.int(xid).long(zxid).int(err);
  return frame;
}

/** A reply without a body. */
export function writeBareReply(w: JuteWriter, xid: number, zxid: number, err: ZkError): void {
  w.end(beginReply(w, xid, zxid, err));
}

export function readReplyHeader(r: JuteReader): ReplyHeader {
  return { xid: r.int(), zxid: r.long(), err: r.int() };
}

/** A whole frame with an event (WatcherEvent). `zxid` is -1 up to ZooKeeper 3.8, that of the change since 3.9. */
export function writeEvent(w: JuteWriter, zxid: number, type: WatchEventType, path: string): void {
  const frame = beginReply(w, XID.notification, zxid, ZK_ERROR.ok);
  w.int(type).int(CONNECTED).text(path);
  w.end(frame);
}

export function readEvent(r: JuteReader): { readonly type: number; readonly path: string } {
  const type = r.int();
  r.int();
  return { type, path: r.requiredText('the path of an event') };
}

/** One result of a multi or multiRead. */
export type MultiResult =
  /** `type` is that of the operation; creates that answer with a Stat are all typed create2. */
  | { readonly kind: 'created'; readonly path: string }
  | { readonly kind: 'created2'; readonly path: string; readonly stat: WireStat }
  | { readonly kind: 'set'; readonly stat: WireStat }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'checked' }
  | { readonly kind: 'data'; readonly data: Uint8Array | null; readonly stat: WireStat }
  | { readonly kind: 'children'; readonly names: readonly string[] }
  | { readonly kind: 'error'; readonly err: ZkError };

/** The body of a reply to a multi: {header, result}* and a header that says done. */
export function writeMultiResults(w: JuteWriter, results: readonly MultiResult[]): void {
  for (const result of results) writeMultiResult(w, result);
  multiHeader(w, OP.error, true, -1);
}

function writeMultiResult(w: JuteWriter, result: MultiResult): void {
  switch (result.kind) {
    case 'created':
      multiHeader(w, OP.create, false, 0);
      return void w.text(result.path);
    case 'created2':
      multiHeader(w, OP.create2, false, 0);
      return writeStat(w.text(result.path), result.stat);
    case 'set':
      multiHeader(w, OP.setData, false, 0);
      return writeStat(w, result.stat);
    case 'deleted':
      return multiHeader(w, OP.delete, false, 0);
    case 'checked':
      return multiHeader(w, OP.check, false, 0);
    case 'data':
      multiHeader(w, OP.getData, false, 0);
      return writeStat(w.buffer(result.data), result.stat);
    case 'children':
      multiHeader(w, OP.getChildren, false, 0);
      return void w.vector(result.names, (name) => w.text(name));
    case 'error':
      multiHeader(w, OP.error, false, result.err);
      return void w.int(result.err);
  }
}

function multiHeader(w: JuteWriter, type: number, done: boolean, err: number): void {
  w.int(type).boolean(done).int(err);
}

/** For clients: what `writeMultiResults` wrote. Throws `MalformedError`. */
export function readMultiResults(r: JuteReader): MultiResult[] {
  const list: MultiResult[] = [];
  for (;;) {
    const type = r.int();
    const done = r.boolean();
    r.int();
    if (done) return list;
    list.push(readMultiResult(r, type));
  }
}

function readMultiResult(r: JuteReader, type: number): MultiResult {
  switch (type) {
    case OP.create:
      return { kind: 'created', path: r.requiredText('a path') };
    case OP.create2:
      return { kind: 'created2', path: r.requiredText('a path'), stat: readStat(r) };
    case OP.setData:
      return { kind: 'set', stat: readStat(r) };
    case OP.delete:
      return { kind: 'deleted' };
    case OP.check:
      return { kind: 'checked' };
    case OP.getData:
      return { kind: 'data', data: r.buffer(), stat: readStat(r) };
    case OP.getChildren:
      return { kind: 'children', names: r.vector(4, () => r.requiredText('a name')) };
    default:
      return { kind: 'error', err: r.int() as ZkError };
  }
}
