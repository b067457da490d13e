/** Identifiers, branded so that one kind is never passed for another. Casting happens at the doors only. */

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** The name an operator gives a master: `m1`. Stable over restarts and folders. */
export type MemberId = Brand<string, 'MemberId'>;

/**
 * One data folder of one member: `m1@3f9a…` (16 hexadecimal digits drawn when the folder is made). Consensus
 * knows members by this id only, so that a wiped folder is a stranger whose votes and acknowledgements count
 * for nothing until a configuration names it.
 */
export type NodeId = Brand<string, 'NodeId'>;

export type ClusterId = Brand<string, 'ClusterId'>;
export type FrameworkId = Brand<string, 'FrameworkId'>;
export type AgentId = Brand<string, 'AgentId'>;
export type TaskId = Brand<string, 'TaskId'>;
export type OfferId = Brand<string, 'OfferId'>;
/** A client session: 16 hexadecimal digits. */
export type SessionId = Brand<string, 'SessionId'>;

export function nodeId(member: MemberId, instance: string): NodeId {
  return `${member}@${instance}` as NodeId;
}

export function memberOf(node: NodeId): MemberId {
  return node.slice(0, node.indexOf('@')) as MemberId;
}
