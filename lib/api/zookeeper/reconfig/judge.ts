import { utf8Decode, type MemberId } from '../../../base/index.js';
import type { Membership } from '../../../replica/index.js';
import {
  allows,
  PERMISSION,
  serverNumber,
  SYSTEM,
  type Identity,
  type Machine,
} from '../../../state/index.js';
import { ZK_ERROR, type ReconfigRequest, type ZkError } from '../../../wire/zookeeper/index.js';
import { isSamePlace, parseNumber, parseServer, parseServers, type ServerText } from './server-text.js';

type Servers = ReadonlyMap<number, ServerText>;

/** What a reconfig asks for, by the members at present. */
export interface Wanted {
  readonly from: Membership;
  readonly to: Membership;
}

const ANY_VERSION = -1;

/**
 * What the request means for the group, or why it is refused: in the order of ZooKeeper's PrepRequestProcessor, except
 * that whoever may not reconfigure does not learn whether there would be a quorum. A server that is not in the group
 * cannot join in this way: a master brings a token, and a folder.
 */
export function judgeReconfig(
  machine: Machine,
  identities: readonly Identity[],
  request: ReconfigRequest,
): Wanted | ZkError {
  const node = machine.tree.get(SYSTEM.config);
  const present = node === null ? 'malformed' : parseServers(utf8Decode(node.data));
  // Nobody has told yet who the members are, or somebody wrote something else there: the leader is about to.
  if (node === null || typeof present === 'string' || present.size === 0) return ZK_ERROR.reconfigInProgress;
  const { configId } = request;
  if (configId !== ANY_VERSION && configId !== node.stat.mzxid) return ZK_ERROR.badVersion;
  const next = nextServers(present, request);
  if (typeof next === 'number') return next;
  const ids = memberIds(machine);
  const from = membershipOf(present, ids);
  const to = membershipOf(next, ids);
  if (from === null || to === null || to.voters.length === 0) return ZK_ERROR.badArguments;
  for (const [number, server] of next) {
    const there = present.get(number);
    if (there === undefined || !isSamePlace(server, there)) return ZK_ERROR.badArguments;
  }
  if (!allows(node.acl, PERMISSION.write, identities)) return ZK_ERROR.noAuth;
  return { from, to };
}

/** Whether the node shows these members. */
export function shows(machine: Machine, members: Membership): boolean {
  const node = machine.tree.get(SYSTEM.config);
  const servers = node === null ? 'malformed' : parseServers(utf8Decode(node.data));
  if (typeof servers === 'string') return false;
  return (
    servers.size === members.voters.length + members.learners.length &&
    members.voters.every((id) => servers.get(serverNumber(id))?.votes === true) &&
    members.learners.every((id) => servers.get(serverNumber(id))?.votes === false)
  );
}

function nextServers(present: Servers, request: ReconfigRequest): Servers | ZkError {
  if (request.newMembers === null) return incremental(present, request);
  const servers = parseServers(request.newMembers.replaceAll(',', '\n'));
  if (servers === 'no-number') return ZK_ERROR.marshallingError;
  return servers === 'malformed' ? ZK_ERROR.badArguments : servers;
}

function incremental(present: Servers, { joining, leaving }: ReconfigRequest): Servers | ZkError {
  const next = new Map(present);
  for (const text of listed(leaving)) {
    const number = parseNumber(text);
    if (number === null) return ZK_ERROR.marshallingError;
    next.delete(number);
  }
  for (const text of listed(joining)) {
    const [name, place, ...more] = text.split('=').filter((part) => part !== '');
    if (name === undefined || place === undefined || more.length > 0) return ZK_ERROR.badArguments;
    const number = parseNumber(name.slice(name.lastIndexOf('.') + 1));
    if (number === null) return ZK_ERROR.marshallingError;
    const server = parseServer(place);
    if (server === null || server.client === null) return ZK_ERROR.badArguments;
    next.set(number, server);
  }
  return next;
}

function listed(text: string | null): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function memberIds(machine: Machine): ReadonlyMap<number, MemberId> {
  return new Map(machine.cluster.members().map(({ member }) => [serverNumber(member), member]));
}

/** Null: a number is nobody's. */
function membershipOf(servers: Servers, ids: ReadonlyMap<number, MemberId>): Membership | null {
  const voters: MemberId[] = [];
  const learners: MemberId[] = [];
  for (const [number, { votes }] of servers) {
    const member = ids.get(number);
    if (member === undefined) return null;
    (votes ? voters : learners).push(member);
  }
  return { voters, learners };
}
