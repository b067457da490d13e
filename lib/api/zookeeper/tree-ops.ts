import type { CreateMode, TreeOp } from '../../state/index.js';
import { CREATE_FLAGS, OP, type CreateRequest, type WriteRequest } from '../../wire/zookeeper/index.js';

const MODES: ReadonlyMap<number, CreateMode> = new Map([
  [CREATE_FLAGS.persistent, 'persistent'],
  [CREATE_FLAGS.ephemeral, 'ephemeral'],
  [CREATE_FLAGS.persistentSequential, 'persistent-sequential'],
  [CREATE_FLAGS.ephemeralSequential, 'ephemeral-sequential'],
  [CREATE_FLAGS.container, 'container'],
  [CREATE_FLAGS.ttl, 'ttl'],
  [CREATE_FLAGS.ttlSequential, 'ttl-sequential'],
]);

/** A request as the machine runs it; null for flags that there are not. */
export function treeOp(request: WriteRequest): TreeOp | null {
  switch (request.op) {
    case OP.create:
    case OP.create2:
    case OP.createContainer:
    case OP.createTtl:
      return createOp(request);
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

function createOp({ op, path, data, acl, flags, ttlMs }: CreateRequest): TreeOp | null {
  const mode = MODES.get(flags);
  if (mode === undefined) return null;
  // A time below 0 in createTTL is as wrong as one of 0; the other creates have none.
  const wanted = op === OP.createTtl ? Math.max(0, ttlMs) : 0;
  const timed = mode === 'ttl' || mode === 'ttl-sequential';
  if (op === OP.createTtl && !timed) return null;
  return { op: 'create', path, data, acl, mode, ttlMs: wanted };
}
