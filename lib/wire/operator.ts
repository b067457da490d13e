import type { AgentId, ClusterId, FrameworkId, MemberId, TaskId } from '../base/index.js';
import { messageCodec, type MessageCodec } from './codec.js';
import { readConsistency, type ReadConsistency } from './common.js';
import { CLIENT_MESSAGE_LIMIT_BYTES, CLIENT_REPLY_LIMIT_BYTES } from './limits.js';
import { lazyService, type ServerStreaming, type Service, type Unary } from './methods.js';
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
  nestedOrNull,
  repeated,
  struct,
  text,
  textOrNull,
  texts,
  uint64,
  union,
  type Codec,
} from './struct.js';

export type MemberRole = 'leader' | 'follower' | 'candidate' | 'learner' | 'recovering' | 'unreachable';

export interface MemberStatus {
  readonly id: MemberId;
  readonly pid: number;
  /** Addresses `host:port`; null: no such door. */
  readonly http: string | null;
  readonly grpc: string | null;
  readonly peer: string | null;
  readonly zk: string | null;
  readonly role: MemberRole;
  readonly voter: boolean;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly healthy: boolean;
  readonly release: string;
  readonly boot: number;
  /** Of the member that answers; null for the others. */
  readonly interruptions: Interruptions | null;
}

/** What a member's process did to itself since its start: counters, and one length in ms. */
export interface Interruptions {
  readonly loopGaps: number;
  readonly longestLoopGapMs: number;
  readonly doubts: number;
  readonly diskHandOvers: number;
  readonly quorumLosses: number;
}

export interface MemberValue {
  readonly member: MemberId;
  /** Digest of the member's copy of the state: 16 hexadecimal digits. */
  readonly digest: string;
}

export interface Alarm {
  /** diverged: the members' copies differ and no value has a majority; writes are refused. */
  readonly kind: string;
  /** The log index at which the copies were compared. */
  readonly index: number;
  readonly values: readonly MemberValue[];
}

export interface StatusReply {
  readonly clusterId: ClusterId | null;
  readonly self: MemberStatus | null;
  readonly members: readonly MemberStatus[];
  readonly leader: MemberId | null;
  readonly term: number;
  readonly revision: number;
  /** Why the group is not serving, in numbers; empty when it is. */
  readonly trouble: string;
  /** What stands in the group's record until it is cleared. */
  readonly alarms: readonly Alarm[];
  /** What an operator of the answering member should look at. */
  readonly warnings: readonly string[];
  /** The last time that the running cluster was taken back to a snapshot; null: never. */
  readonly restored: Restored | null;
}

/** What a snapshot file says of itself. */
export interface WireSnapshotFacts {
  /** SHA-256 of the file, 64 hexadecimal digits. */
  readonly file: string;
  readonly clusterId: ClusterId;
  readonly createdAtMs: number;
  readonly index: number;
  readonly revision: number;
  /** Of the state: 16 hexadecimal digits. */
  readonly digest: string;
  readonly records: number;
}

export interface Restored {
  readonly restore: string;
  readonly snapshot: WireSnapshotFacts;
  readonly restoredAtMs: number;
  readonly formerRevision: number;
  readonly history: number;
}

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

export interface TransferLeadershipRequest {
  /** Null: the most up-to-date voter. */
  readonly to: MemberId | null;
}

export interface TransferLeadershipReply {
  readonly leader: MemberId | null;
  readonly term: number;
}

/** What the group does about its members by itself; see the schema. */
export interface WireUpkeepPolicy {
  readonly promoteAfterMs: number;
  readonly removeDeadAfterMs: number;
  readonly unstableLosses: number;
  readonly unstableWindowMs: number;
}

export type ChangeMembersRequest =
  | { readonly kind: 'add'; readonly id: MemberId | null; readonly replaces: MemberId | null }
  | { readonly kind: 'remove'; readonly value: MemberId }
  | { readonly kind: 'promote'; readonly value: MemberId }
  | { readonly kind: 'demote'; readonly value: MemberId }
  | { readonly kind: 'replace'; readonly member: MemberId; readonly by: MemberId }
  | ({ readonly kind: 'setUpkeep' } & WireUpkeepPolicy)
  | { readonly kind: 'show'; readonly value: boolean };

export interface ChangeMembersReply {
  readonly index: number;
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  readonly upkeep: WireUpkeepPolicy;
  /** Null unless a token was asked for. */
  readonly token: string | null;
  readonly tokenExpiresMs: number;
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

export interface SnapshotRecord {
  readonly table: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export type RestoreStep =
  | { readonly kind: 'begin'; readonly snapshot: WireSnapshotFacts; readonly anyCluster: boolean }
  | { readonly kind: 'chunk'; readonly number: number; readonly records: readonly SnapshotRecord[] }
  | { readonly kind: 'settle'; readonly value: boolean }
  | { readonly kind: 'commit'; readonly value: boolean }
  | { readonly kind: 'abandon'; readonly value: boolean };

export interface RestoreRequest {
  readonly restore: string;
  readonly step: RestoreStep;
}

export interface RestoreReply {
  readonly index: number;
  readonly changed: boolean;
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

const interruptions: Codec<Interruptions> = struct<Interruptions>({
  loopGaps: uint64,
  longestLoopGapMs: uint64,
  doubts: uint64,
  diskHandOvers: uint64,
  quorumLosses: uint64,
});

const member: Codec<MemberStatus> = struct<MemberStatus>({
  id: branded(),
  pid: int32,
  http: textOrNull,
  grpc: textOrNull,
  peer: textOrNull,
  zk: textOrNull,
  role: branded(),
  voter: bool,
  lastIndex: uint64,
  commitIndex: uint64,
  appliedIndex: uint64,
  healthy: bool,
  release: text,
  boot: uint64,
  interruptions: nestedOrNull(interruptions),
});

const alarm: Codec<Alarm> = struct<Alarm>({
  kind: text,
  index: uint64,
  values: repeated(struct<MemberValue>({ member: branded(), digest: text })),
});

const snapshotFacts: Codec<WireSnapshotFacts> = struct<WireSnapshotFacts>({
  file: text,
  clusterId: branded(),
  createdAtMs: uint64,
  index: uint64,
  revision: uint64,
  digest: text,
  records: uint64,
});

const restored: Codec<Restored> = struct<Restored>({
  restore: text,
  snapshot: nested(snapshotFacts),
  restoredAtMs: uint64,
  formerRevision: uint64,
  history: uint64,
});

const statusReply: Codec<StatusReply> = struct<StatusReply>({
  clusterId: brandedOrNull(),
  self: nestedOrNull(member),
  members: repeated(member),
  leader: brandedOrNull(),
  term: uint64,
  revision: uint64,
  trouble: text,
  alarms: repeated(alarm),
  warnings: texts<string>(),
  restored: nestedOrNull(restored),
});

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

const upkeepPolicy: Codec<WireUpkeepPolicy> = struct<WireUpkeepPolicy>({
  promoteAfterMs: uint64,
  removeDeadAfterMs: uint64,
  unstableLosses: int32,
  unstableWindowMs: uint64,
});

const changeMembersRequest: Codec<ChangeMembersRequest> = union<ChangeMembersRequest>('change', {
  add: nested(
    struct<{ id: MemberId | null; replaces: MemberId | null }>({
      id: brandedOrNull(),
      replaces: brandedOrNull(),
    }),
  ),
  remove: bare(branded<MemberId>()),
  promote: bare(branded<MemberId>()),
  demote: bare(branded<MemberId>()),
  replace: nested(struct<{ member: MemberId; by: MemberId }>({ member: branded(), by: branded() })),
  setUpkeep: nested(upkeepPolicy),
  show: bare(bool),
});

const changeMembersReply: Codec<ChangeMembersReply> = struct<ChangeMembersReply>({
  index: uint64,
  voters: texts<MemberId>(),
  learners: texts<MemberId>(),
  upkeep: nested(upkeepPolicy),
  token: textOrNull,
  tokenExpiresMs: uint64,
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

const restoreRequest: Codec<RestoreRequest> = struct<RestoreRequest>({
  restore: text,
  step: embedded<RestoreStep>({
    begin: nested(
      struct<Omit<Extract<RestoreStep, { kind: 'begin' }>, 'kind'>>({
        snapshot: nested(snapshotFacts),
        anyCluster: bool,
      }),
    ),
    chunk: nested(
      struct<Omit<Extract<RestoreStep, { kind: 'chunk' }>, 'kind'>>({
        number: uint64,
        records: repeated(struct<SnapshotRecord>({ table: int32, key: bytes, value: bytes })),
      }),
    ),
    settle: bare(bool),
    commit: bare(bool),
    abandon: bare(bool),
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
