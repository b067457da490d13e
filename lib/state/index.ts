export type {
  AgentCommand,
  AgentDisconnect,
  AgentOrders,
  AgentRegister,
  AgentRemove,
  AgentReregister,
  AgentStatus,
  AgentUnreachable,
  AgentView,
  AgentsView,
  Attribute,
  Connection,
  KillOrder,
} from './agents/types.js';
export type {
  ClusterCommand,
  ClusterInit,
  ClusterView,
  DoorAddresses,
  MemberForget,
  MemberInfo,
  MemberView,
  RevisionRaise,
} from './cluster/types.js';
export type {
  CoordinationAttach,
  CoordinationAuthenticate,
  CoordinationClose,
  CoordinationCollect,
  CoordinationCommand,
  CoordinationExpire,
  CoordinationOpen,
  CoordinationSession,
  CoordinationView,
  CoordinationWrite,
  MortalNode,
} from './zookeeper/types.js';
export { UPKEEP_DEFAULTS } from './membership/table.js';
export type {
  JoinTokenIssue,
  JoinTokenRedeem,
  JoinTokenView,
  MarkView,
  MemberMark,
  MemberRetire,
  MemberRetired,
  MembershipCommand,
  MembershipView,
  RetiredView,
  UpkeepPolicy,
  UpkeepSet,
} from './membership/types.js';
export type { Command, CommandKind, PlainCommand } from './command.js';
export type { Cut, LoadMeta, StateDeletion, StateRecord } from './cut.js';
export {
  decodeEntry,
  encodeEntry,
  encodeSubBatch,
  peekSubBatch,
  type DecodedEntry,
  type SubBatch,
  type SubBatchHead,
} from './entry.js';
export type { StateEvent } from './events.js';
export {
  FRAMEWORK_CAPABILITY,
  type FrameworkCommand,
  type FrameworkDisconnect,
  type FrameworkFailoverRemaining,
  type FrameworkRevive,
  type FrameworkStatus,
  type FrameworkSubscribe,
  type FrameworkSuppress,
  type FrameworkTeardown,
  type FrameworkView,
  type FrameworksView,
  type RoleShare,
} from './frameworks/types.js';
export { DEFAULT_LIMITS, type MachineLimits } from './limits.js';
export { historyOf, laneBoot } from './lanes.js';
export type {
  Applied,
  AppliedBatch,
  ApplyObserver,
  LanePosition,
  StateMachine,
  Usage,
} from './machine-types.js';
export { Machine } from './machine.js';
export type {
  AlarmClear,
  AlarmRaise,
  AlarmView,
  Checkpoint,
  CheckpointDigest,
  CheckpointView,
  CheckpointsView,
  DigestVerdict,
  MemberDigest,
  OperationCommand,
} from './operations/types.js';
export { COMMAND_LEVEL, UnknownCommandError, commandNeed, decodeCommand, encodeCommand } from './registry.js';
export {
  makeResources,
  NO_RESOURCES,
  resourceShortage,
  sumResources,
  type NamedAmount,
  type Resources,
} from './resources.js';
export type { CommandResult, ResultValue } from './results.js';
export { expectKnownRecord } from './state.js';
export type { RoleCommand, RoleWeight, RolesView } from './roles/types.js';
export type {
  InSession,
  SequenceLookup,
  SessionClose,
  SessionCommand,
  SessionExpire,
  SessionOpen,
  SessionView,
  SessionsView,
} from './sessions/types.js';
export { TABLE as TABLE_NUMBERS } from './state.js';
export {
  NO_REASON,
  TASK_REASON,
  TASK_SOURCE,
  TASK_STATE,
  type LaunchTask,
  type PendingUpdate,
  type SweepKind,
  type SweepView,
  type TaskAcknowledge,
  type TaskCommand,
  type TaskExit,
  type TaskKill,
  type TaskLaunch,
  type TaskMasterUpdate,
  type TaskSource,
  type TaskState,
  type TaskSweep,
  type TaskUpdate,
  type TaskView,
  type TasksView,
} from './tasks/types.js';
export { isTerminal } from './tasks/states.js';
export { validateLaunch, type LaunchFacts } from './tasks/validate-launch.js';
export { pathFault } from './tree/paths.js';
export { OPEN_ACL, PERMISSION } from './tree/acl.js';
export type { OpOutcome } from './tree/op-turn.js';
export { allows } from './tree/schemes.js';
export { SYSTEM } from './tree/system.js';
export { serverLines, serverNumber, serversIn, type Server } from './zookeeper/servers.js';
export type {
  AclEntry,
  CreateMode,
  Identity,
  OpValue,
  TreeOp,
  NodeStat,
  NodeView,
  TreeCommand,
  TreeCreate,
  TreeDelete,
  TreeSet,
  TreeView,
} from './tree/types.js';
export { decodeRecords, encodeRecords } from './restores/codec.js';
export type {
  RestoreCommand,
  RestoredView,
  RestoresView,
  SnapshotFacts,
  StagingView,
} from './restores/types.js';
export type { Refusal } from './turn.js';
export { proposalFault } from './versions.js';
