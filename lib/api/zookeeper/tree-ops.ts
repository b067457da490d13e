import type { CreateMode, TreeOp } from '../../state/index.js';
import {
  CREATE_FLAGS,
  OP,
  type CreateRequest,
  type MultiWrite,
  type WriteRequest,
} from '../../wire/zookeeper/index.js';

const MODES: ReadonlyMap<number, CreateMode> = new Map([
  [CREATE_FLAGS.persistent, 'persistent'],
  [CREATE_FLAGS.ephemeral, 'ephemeral'],
  [CREATE_FLAGS.persistentSequential, 'persistent-sequential'],
  [CREATE_FLAGS.ephemeralSequential, 'ephemeral-sequential'],
  [CREATE_FLAGS.container, 'container'],
  [CREATE_FLAGS.ttl, 'ttl'],
  [CREATE_FLAGS.ttlSequential, 'ttl-sequential'],
]);

/** What no node can be: the machine refuses it in its turn, in a multi in its place. */
const IMPOSSIBLE = { mode: 'persistent', ttlMs: 1 } as const;

/** ZooKeeper judges a create in a multi by its flags, whatever it is called (MultiOperationRecord). */
export function multiOp(request: MultiWrite): TreeOp {
  return 'flags' in request ? createOp(request, true) : treeOp(request);
}

/** A request as the machine runs it. */
export function treeOp(request: WriteRequest): TreeOp {
  switch (request.op) {
    case OP.create:
    case OP.create2:
    case OP.createContainer:
    case OP.createTtl:
      return createOp(request, false);
    case OP.delete:
      return { op: 'delete', path: request.path, version: request.version };
    case OP.setData:
      return { op: 'set', path: request.path, data: request.data, version: request.version };
    case OP.setAcl:
      return { op: 'set-acl', path: request.path, acl: request.acl, version: request.version };
    case OP.check:
      return { op: 'check', path: request.path, version: request.version };
  }
}

function createOp({ op, path, data, acl, flags, ttlMs }: CreateRequest, flagsAlone: boolean): TreeOp {
  const mode = MODES.get(flags);
  const timed = mode === 'ttl' || mode === 'ttl-sequential';
  const fits =
    flagsAlone || (op === OP.createTtl ? timed : op !== OP.createContainer || mode === 'container');
  const head = { op: 'create', path, data, acl } as const;
  if (mode === undefined || !fits) return { ...head, ...IMPOSSIBLE };
  // A time below 0 is as wrong as one of 0; only createTTL has one.
  return { ...head, mode, ttlMs: timed && op === OP.createTtl ? Math.max(0, ttlMs) : 0 };
}
