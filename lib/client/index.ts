/** The SDK: what `import … from 'tepui'` offers. */
export { CATALOGUE, TepuiError, isErrorCode, type Certainty, type ErrorCode } from '../base/index.js';
export type {
  AgentSummary,
  Alarm,
  Restored,
  RestoreReply,
  RestoreStep,
  WireSnapshotFacts,
  FrameworkSummary,
  ListReply,
  MemberRole,
  Interruptions,
  MemberStatus,
  NamedAmount,
  OperatorEvent,
  ReadConsistency,
  Stat,
  TaskSummary,
  ChangeMembersReply,
  ChangeMembersRequest,
  TransferLeadershipReply,
} from '../wire/index.js';
export type { ClusterStatus } from './cluster-status.js';
export type { ConnectionOptions, TlsOptions } from './connection.js';
export { Tree, type ReadOptions, type TreeOptions, type Written } from './coordination.js';
export type { EventHandlers } from './events.js';
export { Framework, type Accepted, type KillOptions } from './framework.js';
export type { FrameworkHandlers, FrameworkOptions, SubscribedEvent } from './framework-options.js';
export type {
  Attribute,
  CommandInfo,
  EventFailure,
  EventMessage,
  Filters,
  Labels,
  Offer,
  Resource,
  TaskInfo,
  TaskState,
  TaskStatus,
} from './mesos.js';
export { Operator, type ListOptions, type ListTasksOptions, type OperatorOptions } from './operator.js';
export type { Found } from './reads.js';
export type { SnapshotSink } from './snapshot.js';
export { amount, hasEnded, scalar, taskInfo, timesFitting, type Demand, type TaskSpec } from './tasks.js';
