import {
  type ByteReader,
  type ByteWriter,
  MalformedError,
  type NodeId,
  type SessionId,
} from '../../base/index.js';
import { readChoice, readList, writeChoice, writeList, type CodecsOf } from '../codec.js';
import { OPEN_ACL } from '../tree/acl.js';
import type { AclEntry, CreateMode, Identity, TreeOp } from '../tree/types.js';
import type { CoordinationAttach, CoordinationCommand, CoordinationOpen } from './types.js';

/** By position: append only. */
const OPS = ['create', 'set', 'delete', 'set-acl', 'check'] as const satisfies readonly TreeOp['op'][];
const MODES: readonly CreateMode[] = [
  'persistent',
  'persistent-sequential',
  'ephemeral',
  'ephemeral-sequential',
  'container',
  'ttl',
  'ttl-sequential',
];

/** Nearly every node is open to all: one byte instead of the list. */
const ACL_LISTED = 0;
const ACL_OPEN = 1;

/** Versions are signed; -1 stands for any. */
function writeVersion(w: ByteWriter, version: number): void {
  w.int(version);
}

export function writeIdentity(w: ByteWriter, { scheme, id }: Identity): void {
  w.text(scheme).text(id);
}

export function readIdentity(r: ByteReader): Identity {
  return { scheme: r.text(), id: r.text() };
}

function writeAcl(w: ByteWriter, acl: readonly AclEntry[]): void {
  const only = acl[0];
  const open = only !== undefined && acl.length === 1 && only.permissions === OPEN_ACL[0]!.permissions;
  if (open && only.scheme === 'world' && only.id === 'anyone') return void w.u8(ACL_OPEN);
  w.u8(ACL_LISTED);
  writeList(w, acl, (w, { permissions, scheme, id }) => w.int(permissions).text(scheme).text(id));
}

function readAcl(r: ByteReader): readonly AclEntry[] {
  const form = r.u8();
  if (form === ACL_OPEN) return OPEN_ACL;
  if (form !== ACL_LISTED) throw new MalformedError(`an ACL of form ${form}`);
  return readList(r, (r) => ({ permissions: r.int(), scheme: r.text(), id: r.text() }));
}

function writeData(w: ByteWriter, data: Uint8Array | null): void {
  w.bool(data !== null);
  if (data !== null) w.bytes(data);
}

function readData(r: ByteReader): Uint8Array | null {
  return r.bool() ? r.bytes() : null;
}

function writeOp(w: ByteWriter, op: TreeOp): void {
  writeChoice(w, OPS, op.op);
  w.text(op.path);
  switch (op.op) {
    case 'create':
      writeData(w, op.data);
      writeAcl(w, op.acl);
      writeChoice(w, MODES, op.mode);
      w.uint(op.ttlMs);
      break;
    case 'set':
      writeData(w, op.data);
      writeVersion(w, op.version);
      break;
    case 'set-acl':
      writeAcl(w, op.acl);
      writeVersion(w, op.version);
      break;
    case 'delete':
    case 'check':
      writeVersion(w, op.version);
      break;
  }
}

function readOp(r: ByteReader): TreeOp {
  const op = readChoice(r, OPS);
  const path = r.text();
  switch (op) {
    case 'create':
      return { op, path, data: readData(r), acl: readAcl(r), mode: readChoice(r, MODES), ttlMs: r.uint() };
    case 'set':
      return { op, path, data: readData(r), version: r.int() };
    case 'set-acl':
      return { op, path, acl: readAcl(r), version: r.int() };
    case 'delete':
    case 'check':
      return { op, path, version: r.int() };
  }
}

function writeArrival(w: ByteWriter, c: CoordinationOpen | CoordinationAttach): void {
  w.text(c.session).bytes(c.password).uint(c.timeoutMs);
  writeList(w, c.identities, writeIdentity);
  w.text(c.member);
}

function readArrival(r: ByteReader): Omit<CoordinationOpen, 'kind'> {
  return {
    session: r.text() as SessionId,
    password: r.bytes(),
    timeoutMs: r.uint(),
    identities: readList(r, readIdentity),
    member: r.text() as NodeId,
  };
}

export const COORDINATION_CODECS: CodecsOf<CoordinationCommand> = {
  'coordination-open': {
    // Whoever comes to make room needs a session. There are only so many.
    grows: false,
    write: writeArrival,
    read: (r) => ({ kind: 'coordination-open', ...readArrival(r) }),
  },
  'coordination-attach': {
    grows: false,
    write: writeArrival,
    read: (r) => ({ kind: 'coordination-attach', ...readArrival(r) }),
  },
  'coordination-authenticate': {
    grows: false,
    write: (w, c) => writeIdentity(w.text(c.session).uint(c.attachment), c.identity),
    read: (r) => ({
      kind: 'coordination-authenticate',
      session: r.text() as SessionId,
      attachment: r.uint(),
      identity: readIdentity(r),
    }),
  },
  'coordination-close': {
    grows: false,
    write: (w, c) => w.text(c.session).uint(c.attachment),
    read: (r) => ({ kind: 'coordination-close', session: r.text() as SessionId, attachment: r.uint() }),
  },
  'coordination-expire': {
    grows: false,
    write: (w, c) => w.text(c.session).uint(c.attachment),
    read: (r) => ({ kind: 'coordination-expire', session: r.text() as SessionId, attachment: r.uint() }),
  },
  'coordination-write': {
    // Judged by what the ops do.
    grows: false,
    write: (w, c) => writeList(w.text(c.session).uint(c.attachment).bool(c.multi), c.ops, writeOp),
    read: (r) => ({
      kind: 'coordination-write',
      session: r.text() as SessionId,
      attachment: r.uint(),
      multi: r.bool(),
      ops: readList(r, readOp),
    }),
  },
  'coordination-collect': {
    grows: false,
    write: (w, c) => w.text(c.path).uint(c.czxid).uint(c.mzxid).uint(c.pzxid),
    read: (r) => ({
      kind: 'coordination-collect',
      path: r.text(),
      czxid: r.uint(),
      mzxid: r.uint(),
      pzxid: r.uint(),
    }),
  },
  'coordination-members': {
    grows: false,
    write: (w, c) => w.text(c.servers).uint(c.mzxid),
    read: (r) => ({ kind: 'coordination-members', servers: r.text(), mzxid: r.uint() }),
  },
};
