import type { AgentId, ClusterId } from '../base/index.js';
import type { Registration, StatusUpdate, TaskRef, TaskToRun } from './types.js';

export interface Registered {
  readonly kind: 'registered';
  readonly agentId: AgentId;
  readonly clusterId: ClusterId;
  readonly revision: number;
  readonly heartbeatMs: number;
  /** Without a heartbeat for this long the group takes the agent for lost. */
  readonly timeoutMs: number;
  /** Reported tasks that the group does not know or no longer wants: end them, send no update. */
  readonly unknownTasks: readonly TaskRef[];
}

export interface Launch {
  readonly kind: 'launch';
  readonly task: TaskToRun;
  readonly revision: number;
}

export interface Kill extends TaskRef {
  readonly kind: 'kill';
  /** Absent: the kill policy of the task. */
  readonly graceMs?: number;
  readonly revision: number;
}

export interface UpdateCommitted extends TaskRef {
  readonly kind: 'update-committed';
  readonly sequence: number;
  readonly revision: number;
}

export interface Refused {
  readonly kind: 'refused';
  /** A name of the error catalogue, or one that a newer master knows. */
  readonly code: string;
  readonly message: string;
}

export interface MasterHeartbeat {
  readonly kind: 'heartbeat';
  readonly revision: number;
}

export type MasterMessage = Registered | Launch | Kill | UpdateCommitted | Refused | MasterHeartbeat;

export type AgentMessage =
  | { readonly kind: 'update'; readonly update: StatusUpdate }
  | { readonly kind: 'heartbeat'; readonly sentAtMs: number };

export interface LinkEvents {
  onMessage(message: MasterMessage): void;
  /** The stream ended and was not closed by us. Called at most once; no message follows. */
  onClosed(reason: string): void;
}

/** One stream to one master. The caller bounds what it sends before it is answered. */
export interface MasterLink {
  send(message: AgentMessage): void;
  /** Ends the stream. No event follows. */
  close(): void;
}

/** The way to the masters. Real: `grpc-link.ts`. Twin: `test/support/memory-link.ts`. */
export interface MasterConnector {
  /** Opens a stream to `address` (host:port) that begins with `registration`. Never throws; calls back later. */
  connect(address: string, registration: Registration, events: LinkEvents): MasterLink;
  /** Frees connections kept between streams. */
  close(): void;
}
