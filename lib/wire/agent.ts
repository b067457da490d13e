import type { AgentId, ClusterId, FrameworkId, TaskId } from '../base/index.js';
import { messageCodec } from './codec.js';
import { refusal, type Refusal } from './common.js';
import { AGENT_MESSAGE_LIMIT_BYTES } from './limits.js';
import { taskStatus } from './mesos-codecs.js';
import type { AgentInfo } from './mesos/cluster.js';
import type { TaskInfo, TaskStatus } from './mesos/tasks.js';
import { lazyService, type Bidi, type Service } from './methods.js';
import {
  bare,
  bool,
  branded,
  brandedOrNull,
  embedded,
  foreign,
  int32,
  nested,
  nestedOrNull,
  repeated,
  struct,
  text,
  uint64,
  uint64OrNull,
  union,
  type Codec,
} from './struct.js';

export interface TaskReport {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  /** Sequence of the last status update made for the task; 0: accepted, no update yet. */
  readonly lastSequence: number;
  readonly terminal: boolean;
}

export interface RegisterAgent {
  /** Null at the very first registration. */
  readonly agentId: AgentId | null;
  /** `info.id` is ignored. */
  readonly info: AgentInfo;
  readonly bootId: string;
  readonly knownRevision: number;
  readonly tasks: readonly TaskReport[];
  readonly incarnation: string;
  /** Null at the very first registration. */
  readonly clusterId: ClusterId | null;
}

/** How a task's process ended. */
export interface TaskExit {
  readonly how:
    { readonly kind: 'code'; readonly value: number } | { readonly kind: 'signal'; readonly value: string };
  readonly atMs: number;
}

export interface StatusUpdate {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  /** 1, 2, 3, … per task, without a gap. */
  readonly sequence: number;
  readonly status: TaskStatus;
  readonly exit: TaskExit | null;
}

export type AgentMessage =
  | ({ readonly kind: 'register' } & RegisterAgent)
  | ({ readonly kind: 'update' } & StatusUpdate)
  | { readonly kind: 'heartbeat'; readonly sentAtMs: number };

export interface TaskRef {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
}

export interface AgentRegistered {
  readonly agentId: AgentId;
  readonly clusterId: ClusterId;
  readonly revision: number;
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
  readonly unknownTasks: readonly TaskRef[];
}

/** `graceMs` of a kill is null when the task's own kill policy holds. */
export type MasterMessage =
  | ({ readonly kind: 'registered' } & AgentRegistered)
  | {
      readonly kind: 'launch';
      readonly frameworkId: FrameworkId;
      readonly task: TaskInfo;
      readonly revision: number;
    }
  | ({ readonly kind: 'kill'; readonly graceMs: number | null; readonly revision: number } & TaskRef)
  | ({ readonly kind: 'updateCommitted'; readonly sequence: number; readonly revision: number } & TaskRef)
  | ({ readonly kind: 'refused' } & Refusal)
  | { readonly kind: 'heartbeat'; readonly revision: number };

export interface AgentMethods {
  readonly connect: Bidi<AgentMessage, MasterMessage>;
}

const statusUpdate: Codec<StatusUpdate> = struct<StatusUpdate>({
  frameworkId: branded(),
  taskId: branded(),
  sequence: uint64,
  status: nested(taskStatus),
  exit: nestedOrNull(
    struct<TaskExit>({
      how: embedded<TaskExit['how']>({ code: bare(int32), signal: bare(text) }),
      atMs: uint64,
    }),
  ),
});

const register: Codec<RegisterAgent> = struct<RegisterAgent>({
  agentId: brandedOrNull(),
  info: nested(foreign<AgentInfo>()),
  bootId: text,
  knownRevision: uint64,
  tasks: repeated(
    struct<TaskReport>({ frameworkId: branded(), taskId: branded(), lastSequence: uint64, terminal: bool }),
  ),
  incarnation: text,
  clusterId: brandedOrNull(),
});

const agentMessage: Codec<AgentMessage> = union<AgentMessage>('message', {
  register: nested(register),
  update: nested(statusUpdate),
  heartbeat: nested(struct({ sentAtMs: uint64 })),
});

const masterMessage: Codec<MasterMessage> = union<MasterMessage>('message', {
  registered: nested(
    struct<AgentRegistered>({
      agentId: branded(),
      clusterId: branded(),
      revision: uint64,
      heartbeatMs: uint64,
      timeoutMs: uint64,
      unknownTasks: repeated(struct<TaskRef>({ frameworkId: branded(), taskId: branded() })),
    }),
  ),
  launch: nested(
    struct({ frameworkId: branded<FrameworkId>(), task: nested(foreign<TaskInfo>()), revision: uint64 }),
  ),
  kill: nested(
    struct({
      frameworkId: branded<FrameworkId>(),
      taskId: branded<TaskId>(),
      graceMs: uint64OrNull,
      revision: uint64,
    }),
  ),
  updateCommitted: nested(
    struct({
      frameworkId: branded<FrameworkId>(),
      taskId: branded<TaskId>(),
      sequence: uint64,
      revision: uint64,
    }),
  ),
  refused: nested(refusal),
  heartbeat: nested(struct({ revision: uint64 })),
});

export const agentService: () => Service<AgentMethods> = lazyService<AgentMethods>(
  'agent',
  'tepui.v1.Agent',
  {
    connect: {
      shape: 'bidi',
      request: messageCodec('agent', 'tepui.v1.AgentMessage', agentMessage, AGENT_MESSAGE_LIMIT_BYTES),
      response: messageCodec('agent', 'tepui.v1.MasterMessage', masterMessage, AGENT_MESSAGE_LIMIT_BYTES),
    },
  },
);
