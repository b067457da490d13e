export type { CatchUpState } from './catch-up.js';
export { ClusterChecker, type Cause } from './check/cluster-checker.js';
export type { DurableView } from './check/witness.js';
export { RAFT_DEFAULTS, type RaftConfig } from './config.js';
export { decodeConfiguration, encodeConfiguration } from './configuration-codec.js';
export { checkNode } from './invariants.js';
export {
  checkConfiguration,
  isJoint,
  isMember,
  isVoter,
  leaveJoint,
  membersOf,
  sameNodes,
  sameConfiguration,
  simpleConfiguration,
  votersOf,
} from './membership.js';
export { majority } from './quorum.js';
export { RaftNode, type RaftOptions } from './node.js';
export {
  MESSAGE_TYPES,
  type Append,
  type AppendReply,
  type Configuration,
  type Entry,
  type EntryKind,
  type HardState,
  type Heartbeat,
  type HeartbeatReply,
  type InstallSnapshot,
  type Leadership,
  type LogIndex,
  type LogReader,
  type Message,
  type NewsHeld,
  type NewsHold,
  type PeerProgress,
  type Persist,
  type ProposeResult,
  type RaftCounters,
  type RaftStatus,
  type ReadReply,
  type ReadRequest,
  type ReadState,
  type Ready,
  type Role,
  type SnapshotMeta,
  type Term,
  type TimeoutNow,
  type VoteReply,
  type VoteRequest,
} from './types.js';
export type { NodeView } from './view.js';
