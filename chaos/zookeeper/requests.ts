import type { SeenStat, Written } from '../history/wire.js';
import { OPEN_ACL } from '../../lib/client/zookeeper/index.js';
import {
  ADD_WATCH,
  CREATE_FLAGS,
  NO_SESSION,
  OP,
  readMultiResults,
  readStat,
  ZK_ERROR,
  type JuteReader,
  type MultiWrite,
  type ReplyHeader,
  type Request,
  type WireStat,
} from '../../lib/wire/zookeeper/index.js';

export const ANY_VERSION = -1;

export const get = (path: string, watch = false): Request => ({ op: OP.getData, path, watch });
export const exists = (path: string, watch = false): Request => ({ op: OP.exists, path, watch });
export const children = (path: string, watch = false): Request => ({ op: OP.getChildren2, path, watch });
export const sync = (path: string): Request => ({ op: OP.sync, path });
export const multi = (...requests: readonly MultiWrite[]): Request => ({ op: OP.multi, requests });
export const check = (path: string, version: number): MultiWrite => ({ op: OP.check, path, version });

export function set(path: string, value: string, version: number = ANY_VERSION): MultiWrite {
  return { op: OP.setData, path, data: Buffer.from(value), version };
}

export function remove(path: string, version: number = ANY_VERSION): MultiWrite {
  return { op: OP.delete, path, version };
}

export function create(
  path: string,
  value: string,
  kind: 'persistent' | 'ephemeral' | 'ephemeralSequential' = 'persistent',
): MultiWrite {
  const flags = CREATE_FLAGS[kind];
  return { op: OP.create2, path, data: Buffer.from(value), acl: OPEN_ACL, flags, ttlMs: -1 };
}

export function watchTree(path: string): Request {
  return { op: OP.addWatch, path, kind: ADD_WATCH.persistentRecursive };
}

/** What an answer says, whatever it answers. */
export interface Answer {
  readonly zxid: number;
  readonly err: number;
  readonly value: string | null;
  readonly stat: SeenStat | null;
  readonly names: readonly string[] | null;
  /** Of a create: the path that it got. */
  readonly path: string | null;
}

const NOTHING: Answer = { zxid: 0, err: 0, value: null, stat: null, names: null, path: null };

/** Throws `MalformedError`. */
export function readAnswer(request: Request, { zxid, err }: ReplyHeader, r: JuteReader): Answer {
  return { ...readBody(request, err, r), zxid };
}

function readBody(request: Request, err: number, r: JuteReader): Answer {
  if (err !== ZK_ERROR.ok) return { ...NOTHING, err };
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- nothing is read of the others
  switch (request.op) {
    case OP.getData: {
      const data = r.buffer();
      const value = data === null ? null : Buffer.from(data).toString();
      return { ...NOTHING, value, stat: seen(readStat(r)) };
    }
    case OP.exists:
    case OP.setData:
      return { ...NOTHING, stat: seen(readStat(r)) };
    case OP.getChildren2: {
      const names = r.vector(4, () => r.requiredText('a name'));
      return { ...NOTHING, names: names.sort(), stat: seen(readStat(r)) };
    }
    case OP.create2:
      return { ...NOTHING, path: r.requiredText('a path'), stat: seen(readStat(r)) };
    case OP.multi: {
      // A refused one is answered like any other: each result says why, or that it fell with the others.
      const errors = readMultiResults(r).flatMap((one) => (one.kind === 'error' ? [one.err] : []));
      const why = errors.find((one) => one !== ZK_ERROR.ok && one !== ZK_ERROR.runtimeInconsistency);
      return { ...NOTHING, err: why ?? (errors.length > 0 ? ZK_ERROR.runtimeInconsistency : ZK_ERROR.ok) };
    }
    default:
      return NOTHING;
  }
}

/** What the request does if it is done. A sequential node's name is not known before. */
export function writtenBy(request: Request): readonly Written[] {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others write nothing
  switch (request.op) {
    case OP.create2:
    case OP.setData:
      return [{ path: request.path, value: Buffer.from(request.data ?? []).toString() }];
    case OP.delete:
      return [{ path: request.path, value: null }];
    case OP.multi:
      return request.requests.flatMap(writtenBy);
    default:
      return [];
  }
}

export function nameOf(request: Request): string {
  const name = Object.entries(OP).find(([, number]) => number === request.op);
  return name?.[0] ?? 'unknown';
}

function seen({ czxid, mzxid, pzxid, version, ephemeralOwner }: WireStat): SeenStat {
  const owner = ephemeralOwner === NO_SESSION ? null : ephemeralOwner;
  return { czxid, mzxid, pzxid, version, owner };
}
