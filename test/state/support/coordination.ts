import {
  below,
  chance,
  pick,
  randomHex,
  type NodeId,
  type Random,
  type SessionId,
} from '../../../lib/base/index.js';
import {
  OPEN_ACL,
  SYSTEM,
  type AclEntry,
  type CreateMode,
  type Machine,
  type PlainCommand,
  type TreeOp,
} from '../../../lib/state/index.js';

const MODES: readonly CreateMode[] = [
  'persistent',
  'persistent-sequential',
  'ephemeral',
  'ephemeral-sequential',
  'container',
  'ttl',
];
const ACLS: readonly (readonly AclEntry[])[] = [
  OPEN_ACL,
  OPEN_ACL,
  OPEN_ACL,
  [],
  [{ permissions: 31, scheme: 'auth', id: '' }],
  [{ permissions: 31, scheme: 'digest', id: 'u:p' }],
  [{ permissions: 17, scheme: 'world', id: 'anyone' }],
];
const MEMBER = 'm1@0000000000000001' as NodeId;

/** Some command of a coordination session, at or below `path`. */
export function coordination(random: Random, machine: Machine, path: string): PlainCommand {
  const view = machine.coordination;
  const sessions = view.sessions();
  const arrival = {
    password: new Uint8Array(16).fill(below(random, 2)),
    timeoutMs: 4000,
    identities: [{ scheme: 'ip', id: `10.0.0.${below(random, 9)}` }],
    member: MEMBER,
  };
  if (sessions.length < 3) {
    // Half of them are no ids of sessions.
    return { kind: 'coordination-open', session: randomHex(random, 8) as SessionId, ...arrival };
  }
  const session = pick(random, sessions);
  const attachment = view.get(session)!.attachment - (chance(random, 0.1) ? 1 : 0);
  switch (below(random, 12)) {
    case 0:
      return { kind: 'coordination-attach', session, ...arrival };
    case 1:
      return { kind: 'coordination-close', session, attachment };
    case 2:
      return { kind: 'coordination-expire', session, attachment };
    case 3: {
      const identity = { scheme: 'digest', id: pick(random, ['u:p', 'v:q']) };
      return { kind: 'coordination-authenticate', session, attachment, identity };
    }
    case 4: {
      const mortal = view.mortal();
      if (mortal.length > 0) {
        const { path: at, czxid, mzxid, pzxid } = pick(random, mortal);
        return { kind: 'coordination-collect', path: at, czxid, mzxid, pzxid };
      }
      break;
    }
    case 5: {
      const mzxid = machine.tree.exists(SYSTEM.config)?.mzxid ?? 0;
      const servers = `server.${below(random, 4)}=a:1:1:participant`;
      return { kind: 'coordination-members', servers, mzxid: chance(random, 0.2) ? mzxid + 1 : mzxid };
    }
    default:
  }
  const multi = chance(random, 0.3);
  const ops = Array.from({ length: multi ? below(random, 5) : 1 }, () => op(random, machine, path));
  return { kind: 'coordination-write', session, attachment, ops, multi };
}

function op(random: Random, machine: Machine, path: string): TreeOp {
  const child = `${path === '/' ? '' : path}/n${below(random, 6)}`;
  const version = chance(random, 0.6) ? -1 : (machine.tree.exists(path)?.version ?? 0);
  const data = chance(random, 0.2) ? null : new Uint8Array(below(random, 100)).fill(7);
  switch (below(random, 8)) {
    case 0:
      return { op: 'set', path: pick(random, [path, child]), data, version };
    case 1:
    case 2:
      return { op: 'delete', path: pick(random, [path, child]), version };
    case 3:
      return { op: 'set-acl', path, acl: pick(random, ACLS), version: -1 };
    case 4:
      return { op: 'check', path, version };
    default: {
      const mode = pick(random, MODES);
      const ttlMs = mode === 'ttl' ? below(random, 50) : 0;
      return { op: 'create', path: child, data, acl: pick(random, ACLS), mode, ttlMs };
    }
  }
}
