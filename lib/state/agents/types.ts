import type { AgentId, FrameworkId, NodeId, TaskId } from '../../base/index.js';
import type { Resources } from '../resources.js';
import type { SweepKind, TaskView } from '../tasks/types.js';

/** The stream through which an agent (or framework) is attached: the member that holds it, and its number there. */
export interface Connection {
  readonly member: NodeId;
  /** Raised by that member for every stream it accepts. */
  readonly stream: number;
}

export interface Attribute {
  readonly name: string;
  readonly value: string;
}

interface AgentFacts {
  readonly agentId: AgentId;
  readonly hostname: string;
  /** Changes when the agent's machine reboots. */
  readonly bootId: string;
  readonly resources: Resources;
  /** Sorted by name. */
  readonly attributes: readonly Attribute[];
  /** Opaque: handed out, never decoded here. */
  readonly spec: Uint8Array;
  readonly connection: Connection;
}

/** Admits an agent under an id drawn by the proposer. Repeating it with the same id is a re-registration. */
export interface AgentRegister extends AgentFacts {
  readonly kind: 'agent-register';
}

/** Attaches a known agent again; one that was unreachable gets its tasks back (a sweep of kind `agent-returned`). */
export interface AgentReregister extends AgentFacts {
  readonly kind: 'agent-reregister';
}

/** The stream of `attachment` ended. Without effect if the agent has attached anew since. */
export interface AgentDisconnect {
  readonly kind: 'agent-disconnect';
  readonly agentId: AgentId;
  readonly attachment: number;
}

/** The leader heard nothing for too long. Without effect if the agent has attached anew since. */
export interface AgentUnreachable {
  readonly kind: 'agent-unreachable';
  readonly agentId: AgentId;
  readonly attachment: number;
}

/** The agent will never return: its tasks end (a sweep), its id is refused from then on. */
export interface AgentRemove {
  readonly kind: 'agent-remove';
  readonly agentId: AgentId;
  /** `gone`: an operator says so (tasks end GONE_BY_OPERATOR); `left`: it shut down in order (tasks end GONE). */
  readonly cause: 'gone' | 'left';
}

export type AgentCommand = AgentRegister | AgentReregister | AgentDisconnect | AgentUnreachable | AgentRemove;

export type AgentStatus =
  | { readonly kind: 'connected'; readonly connection: Connection }
  | { readonly kind: 'disconnected'; readonly sinceMs: number }
  | { readonly kind: 'unreachable'; readonly sinceMs: number }
  | { readonly kind: 'removed'; readonly sinceMs: number; readonly cause: 'gone' | 'left' };

export interface AgentView {
  readonly agentId: AgentId;
  readonly hostname: string;
  readonly bootId: string;
  readonly resources: Resources;
  readonly attributes: readonly Attribute[];
  readonly spec: Uint8Array;
  readonly status: AgentStatus;
  /** Raised by each (re-)registration; later commands about the connection name it. */
  readonly attachment: number;
  readonly registeredMs: number;
  readonly reregisteredMs: number;
  /** The change of its tasks that is still being made in slices. */
  readonly sweep: SweepKind | null;
  /** Revision of the last change of this record. */
  readonly revision: number;
}

export interface KillOrder {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly graceMs: number;
  /** Revision of the kill command. */
  readonly revision: number;
}

/** What an agent still has to be told. */
export interface AgentOrders {
  /** Launched, and no update of them has come from the agent yet; in launch order. */
  readonly launches: TaskView[];
  /** Kills of tasks that are not terminal; in launch order of the tasks. */
  readonly kills: KillOrder[];
}

export interface AgentsView {
  readonly size: number;
  get(agentId: AgentId): AgentView | null;
  /** In order of ids, removed ones included. */
  list(): AgentView[];
  /** Sum of what its tasks hold: active and unreachable ones. */
  allocated(agentId: AgentId): Resources;
  /** Orders later than `knownRevision` (0: all). */
  commandsFor(agentId: AgentId, knownRevision?: number): AgentOrders;
}
