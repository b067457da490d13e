import type { AttachedSession } from '../../coordination/index.js';
import { allows, PERMISSION, type Machine, type NodeStat } from '../../state/index.js';
import {
  ADD_WATCH,
  WATCHER,
  ZK_ERROR,
  type SetWatchesRequest,
  type WatchRequest,
  type ZkError,
} from '../../wire/zookeeper/index.js';
import type { WatchEvent, WatchKind } from '../../coordination/index.js';

type Tell = (event: WatchEvent, path: string) => void;

/**
 * Watches that a client had elsewhere: those whose node changed since are told at once, the others are set again. Of
 * persistent ones nothing is told, as in ZooKeeper's DataTree.setWatches.
 */
export function restoreWatches(
  machine: Machine,
  session: AttachedSession,
  request: SetWatchesRequest,
  tell: Tell,
): void {
  const { relativeZxid } = request;
  const told = readableOnly(machine, session, tell);
  const restore = (
    path: string,
    kind: WatchKind,
    event: (stat: NodeStat | null) => WatchEvent | null,
  ): void => {
    const missed = event(machine.tree.exists(path));
    if (missed === null) session.watch(path, kind);
    else told(missed, path);
  };
  for (const path of request.data) {
    restore(path, 'data', (stat) => {
      if (stat === null) return 'deleted';
      return stat.mzxid > relativeZxid ? 'data-changed' : null;
    });
  }
  for (const path of request.exists) restore(path, 'data', (stat) => (stat === null ? null : 'created'));
  for (const path of request.children) {
    restore(path, 'children', (stat) => {
      if (stat === null) return 'deleted';
      return stat.pzxid > relativeZxid ? 'children-changed' : null;
    });
  }
  for (const path of request.persistent) session.watch(path, 'persistent');
  for (const path of request.persistentRecursive) session.watch(path, 'persistent-recursive');
}

export function addWatch(session: AttachedSession, { path, kind }: WatchRequest): ZkError {
  switch (kind) {
    case ADD_WATCH.persistent:
      session.watch(path, 'persistent');
      return ZK_ERROR.ok;
    case ADD_WATCH.persistentRecursive:
      session.watch(path, 'persistent-recursive');
      return ZK_ERROR.ok;
    default:
      return ZK_ERROR.marshallingError;
  }
}

export function checkWatch(session: AttachedSession, { path, kind }: WatchRequest): ZkError {
  const wanted = kindOf(kind);
  if (wanted === null) return ZK_ERROR.marshallingError;
  return session.watches(path, wanted) ? ZK_ERROR.ok : ZK_ERROR.noWatcher;
}

export function removeWatch(session: AttachedSession, { path, kind }: WatchRequest): ZkError {
  const wanted = kindOf(kind);
  if (wanted === null) return ZK_ERROR.marshallingError;
  return session.unwatch(path, wanted) ? ZK_ERROR.ok : ZK_ERROR.noWatcher;
}

function kindOf(kind: number): WatchKind | 'any' | null {
  switch (kind) {
    case WATCHER.children:
      return 'children';
    case WATCHER.data:
      return 'data';
    case WATCHER.any:
      return 'any';
    case WATCHER.persistent:
      return 'persistent';
    case WATCHER.persistentRecursive:
      return 'persistent-recursive';
    default:
      return null;
  }
}

function readableOnly(machine: Machine, session: AttachedSession, tell: Tell): Tell {
  return (event, path) => {
    const acl = machine.tree.acl(path);
    if (acl === null || allows(acl, PERMISSION.read, session.identities)) tell(event, path);
  };
}
