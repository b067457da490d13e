import { hash64, utf8Encode, type MemberId } from '../../base/index.js';
import type { DoorAddresses } from '../cluster/types.js';

/** A member as ZooKeeper's configuration shows it. */
export interface Server {
  readonly member: MemberId;
  readonly votes: boolean;
  readonly doors: Pick<DoorAddresses, 'peer' | 'zookeeper'>;
}

/** Members are m1, m2, …; their numbers are those that clients see. */
const NUMBERED = /^m([1-9]\d{0,8})$/;
/** Numbers of members that are called otherwise begin above those. */
const OTHERS_FROM = 2 ** 32;
const VERSION_LINE = /\nversion=[0-9a-f]+$/;

/**
 * The number under which clients of ZooKeeper know a member, for good: that of its name (`m3` is 3), or for another name
 * one that is derived from it.
 */
export function serverNumber(member: MemberId): number {
  const [, digits] = NUMBERED.exec(member) ?? [];
  if (digits !== undefined) return Number(digits);
  const hash = { high: 0, low: 0 };
  hash64(hash, utf8Encode(member));
  return OTHERS_FROM + hash.low;
}

/**
 * Lines of ZooKeeper's configuration, in order of numbers: `server.N=host:port:port:role;host:port`. One port serves
 * both as the one for followers and the one for elections; a member without a door for clients has none there.
 */
export function serverLines(servers: readonly Server[]): string {
  return servers
    .map((server) => ({ number: serverNumber(server.member), server }))
    .sort((a, b) => a.number - b.number)
    .map(({ number, server }) => `server.${number}=${serverText(server)}`)
    .join('\n');
}

export function configText(servers: string, version: number): string {
  return `${servers}\nversion=${version.toString(16)}`;
}

/** The lines about servers alone. */
export function serversIn(text: string): string {
  return text.replace(VERSION_LINE, '');
}

function serverText({ votes, doors: { peer, zookeeper } }: Server): string {
  const port = peer.slice(peer.lastIndexOf(':') + 1);
  const role = votes ? 'participant' : 'observer';
  return `${peer}:${port}:${role}${zookeeper === '' ? '' : `;${zookeeper}`}`;
}
