import type { JuteWriter } from './jute-writer.js';
import { OP, XID } from './opcodes.js';
import { writeAcls, writeTexts } from './records.js';
import type { Request, SetWatchesRequest, WatchableRead, WriteRequest } from './requests.js';

/** The numbers that some requests carry instead of the client's own. */
function xidOf(request: Request, xid: number): number {
  switch (request.op) {
    case OP.ping:
      return XID.ping;
    case OP.auth:
      return XID.auth;
    case OP.setWatches:
    case OP.setWatches2:
      return XID.setWatches;
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others have the client's number
    default:
      return xid;
  }
}

/** A whole frame, as a client sends it. Returns the number under which the answer comes. */
export function writeRequest(w: JuteWriter, xid: number, request: Request): number {
  const own = xidOf(request, xid);
  const frame = w.begin();
  w.int(own).int(request.op === 'unknown' ? request.type : request.op);
  writeBody(w, request);
  w.end(frame);
  return own;
}

function writeBody(w: JuteWriter, request: Request): void {
  switch (request.op) {
    case OP.create:
    case OP.create2:
    case OP.createContainer:
    case OP.createTtl:
    case OP.delete:
    case OP.setData:
    case OP.setAcl:
    case OP.check:
      return writeWrite(w, request);
    case OP.exists:
    case OP.getData:
    case OP.getChildren:
    case OP.getChildren2:
      return writeRead(w, request);
    case OP.getAcl:
    case OP.sync:
    case OP.getEphemerals:
    case OP.getAllChildrenNumber:
      return void w.text(request.path);
    case OP.multi:
      return writeMulti(w, request.requests, (one) => writeWrite(w, one));
    case OP.multiRead:
      return writeMulti(w, request.requests, (one) => writeRead(w, one));
    case OP.setWatches:
    case OP.setWatches2:
      return writeSetWatches(w, request);
    case OP.addWatch:
    case OP.checkWatches:
    case OP.removeWatches:
      return void w.text(request.path).int(request.kind);
    case OP.auth:
      return void w.int(0).text(request.scheme).buffer(request.credentials);
    case OP.sasl:
      return void w.buffer(request.token);
    case OP.reconfig:
      for (const text of [request.joining, request.leaving, request.newMembers]) {
        if (text === null) w.int(-1);
        else w.text(text);
      }
      return void w.long(request.configId);
    case OP.ping:
    case OP.closeSession:
    case OP.whoAmI:
    case 'unknown':
  }
}

function writeWrite(w: JuteWriter, request: WriteRequest): void {
  w.text(request.path);
  switch (request.op) {
    case OP.delete:
    case OP.check:
      return void w.int(request.version);
    case OP.setData:
      return void w.buffer(request.data).int(request.version);
    case OP.setAcl:
      writeAcls(w, request.acl);
      return void w.int(request.version);
    case OP.create:
    case OP.create2:
    case OP.createContainer:
    case OP.createTtl:
      writeAcls(w.buffer(request.data), request.acl);
      w.int(request.flags);
      if (request.op === OP.createTtl) w.long(request.ttlMs);
  }
}

function writeRead(w: JuteWriter, request: WatchableRead): void {
  w.text(request.path).boolean(request.watch);
}

function writeMulti<T extends { readonly op: number }>(
  w: JuteWriter,
  requests: readonly T[],
  write: (request: T) => void,
): void {
  for (const request of requests) {
    w.int(request.op).boolean(false).int(-1);
    write(request);
  }
  w.int(-1).boolean(true).int(-1);
}

function writeSetWatches(w: JuteWriter, request: SetWatchesRequest): void {
  w.long(request.relativeZxid);
  for (const paths of [request.data, request.exists, request.children]) writeTexts(w, paths);
  if (request.op === OP.setWatches) return;
  writeTexts(w, request.persistent);
  writeTexts(w, request.persistentRecursive);
}
