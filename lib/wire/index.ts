export { parseAddress } from './address.js';
export {
  agentService,
  type AgentMessage,
  type AgentMethods,
  type AgentRegistered,
  type MasterMessage,
  type RegisterAgent,
  type StatusUpdate,
  type TaskExit,
  type TaskRef,
  type TaskReport,
} from './agent.js';
export { GrpcChannel, type CallOptions, type GrpcChannelOptions } from './channel.js';
export { type ClientStream, type ClientStreamListener } from './client-stream.js';
export type { MessageCodec } from './codec.js';
export { errorOf, refusalOf, type ReadConsistency, type Refusal } from './common.js';
export {
  coordinationService,
  type CloseSessionReply,
  type CloseSessionRequest,
  type CoordinationMethods,
  type OpenSessionReply,
  type OpenSessionRequest,
  type ReadReply,
  type ReadRequest,
  type Stat,
  type TreeOperation,
  type WriteReply,
  type WriteRequest,
} from './coordination.js';
export { FrameBatch, decodeFrames, type NumberedFrame } from './frames.js';
export {
  CLIENT_MESSAGE_LIMIT_BYTES,
  FRAME_BATCH_BYTES,
  FRAME_LIMIT_BYTES,
  PEER_MESSAGE_LIMIT_BYTES,
  PEER_WINDOW_BYTES,
} from './limits.js';
export { mesosCodecs, type MesosCodecs } from './mesos-codecs.js';
export { millisecondsOf, nanosecondsOf } from './mesos-time.js';
export type * as mesos from './mesos/index.js';
export type { Bidi, Method, ServerStreaming, Service, Shape, Unary } from './methods.js';
export {
  operatorService,
  type AgentSummary,
  type ChangeReply,
  type EventsRequest,
  type FrameworkSummary,
  type KillTaskRequest,
  type ListReply,
  type ListRequest,
  type ListTasksRequest,
  type NamedAmount,
  type OperatorEvent,
  type OperatorMethods,
  type SaveSnapshotRequest,
  type SnapshotData,
  type TaskSummary,
  type TeardownFrameworkRequest,
} from './operator.js';
export type { MemberRole, Alarm, Interruptions, MemberStatus, StatusReply } from './operator-status.js';
export type {
  Restored,
  RestoreReply,
  RestoreRequest,
  RestoreStep,
  SnapshotRecord,
  WireSnapshotFacts,
} from './operator-restores.js';
export type {
  ChangeMembersReply,
  ChangeMembersRequest,
  TransferLeadershipReply,
  TransferLeadershipRequest,
} from './operator-members.js';
export {
  PEER_PROTOCOL,
  peerService,
  type Hello,
  type Inbound,
  type Outbound,
  type PeerFormReply,
  type PeerFormRequest,
  type PeerJoinReply,
  type PeerJoinRequest,
  type PeerMethods,
  type SnapshotPart,
  type SnapshotProgress,
} from './peer.js';
export { clientSchemas } from './protos.js';
export { decodeMessages, encodeMessages } from './raft-codec.js';
export {
  schedulerService,
  type SchedulerMethods,
  type SchedulerReply,
  type SchedulerRequest,
} from './scheduler.js';
export { type Caller, type ServerStream, type ServerStreamListener } from './server-stream.js';
export { EncodedMessage, GrpcServer, type GrpcServerOptions, type Handlers } from './server.js';
export { asTepuiError, errorFromStatus, statusOf } from './status.js';
export {
  channelCredentials,
  loadTls,
  renewCredentials,
  serverCredentials,
  type ChannelSecurity,
  type ClientCertificates,
  type TlsFiles,
  type TlsMaterial,
} from './tls.js';
