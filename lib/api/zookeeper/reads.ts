import type { AttachedSession } from '../../coordination/index.js';
import {
  allows,
  PERMISSION,
  type AclEntry,
  type Identity,
  type Machine,
  type NodeView,
} from '../../state/index.js';
import {
  OP,
  writeAcls,
  writeTexts,
  ZK_ERROR,
  type JuteWriter,
  type MultiResult,
  type WatchableRead,
  type ZkError,
} from '../../wire/zookeeper/index.js';
import { wireStat, writeNodeStat } from './stat.js';

/** What a read answers: an error, or how its body is written. */
export type ReadAnswer = ZkError | ((w: JuteWriter) => void);

/** exists, getData and getChildren in both forms, with the watch that they leave. */
export function watchableRead(
  machine: Machine,
  session: AttachedSession,
  request: WatchableRead,
): ReadAnswer {
  const { path, watch } = request;
  // Of the reads only exists looks at its path, and at nothing but this.
  if (request.op === OP.exists && path.includes('\0')) return ZK_ERROR.badArguments;
  const node = readable(machine, session.identities, path);
  if (typeof node === 'number') {
    // Who waits for a node that is not there waits for its creation; nobody waits for the data of one.
    if (node === ZK_ERROR.noNode && request.op === OP.exists && watch) session.watch(path, 'data');
    return node;
  }
  const children = request.op === OP.getChildren || request.op === OP.getChildren2;
  if (watch) session.watch(path, children ? 'children' : 'data');
  switch (request.op) {
    case OP.exists:
      return (w) => writeNodeStat(w, node.stat);
    case OP.getData:
      return (w) => writeNodeStat(w.buffer(dataOf(node)), node.stat);
    case OP.getChildren:
      return (w) => writeChildren(w, machine, nodeAt(path), node.stat.numChildren);
    case OP.getChildren2:
      return (w) => {
        writeChildren(w, machine, nodeAt(path), node.stat.numChildren);
        writeNodeStat(w, node.stat);
      };
  }
}

/** Sorting a list of a million would stop everything else for seconds, and ZooKeeper sorts none. */
const SORTED_CHILDREN = 10_000;

function writeChildren(w: JuteWriter, machine: Machine, path: string, count: number): void {
  if (count <= SORTED_CHILDREN) return writeTexts(w, machine.tree.children(path) ?? []);
  w.int(count);
  machine.tree.forEachChild(path, (bytes, from, to) => void w.part(bytes, from, to));
}

/** A request of a megabyte may name one large node tens of thousands of times. */
const MULTI_READ_BYTES = 16 << 20;

/** The results of a multiRead, or that they are too much for one answer. */
export function multiReadResults(
  machine: Machine,
  session: AttachedSession,
  requests: readonly WatchableRead[],
): MultiResult[] | ZkError {
  const results: MultiResult[] = [];
  let left = MULTI_READ_BYTES;
  for (const request of requests) {
    // Of names at least their lengths and a byte are known before they are fetched.
    const stat = machine.tree.exists(nodeAt(request.path));
    const isData = request.op === OP.getData;
    left -= stat === null ? 0 : isData ? stat.dataLength : 5 * stat.numChildren;
    if (left < 0) return ZK_ERROR.marshallingError;
    const result = multiReadResult(machine, session, request);
    if (result.kind === 'children') for (const name of result.names) left -= name.length - 1;
    if (left < 0) return ZK_ERROR.marshallingError;
    results.push(result);
  }
  return results;
}

/** One read of a multiRead; it stands alone whatever becomes of the others. */
function multiReadResult(machine: Machine, session: AttachedSession, request: WatchableRead): MultiResult {
  const node = readable(machine, session.identities, request.path);
  if (typeof node === 'number') return { kind: 'error', err: node };
  if (request.op === OP.getData) return { kind: 'data', data: dataOf(node), stat: wireStat(node.stat) };
  return { kind: 'children', names: machine.tree.children(nodeAt(request.path)) ?? [] };
}

export function aclRead(machine: Machine, identities: readonly Identity[], path: string): ReadAnswer {
  const node = machine.tree.peek(nodeAt(path));
  if (node === null) return ZK_ERROR.noNode;
  if (!allows(node.acl, PERMISSION.read | PERMISSION.admin, identities)) return ZK_ERROR.noAuth;
  const whole = allows(node.acl, PERMISSION.admin, identities);
  return (w) => {
    writeAcls(w, whole ? node.acl : node.acl.map(withoutHash));
    writeNodeStat(w, node.stat);
  };
}

export function descendantCount(machine: Machine, identities: readonly Identity[], path: string): ReadAnswer {
  const node = readable(machine, identities, path);
  if (typeof node === 'number') return node;
  return (w) => void w.int(machine.tree.descendants(nodeAt(path)));
}

/** The empty path reads as the root, as ZooKeeper's DataTree has it; writes refuse it. */
function nodeAt(path: string): string {
  return path === '' ? '/' : path;
}

/** A node that may be read, or why not. Its data is written at once, or not at all: a copy would cost more than the rest. */
function readable(machine: Machine, identities: readonly Identity[], path: string): NodeView | ZkError {
  const node = machine.tree.peek(nodeAt(path));
  if (node === null) return ZK_ERROR.noNode;
  return allows(node.acl, PERMISSION.read, identities) ? node : ZK_ERROR.noAuth;
}

function dataOf(node: NodeView): Uint8Array | null {
  return node.dataIsNull ? null : node.data;
}

/** Whoever may not administrate a node sees of a digest whose it is, and nothing to guess the password by. */
function withoutHash(entry: AclEntry): AclEntry {
  if (entry.scheme !== 'digest') return entry;
  return { ...entry, id: `${entry.id.slice(0, entry.id.indexOf(':'))}:x` };
}
