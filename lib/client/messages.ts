import type {
  AgentMessage,
  AgentSummary,
  ChangeMembersReply,
  ChangeMembersRequest,
  ChangeReply,
  CloseSessionReply,
  CloseSessionRequest,
  EventsRequest,
  FrameworkSummary,
  KillTaskRequest,
  ListReply,
  ListRequest,
  ListTasksRequest,
  MasterMessage,
  OpenSessionReply,
  OpenSessionRequest,
  OperatorEvent,
  ReadReply,
  ReadRequest,
  RestoreReply,
  RestoreRequest,
  SaveSnapshotRequest,
  SchedulerReply,
  SchedulerRequest,
  SnapshotData,
  StatusReply,
  TaskSummary,
  TeardownFrameworkRequest,
  TransferLeadershipReply,
  TransferLeadershipRequest,
  WriteReply,
  WriteRequest,
} from '../wire/index.js';

interface Exchange<Request, Reply> {
  readonly request: Request;
  readonly reply: Reply;
}

/** Calls with one request and one reply. */
export interface UnaryTypes {
  readonly openSession: Exchange<OpenSessionRequest, OpenSessionReply>;
  readonly closeSession: Exchange<CloseSessionRequest, CloseSessionReply>;
  readonly status: Exchange<object, StatusReply>;
  readonly listAgents: Exchange<ListRequest, ListReply<AgentSummary>>;
  readonly listFrameworks: Exchange<ListRequest, ListReply<FrameworkSummary>>;
  readonly listTasks: Exchange<ListTasksRequest, ListReply<TaskSummary>>;
  readonly killTask: Exchange<KillTaskRequest, ChangeReply>;
  readonly teardownFramework: Exchange<TeardownFrameworkRequest, ChangeReply>;
  readonly changeMembers: Exchange<ChangeMembersRequest, ChangeMembersReply>;
  readonly restore: Exchange<RestoreRequest, RestoreReply>;
  readonly transferLeadership: Exchange<TransferLeadershipRequest, TransferLeadershipReply>;
}

/** Streams. Those of `events` and `saveSnapshot` take one request, their first. */
export interface StreamTypes {
  readonly scheduler: Exchange<SchedulerRequest, SchedulerReply>;
  readonly agent: Exchange<AgentMessage, MasterMessage>;
  readonly write: Exchange<WriteRequest, WriteReply>;
  readonly read: Exchange<ReadRequest, ReadReply>;
  readonly events: Exchange<EventsRequest, OperatorEvent>;
  readonly saveSnapshot: Exchange<SaveSnapshotRequest, SnapshotData>;
}
