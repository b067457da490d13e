import type { NodeId, SessionId } from '../../base/index.js';
import type { Identity, TreeOp } from '../tree/types.js';

/**
 * Coordination sessions are those of ZooKeeper's clients: they own ephemeral nodes, end when they are not heard of,
 * and move from member to member. Each move raises the attachment number; a write carries the one under which it was
 * sent, so that what an earlier member still holds back can never land after the session has moved.
 */

/** The id (16 hexadecimal digits) and the password (16 bytes) are drawn by the member that is asked. */
export interface CoordinationOpen {
  readonly kind: 'coordination-open';
  readonly session: SessionId;
  readonly password: Uint8Array;
  readonly timeoutMs: number;
  readonly identities: readonly Identity[];
  /** Where the client's connection is. */
  readonly member: NodeId;
}

/** The client came back, here or elsewhere: a new attachment with the identities of the new connection. */
export interface CoordinationAttach {
  readonly kind: 'coordination-attach';
  readonly session: SessionId;
  readonly password: Uint8Array;
  readonly timeoutMs: number;
  readonly identities: readonly Identity[];
  readonly member: NodeId;
}

/** The client proved that it is somebody else, too. */
export interface CoordinationAuthenticate {
  readonly kind: 'coordination-authenticate';
  readonly session: SessionId;
  readonly attachment: number;
  readonly identity: Identity;
}

/** Ends the session and all nodes that it owns. */
export interface CoordinationClose {
  readonly kind: 'coordination-close';
  readonly session: SessionId;
  readonly attachment: number;
}

/** The leader's judgement that a session was not heard of. Has no effect on one that was attached again since. */
export interface CoordinationExpire {
  readonly kind: 'coordination-expire';
  readonly session: SessionId;
  readonly attachment: number;
}

/** One write, or several of which all are done or none. */
export interface CoordinationWrite {
  readonly kind: 'coordination-write';
  readonly session: SessionId;
  readonly attachment: number;
  readonly ops: readonly TreeOp[];
  /** The result is that of each op, and a refusal is told there; else there is one op. */
  readonly multi: boolean;
}

/** The leader found a container without children, or a node past its time to live. No effect if it changed since. */
export interface CoordinationCollect {
  readonly kind: 'coordination-collect';
  readonly path: string;
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
}

/** The leader tells clients who the members are, when the node `/zookeeper/config` does not say so. */
export interface CoordinationMembers {
  readonly kind: 'coordination-members';
  /** Lines `server.N=…` without the one that names the version; what is there says the same else. */
  readonly servers: string;
  /** Zxid of the node by which the leader judged it; 0: there is none yet. No effect if it changed since. */
  readonly mzxid: number;
}

export type CoordinationCommand =
  | CoordinationOpen
  | CoordinationAttach
  | CoordinationAuthenticate
  | CoordinationClose
  | CoordinationExpire
  | CoordinationWrite
  | CoordinationCollect
  | CoordinationMembers;

export interface CoordinationSession {
  readonly timeoutMs: number;
  readonly attachment: number;
  readonly member: NodeId;
  readonly identities: readonly Identity[];
  readonly password: Uint8Array;
}

/** A node that the leader may have to collect. */
export interface MortalNode {
  readonly path: string;
  readonly kind: 'container' | 'ttl';
  readonly ttlMs: number;
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly children: number;
  /** Children that it ever had. */
  readonly creations: number;
}

export interface CoordinationView {
  readonly size: number;
  get(session: SessionId): CoordinationSession | null;
  /** Ids in order. */
  sessions(): readonly SessionId[];
  /** Ephemeral nodes of all sessions. */
  readonly ephemeralCount: number;
  /** Paths of its ephemeral nodes, in order. */
  ephemerals(session: SessionId): string[];
  /** Containers and nodes with a time to live that have no children. */
  mortal(): MortalNode[];
  /** Those of them that are to be collected at `nowMs`, at most `limit`; unused containers only after `unusedMs`. */
  over(nowMs: number, unusedMs: number, limit: number): MortalNode[];
}
