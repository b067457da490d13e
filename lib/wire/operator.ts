import type { AgentId, FrameworkId, TaskId } from '../base/index.js';
import { messageCodec, type MessageCodec } from './codec.js';
import { readConsistency, type ReadConsistency } from './common.js';
import { CLIENT_MESSAGE_LIMIT_BYTES, CLIENT_REPLY_LIMIT_BYTES } from './limits.js';
import { lazyService, type ServerStreaming, type Service, type Unary } from './methods.js';
import {
  changeMembersReply,
  changeMembersRequest,
  type ChangeMembersReply,
  type ChangeMembersRequest,
  type TransferLeadershipReply,
  type TransferLeadershipRequest,
} from './operator-members.js';
import { restoreRequest, type RestoreReply, type RestoreRequest } from './operator-restores.js';
import { statusReply, type StatusReply } from './operator-status.js';
import {
  bare,
  bool,
  branded,
  brandedOrNull,
  bytes,
  double,
  embedded,
  int32,
  nested,
  repeated,
  struct,
  text,
  textOrNull,
  texts,
  uint64,
  type Codec,
} from './struct.js';

export interface ListRequest {
  readonly consistency: ReadConsistency;
}

export interface ListTasksRequest {
  readonly consistency: ReadConsistency;
  /** Null: of every framework. */
  readonly frameworkId: FrameworkId | null;
  readonly agentId: AgentId | null;
  readonly completed: boolean;
}

export interface NamedAmount {
  readonly name: string;
  readonly value: number;
}

export interface AgentSummary {
  readonly id: AgentId;
  readonly name: string;
  readonly hostname: string;
  /** registered | disconnected | unreachable */
  readonly state: string;
  readonly total: readonly NamedAmount[];
  readonly used: readonly NamedAmount[];
  readonly tasks: number;
  readonly http: string | null;
  readonly master: string;
}

export interface FrameworkSummary {
  readonly id: FrameworkId;
  readonly name: string;
  /** connected | disconnected | removed */
  readonly state: string;
  readonly roles: readonly string[];
  readonly used: readonly NamedAmount[];
  readonly activeTasks: number;
  readonly failoverTimeoutMs: number;
  readonly master: string;
}

export interface TaskSummary {
  readonly id: TaskId;
  readonly name: string;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  /** A `TaskState` of Mesos. */
  readonly state: string;
  readonly reason: string;
  readonly message: string;
  readonly resources: readonly NamedAmount[];
  readonly unacknowledgedUpdates: number;
  readonly launchedIndex: number;
  readonly launchedAtMs: number;
}

export interface ListReply<T> {
  readonly index: number;
  readonly items: readonly T[];
}

export interface KillTaskRequest {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  /** 0: the task's own. */
  readonly graceMs: number;
}

export interface TeardownFrameworkRequest {
  readonly frameworkId: FrameworkId;
}

export interface ChangeReply {
  readonly index: number;
}

export interface EventsRequest {
  /** Events with a greater index follow. 0: from now on. */
  readonly afterIndex: number;
}

export interface OperatorEvent {
  readonly index: number;
  readonly event:
    | ({ readonly kind: 'agentChanged' } & AgentSummary)
    | { readonly kind: 'agentRemoved'; readonly value: string }
    | ({ readonly kind: 'frameworkChanged' } & FrameworkSummary)
    | { readonly kind: 'frameworkRemoved'; readonly value: string }
    | ({ readonly kind: 'taskChanged' } & TaskSummary)
    | { readonly kind: 'heartbeat'; readonly value: boolean };
}

export interface SaveSnapshotRequest {
  readonly consistency: ReadConsistency;
}

/** A piece of a snapshot file. */
export interface SnapshotData {
  readonly data: Uint8Array;
  /** Nothing follows. */
  readonly last: boolean;
}

export interface OperatorMethods {
  readonly status: Unary<object, StatusReply>;
  readonly listAgents: Unary<ListRequest, ListReply<AgentSummary>>;
  readonly listFrameworks: Unary<ListRequest, ListReply<FrameworkSummary>>;
  readonly listTasks: Unary<ListTasksRequest, ListReply<TaskSummary>>;
  readonly killTask: Unary<KillTaskRequest, ChangeReply>;
  readonly teardownFramework: Unary<TeardownFrameworkRequest, ChangeReply>;
  readonly transferLeadership: Unary<TransferLeadershipRequest, TransferLeadershipReply>;
  readonly changeMembers: Unary<ChangeMembersRequest, ChangeMembersReply>;
  readonly restore: Unary<RestoreRequest, RestoreReply>;
  readonly events: ServerStreaming<EventsRequest, OperatorEvent>;
  readonly saveSnapshot: ServerStreaming<SaveSnapshotRequest, SnapshotData>;
}

const amounts = repeated(struct<NamedAmount>({ name: text, value: double }));

const agentSummary: Codec<AgentSummary> = struct<AgentSummary>({
  id: branded(),
  name: text,
  hostname: text,
  state: text,
  total: amounts,
  used: amounts,
  tasks: int32,
  http: textOrNull,
  master: text,
});

const frameworkSummary: Codec<FrameworkSummary> = struct<FrameworkSummary>({
  id: branded(),
  name: text,
  state: text,
  roles: texts<string>(),
  used: amounts,
  activeTasks: int32,
  failoverTimeoutMs: uint64,
  master: text,
});

const taskSummary: Codec<TaskSummary> = struct<TaskSummary>({
  id: branded(),
  name: text,
  frameworkId: branded(),
  agentId: branded(),
  state: text,
  reason: text,
  message: text,
  resources: amounts,
  unacknowledgedUpdates: int32,
  launchedIndex: uint64,
  launchedAtMs: uint64,
});

const operatorEvent: Codec<OperatorEvent> = struct<OperatorEvent>({
  index: uint64,
  event: embedded<OperatorEvent['event']>({
    agentChanged: nested(agentSummary),
    agentRemoved: bare(text),
    frameworkChanged: nested(frameworkSummary),
    frameworkRemoved: bare(text),
    taskChanged: nested(taskSummary),
    heartbeat: bare(bool),
  }),
});

function message<T>(
  name: string,
  codec: Codec<T>,
  limitBytes: number = CLIENT_MESSAGE_LIMIT_BYTES,
): MessageCodec<T> {
  return messageCodec('operator', `tepui.v1.${name}`, codec, limitBytes);
}

function listing<T>(name: string, item: Codec<T>): MessageCodec<ListReply<T>> {
  return message(
    name,
    struct<ListReply<T>>({ index: uint64, items: repeated(item) }),
    CLIENT_REPLY_LIMIT_BYTES,
  );
}

const listRequest = message('ListRequest', struct<ListRequest>({ consistency: readConsistency }));
const changeReply = message('ChangeReply', struct<ChangeReply>({ index: uint64 }));

export const operatorService: () => Service<OperatorMethods> = lazyService<OperatorMethods>(
  'operator',
  'tepui.v1.Operator',
  {
    status: {
      shape: 'unary',
      request: message('StatusRequest', struct<object>({})),
      response: message('StatusReply', statusReply),
    },
    listAgents: {
      shape: 'unary',
      request: listRequest,
      response: listing('ListAgentsReply', agentSummary),
    },
    listFrameworks: {
      shape: 'unary',
      request: listRequest,
      response: listing('ListFrameworksReply', frameworkSummary),
    },
    listTasks: {
      shape: 'unary',
      request: message(
        'ListTasksRequest',
        struct<ListTasksRequest>({
          consistency: readConsistency,
          frameworkId: brandedOrNull(),
          agentId: brandedOrNull(),
          completed: bool,
        }),
      ),
      response: listing('ListTasksReply', taskSummary),
    },
    killTask: {
      shape: 'unary',
      request: message(
        'KillTaskRequest',
        struct<KillTaskRequest>({ frameworkId: branded(), taskId: branded(), graceMs: uint64 }),
      ),
      response: changeReply,
    },
    teardownFramework: {
      shape: 'unary',
      request: message(
        'TeardownFrameworkRequest',
        struct<TeardownFrameworkRequest>({ frameworkId: branded() }),
      ),
      response: changeReply,
    },
    transferLeadership: {
      shape: 'unary',
      request: message(
        'TransferLeadershipRequest',
        struct<TransferLeadershipRequest>({ to: brandedOrNull() }),
      ),
      response: message(
        'TransferLeadershipReply',
        struct<TransferLeadershipReply>({ leader: brandedOrNull(), term: uint64 }),
      ),
    },
    changeMembers: {
      shape: 'unary',
      request: message('ChangeMembersRequest', changeMembersRequest),
      response: message('ChangeMembersReply', changeMembersReply),
    },
    restore: {
      shape: 'unary',
      request: message('RestoreRequest', restoreRequest),
      response: message('RestoreReply', struct<RestoreReply>({ index: uint64, changed: bool })),
    },
    events: {
      shape: 'server-stream',
      request: message('EventsRequest', struct<EventsRequest>({ afterIndex: uint64 })),
      response: message('OperatorEvent', operatorEvent),
    },
    saveSnapshot: {
      shape: 'server-stream',
      request: message('SaveSnapshotRequest', struct<SaveSnapshotRequest>({ consistency: readConsistency })),
      response: message('SnapshotData', struct<SnapshotData>({ data: bytes, last: bool })),
    },
  },
);
