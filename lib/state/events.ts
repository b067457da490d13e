import type { AgentId, FrameworkId, NodeId, SessionId, TaskId } from '../base/index.js';
import type { Connection } from './agents/types.js';
import type { SweepKind, TaskState } from './tasks/types.js';
import type { AclEntry } from './tree/types.js';

/**
 * What apply tells the loops and doors of every member. Events of one command share its revision and keep
 * their order; they carry ids, and readers look the rest up.
 */
export type StateEvent =
  | {
      readonly kind: 'tree-changed';
      readonly revision: number;
      readonly change: 'created' | 'set' | 'deleted';
      readonly path: string;
      /** Of the node: who may read it may hear of it. */
      readonly acl: readonly AclEntry[];
      /** Of its parent, as it was then: a later change of the same command may end it. Null where its children are the same. */
      readonly parentAcl: readonly AclEntry[] | null;
    }
  | { readonly kind: 'coordination-opened'; readonly revision: number; readonly session: SessionId }
  /** Its client is at `member` now: connections under an earlier attachment are stale. */
  | {
      readonly kind: 'coordination-attached';
      readonly revision: number;
      readonly session: SessionId;
      readonly attachment: number;
      readonly member: NodeId;
    }
  | {
      readonly kind: 'coordination-ended';
      readonly revision: number;
      readonly session: SessionId;
      readonly member: NodeId;
      readonly cause: 'closed' | 'expired';
    }
  | { readonly kind: 'session-opened'; readonly revision: number; readonly session: SessionId }
  | {
      readonly kind: 'session-ended';
      readonly revision: number;
      readonly session: SessionId;
      readonly cause: 'closed' | 'expired' | 'overrun';
    }
  /** Attached (again): `returned` when it had been unreachable. Its former stream, if any, is stale. */
  | {
      readonly kind: 'agent-registered';
      readonly revision: number;
      readonly agentId: AgentId;
      readonly connection: Connection;
      readonly attachment: number;
      readonly previous: Connection | null;
      readonly again: boolean;
      readonly returned: boolean;
    }
  | { readonly kind: 'agent-disconnected'; readonly revision: number; readonly agentId: AgentId }
  | { readonly kind: 'agent-unreachable'; readonly revision: number; readonly agentId: AgentId }
  | { readonly kind: 'agent-removed'; readonly revision: number; readonly agentId: AgentId }
  /** `previous` is the stream that lost (tell it "Framework failed over" and close it), or null. */
  | {
      readonly kind: 'framework-subscribed';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
      readonly connection: Connection;
      readonly subscription: number;
      readonly previous: Connection | null;
      readonly again: boolean;
    }
  | { readonly kind: 'framework-disconnected'; readonly revision: number; readonly frameworkId: FrameworkId }
  /** Teardown has begun: its stream ends, offers are withdrawn, tasks are killed in slices. */
  | {
      readonly kind: 'framework-tearing-down';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
      readonly previous: Connection | null;
      readonly cause: 'asked' | 'failover-timeout';
    }
  | { readonly kind: 'framework-completed'; readonly revision: number; readonly frameworkId: FrameworkId }
  /** Made by every SUPPRESS and REVIVE, even if the roles were so before: a REVIVE also ends the filters. */
  | {
      readonly kind: 'framework-roles-changed';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
      readonly change: 'suppressed' | 'revived';
      readonly roles: readonly string[];
    }
  | { readonly kind: 'role-weight-changed'; readonly revision: number; readonly role: string }
  | {
      readonly kind: 'task-launched';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly agentId: AgentId;
    }
  | {
      readonly kind: 'kill-requested';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly agentId: AgentId;
      readonly graceMs: number;
    }
  /** The task's state, and an update queued for its framework (null when the framework is gone). */
  | {
      readonly kind: 'task-updated';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly agentId: AgentId;
      readonly state: TaskState;
      readonly uuid: Uint8Array | null;
    }
  | {
      readonly kind: 'update-acknowledged';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly uuid: Uint8Array;
      /** The next update in the queue, which may be sent now. */
      readonly next: Uint8Array | null;
    }
  | {
      readonly kind: 'task-completed';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
    }
  /** A terminal task gave its resources back to its agent. */
  | {
      readonly kind: 'resources-freed';
      readonly revision: number;
      readonly agentId: AgentId;
      readonly frameworkId: FrameworkId;
      readonly role: string;
    }
  /** Offers that cover this agent must be withdrawn: it changed, left or lost its connection. */
  | { readonly kind: 'agent-offers-invalid'; readonly revision: number; readonly agentId: AgentId }
  /** Offers to this framework must be withdrawn. */
  | {
      readonly kind: 'framework-offers-invalid';
      readonly revision: number;
      readonly frameworkId: FrameworkId;
    }
  | {
      readonly kind: 'sweep-began';
      readonly revision: number;
      readonly sweep: SweepKind;
      readonly id: AgentId | FrameworkId;
    }
  /** Take a cut at exactly this index and report its digest. */
  | { readonly kind: 'checkpoint'; readonly revision: number; readonly index: number }
  | {
      readonly kind: 'checkpoint-digest';
      readonly revision: number;
      readonly index: number;
      readonly node: NodeId;
      readonly digest: string;
    }
  /** Writes are refused from here on (again, when a later checkpoint is split as well). */
  | { readonly kind: 'alarm-raised'; readonly revision: number; readonly index: number }
  | { readonly kind: 'alarm-cleared'; readonly revision: number; readonly index: number }
  /**
   * Another state took the place of the one in force, whatever was known of it is void. The only event of its entry: those
   * before it were about the former state.
   */
  | { readonly kind: 'restored'; readonly revision: number; readonly history: number }
  | { readonly kind: 'cluster-formed'; readonly revision: number }
  | { readonly kind: 'member-changed'; readonly revision: number; readonly node: NodeId };
