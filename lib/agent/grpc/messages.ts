import type { ErrorCode, TepuiError } from '../../base/index.js';
import type * as wire from '../../wire/index.js';
import type { AgentMessage, MasterMessage } from '../link.js';
import type { AgentDescription, Exit, Registration, StatusUpdate } from '../types.js';
import { clampGrace, taskOf } from './task-of.js';

/** The domain's messages as the protocol has them, and the other way round. */

export function registerMessage(registration: Registration): wire.AgentMessage {
  const { agentId, clusterId, description, bootId, incarnation, knownRevision, tasks } = registration;
  return {
    kind: 'register',
    agentId,
    clusterId,
    info: agentInfo(description),
    bootId,
    incarnation,
    knownRevision,
    tasks,
  };
}

function agentInfo({ hostname, resources, attributes }: AgentDescription): wire.mesos.AgentInfo {
  const scalar = (name: string, value: number): wire.mesos.Resource => ({
    name,
    type: 'SCALAR',
    scalar: { value },
  });
  return {
    hostname,
    resources: [
      scalar('cpus', resources.cpus),
      scalar('mem', resources.memMb),
      scalar('disk', resources.diskMb),
    ].filter((resource) => resource.scalar?.value !== 0),
    attributes: Object.entries(attributes).map(([name, value]) => ({ name, type: 'TEXT', text: { value } })),
  };
}

export function agentMessage(message: AgentMessage): wire.AgentMessage {
  return message.kind === 'update' ? updateMessage(message.update) : message;
}

function updateMessage(update: StatusUpdate): wire.AgentMessage {
  const { frameworkId, taskId, sequence, exit } = update;
  return {
    kind: 'update',
    frameworkId,
    taskId,
    sequence,
    status: {
      task_id: { value: taskId },
      state: `TASK_${update.state}`,
      message: update.message,
      source: `SOURCE_${update.source}`,
      uuid: Buffer.from(update.uuid, 'hex'),
      timestamp: update.timestampMs / 1000,
      ...(update.reason === undefined ? {} : { reason: `REASON_${update.reason}` as const }),
    },
    exit: exit === undefined ? null : wireExit(exit),
  };
}

function wireExit(exit: Exit): wire.TaskExit {
  const { atMs } = exit;
  if ('signal' in exit) return { how: { kind: 'signal', value: exit.signal }, atMs };
  return { how: { kind: 'code', value: exit.exitCode }, atMs };
}

export function masterMessage(message: wire.MasterMessage): MasterMessage {
  switch (message.kind) {
    case 'registered':
    case 'heartbeat':
      return message;
    case 'launch':
      return { kind: 'launch', task: taskOf(message.frameworkId, message.task), revision: message.revision };
    case 'kill': {
      const { frameworkId, taskId, graceMs, revision } = message;
      const grace = graceMs === null ? {} : { graceMs: clampGrace(graceMs) };
      return { kind: 'kill', frameworkId, taskId, ...grace, revision };
    }
    case 'updateCommitted':
      return { ...message, kind: 'update-committed' };
    case 'refused':
      return { kind: 'refused', code: message.code, message: message.message };
  }
}

/** What a master may say by the way it ends a stream, instead of in a message; all else is a lost connection. */
const VERDICTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'AGENT_REMOVED',
  'FOREIGN_CLUSTER',
  'UNKNOWN_AGENT',
]);

export function refusalOfClosing(error: TepuiError | null): MasterMessage | undefined {
  if (error === null || !VERDICTS.has(error.code)) return undefined;
  return { kind: 'refused', code: error.code, message: error.message };
}
