import type {
  AgentId,
  ClusterId,
  FrameworkId,
  MemberId,
  SessionId,
  TaskId,
} from '../../../lib/base/index.js';
import {
  type Command,
  type CommandKind,
  DEFAULT_LIMITS,
  makeResources,
  TASK_STATE,
} from '../../../lib/state/index.js';
import { agent, bytes, framework, M1, M2, SESSION, uuid } from './driver.js';

const F = 'framework-1' as FrameworkId;
const A = 'agent-1' as AgentId;
const T = 'tâche-1' as TaskId;
const GPUS = makeResources(1500, 2 ** 33, 7, [{ name: 'gpus', milli: 2000 }]);
const UPDATE = {
  frameworkId: F,
  taskId: T,
  uuid: uuid(7),
  state: TASK_STATE.FAILED,
  reason: 8,
  message: 'out of memory',
  status: bytes('status'),
};

/** One command of every kind, with every field away from its default. */
export const SAMPLES: { readonly [Kind in CommandKind]: Extract<Command, { readonly kind: Kind }> } = {
  'in-session': {
    kind: 'in-session',
    session: SESSION,
    sequence: 300,
    acknowledgedBelow: 299,
    command: { kind: 'tree-set', path: '/a/b', data: bytes('data'), expectedVersion: 5 },
  },
  'session-open': { kind: 'session-open', session: 'fedcba9876543210' as SessionId, timeoutMs: 600_000 },
  'session-close': { kind: 'session-close', session: SESSION },
  'session-expire': { kind: 'session-expire', session: SESSION, usedRevision: 2 ** 40 },
  'tree-create': { kind: 'tree-create', path: '/a', data: bytes('data') },
  'tree-set': { kind: 'tree-set', path: '/ä', data: bytes(''), expectedVersion: -1 },
  'tree-delete': { kind: 'tree-delete', path: '/a', expectedVersion: 0 },
  'agent-register': {
    ...agent(A, 9),
    resources: GPUS,
    attributes: [{ name: 'rack', value: 'r1' }],
  },
  'agent-reregister': { ...agent(A, 10), kind: 'agent-reregister' },
  'agent-disconnect': { kind: 'agent-disconnect', agentId: A, attachment: 3 },
  'agent-unreachable': { kind: 'agent-unreachable', agentId: A, attachment: 4 },
  'agent-remove': { kind: 'agent-remove', agentId: A, cause: 'left' },
  'framework-subscribe': { ...framework(F, 12), suppressed: ['batch'], capabilities: 0xffff_ffff },
  'framework-disconnect': { kind: 'framework-disconnect', frameworkId: F, subscription: 2 },
  'framework-failover-remaining': {
    kind: 'framework-failover-remaining',
    frameworkId: F,
    subscription: 2,
    remainingMs: 54_000,
  },
  'framework-teardown': {
    kind: 'framework-teardown',
    frameworkId: F,
    cause: 'failover-timeout',
    subscription: 2,
  },
  'framework-suppress': { kind: 'framework-suppress', frameworkId: F, roles: ['a', 'b'] },
  'framework-revive': { kind: 'framework-revive', frameworkId: F, roles: [] },
  'task-launch': {
    kind: 'task-launch',
    frameworkId: F,
    agentId: A,
    role: 'batch',
    term: 6,
    tasks: [{ taskId: T, name: 'one', resources: GPUS, spec: bytes('spec'), killGraceMs: 5000 }],
  },
  'task-kill': { kind: 'task-kill', frameworkId: F, taskId: T, graceMs: -1 },
  'task-update': {
    kind: 'task-update',
    ...UPDATE,
    agentId: A,
    attachment: 3,
    sequence: 4,
    source: 2,
    exit: { signal: 9 },
    timeMs: 1_700_000_000_000,
  },
  'task-master-update': { kind: 'task-master-update', ...UPDATE, state: TASK_STATE.LOST, reason: -1 },
  'task-acknowledge': { kind: 'task-acknowledge', frameworkId: F, taskId: T, uuid: uuid(7) },
  sweep: { kind: 'sweep', sweep: 'framework-teardown', id: F, limit: 500, seed: uuid(1) },
  checkpoint: { kind: 'checkpoint' },
  'checkpoint-digest': { kind: 'checkpoint-digest', node: M1, index: 77, digest: '0123456789abcdef' },
  'cluster-init': { kind: 'cluster-init', clusterId: 'cluster' as ClusterId, limits: DEFAULT_LIMITS },
  'member-info': {
    kind: 'member-info',
    node: M1,
    member: 'm1' as MemberId,
    doors: { http: 'h:1', grpc: 'h:2', peer: 'h:3', zookeeper: 'h:4' },
    release: '0.1.0',
    commandLevel: 1,
    memoryBudgetBytes: 2 ** 31,
  },
  'member-forget': { kind: 'member-forget', node: M1 },
  'revision-raise': { kind: 'revision-raise', by: 2 ** 40 },
  'alarm-raise': {
    kind: 'alarm-raise',
    index: 78,
    digests: [
      { node: M1, digest: '0123456789abcdef' },
      { node: M2, digest: 'fedcba9876543210' },
    ],
  },
  'join-token-issue': {
    kind: 'join-token-issue',
    hash: '0123456789abcdef'.repeat(4),
    ttlMs: 3_600_000,
    member: 'm4' as MemberId,
    replaces: '',
  },
  'join-token-redeem': {
    kind: 'join-token-redeem',
    hash: '0123456789abcdef'.repeat(4),
    node: M1,
    member: 'm1' as MemberId,
    doors: { http: '', grpc: 'h:2', peer: 'h:3', zookeeper: '' },
    release: '0.2.0',
    commandLevel: 3,
    memoryBudgetBytes: 2 ** 31,
  },
  'member-mark': { kind: 'member-mark', node: M1, held: true, replaces: 'm2' as MemberId },
  'member-retire': { kind: 'member-retire', node: M1 },
  'upkeep-set': {
    kind: 'upkeep-set',
    promoteAfterMs: 10_000,
    removeDeadAfterMs: 0,
    unstableLosses: 6,
    unstableWindowMs: 600_000,
  },
  'alarm-clear': { kind: 'alarm-clear', index: 79 },
  'role-weight': { kind: 'role-weight', role: 'batch', weightMilli: 2500 },
};
