import { MalformedError } from '../base/index.js';
import { messageCodec, type MessageCodec } from './codec.js';
import { AGENT_MESSAGE_LIMIT_BYTES } from './limits.js';
import type { AgentInfo, FrameworkInfo, Offer } from './mesos/cluster.js';
import type { Call, Event } from './mesos/scheduler.js';
import type { TaskInfo, TaskStatus } from './mesos/tasks.js';
import { foreign, type Codec, type WireObject } from './struct.js';

function mesosMessage<T extends object>(name: string, codec: Codec<T> = foreign<T>()): MessageCodec<T> {
  return messageCodec('mesos', `mesos.v1.${name}`, codec, AGENT_MESSAGE_LIMIT_BYTES);
}

/** Types of calls and events that stand for themselves, or whose field older clients leave out. */
const WITHOUT_BODY = new Set(['UNKNOWN', 'TEARDOWN', 'HEARTBEAT', 'REVIVE', 'SUPPRESS']);

/** A Mesos union: `type` names the field that must be set. Types of a newer release become UNKNOWN. */
function typed<T extends { readonly type: string }>(what: string): Codec<T> {
  return {
    fromWire(raw) {
      const { type } = raw as { type?: unknown };
      if (typeof type !== 'string') return { ...raw, type: 'UNKNOWN' } as unknown as T;
      if (!WITHOUT_BODY.has(type) && typeof raw[type.toLowerCase()] !== 'object') {
        throw new MalformedError(`${what} of type ${type} without ${type.toLowerCase()}`);
      }
      return raw as unknown as T;
    },
    toWire: (value) => value,
  };
}

/** Inside our own messages. */
export const call: Codec<Call> = typed<Call>('call');
export const event: Codec<Event> = typed<Event>('event');

/**
 * The state name of a status must be one we know: a number is a state of a newer release, and taking it for
 * another one would end a task.
 */
export const taskStatus: Codec<TaskStatus> = {
  fromWire(raw) {
    const status = raw as unknown as TaskStatus;
    if (typeof status.state !== 'string') {
      throw new MalformedError(`task state ${String(status.state)} is unknown to this release`);
    }
    return status;
  },
  toWire: (value) => value as unknown as WireObject,
};

/** Mesos messages as bytes of their own: what the log and the state keep as opaque specs. */
export interface MesosCodecs {
  readonly frameworkInfo: MessageCodec<FrameworkInfo>;
  readonly agentInfo: MessageCodec<AgentInfo>;
  readonly taskInfo: MessageCodec<TaskInfo>;
  readonly taskStatus: MessageCodec<TaskStatus>;
  readonly offer: MessageCodec<Offer>;
  readonly call: MessageCodec<Call>;
  readonly event: MessageCodec<Event>;
}

export const mesosCodecs: MesosCodecs = {
  frameworkInfo: mesosMessage('FrameworkInfo'),
  agentInfo: mesosMessage('AgentInfo'),
  taskInfo: mesosMessage('TaskInfo'),
  taskStatus: mesosMessage('TaskStatus', taskStatus),
  offer: mesosMessage('Offer'),
  call: mesosMessage('scheduler.Call', call),
  event: mesosMessage('scheduler.Event', event),
};
