import type { Member } from '../../zookeeper/session.js';

/** Where each workload keeps its nodes. */
export const ROOT = '/chaos-zk';
export const REGISTERS: readonly string[] = Array.from({ length: 3 }, (_, i) => `${ROOT}/k${i}`);
/** Nodes that come and go, each contended for. */
export const SLOTS: readonly string[] = Array.from({ length: 2 }, (_, i) => `${ROOT}/s${i}`);
export const SET = `${ROOT}/set`;
export const SESSIONS = `${ROOT}/sessions`;
export const LOCK = `${ROOT}/lock`;
export const WATCHED = `${ROOT}/watched`;
export const WATCHED_NODES: readonly string[] = Array.from({ length: 4 }, (_, i) => `${WATCHED}/w${i}`);

/** The members in an order that begins with the i-th. */
export function from(members: readonly Member[], i: number): Member[] {
  const at = i % members.length;
  return [...members.slice(at), ...members.slice(0, at)];
}
