import { must } from '../../base/index.js';
import { hasEnded, type TaskState, type TaskStatus } from '../../client/index.js';

export type Stage =
  /** Surely not launched. */
  | { readonly kind: 'waiting' }
  /** Its ACCEPT is on the way. */
  | { readonly kind: 'launching' }
  /** Nobody knows whether its ACCEPT took effect: the group is being asked. */
  | { readonly kind: 'doubtful' }
  | { readonly kind: 'launched'; readonly state: TaskState; readonly unreachableSinceMs: number | null }
  | { readonly kind: 'ended'; readonly state: TaskState };

export interface Instance {
  readonly number: number;
  /** 0 is the first launch. */
  attempt: number;
  /** Unique per attempt, and kept until the attempt is known to have been launched. */
  taskId: string;
  stage: Stage;
}

export interface Tally {
  readonly finished: number;
  readonly failed: number;
  readonly lost: number;
}

/** States in which the task's own end is not known. */
const LOST: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_LOST',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_DROPPED',
  'TASK_UNKNOWN',
  'TASK_UNREACHABLE',
]);

/**
 * The instances of one run. An attempt keeps its task id until the group has surely launched it, so that even
 * an ACCEPT that takes effect late cannot launch it twice: the group refuses a task id that it has seen.
 */
export class Instances {
  private readonly all: readonly Instance[];
  private readonly byTask: Map<string, Instance> = new Map();
  private readonly retries: number;
  private readonly name: string;

  constructor(name: string, count: number, retries: number) {
    this.name = name;
    this.retries = retries;
    this.all = Array.from({ length: count }, (_, number) => {
      return { number, attempt: 0, taskId: `${name}-${number}`, stage: { kind: 'waiting' as const } };
    });
    for (const instance of this.all) this.byTask.set(instance.taskId, instance);
  }

  /** The instances at a stage, by number. */
  at(kind: Stage['kind']): Instance[] {
    return this.all.filter(({ stage }) => stage.kind === kind);
  }

  get(taskId: string): Instance {
    return must(this.byTask.get(taskId), () => `no instance has the task ${taskId}`);
  }

  get allEnded(): boolean {
    return this.all.every(({ stage }) => stage.kind === 'ended');
  }

  tally(): Tally {
    const ended = this.all.flatMap(({ stage }) => (stage.kind === 'ended' ? stage.state : []));
    const finished = ended.filter((state) => state === 'TASK_FINISHED').length;
    const lost = ended.filter((state) => LOST.has(state)).length;
    return { finished, failed: ended.length - finished - lost, lost };
  }

  /** The group launched the tasks. An update may have been quicker. */
  accepted(taskIds: readonly string[]): void {
    for (const taskId of taskIds) {
      const instance = this.get(taskId);
      if (instance.stage.kind === 'launching') instance.stage = launched('TASK_STAGING');
    }
  }

  /** Takes a status in; false if it says nothing new. Statuses of former attempts say nothing. */
  update(status: TaskStatus, nowMs: number): boolean {
    const instance = this.byTask.get(status.task_id.value);
    if (instance === undefined || instance.stage.kind === 'ended') return false;
    const { state } = status;
    if (instance.stage.kind === 'doubtful' && isUnknownToGroup(status)) {
      instance.stage = { kind: 'waiting' };
      return false;
    }
    // Not yet launched, so this can only be the answer to a question asked too early.
    if (instance.stage.kind !== 'launched' && isUnknownToGroup(status)) return false;
    const before = instance.stage.kind === 'launched' ? instance.stage : null;
    if (before?.state === state) return false;
    if (hasEnded(state) || state === 'TASK_UNKNOWN') this.end(instance, state);
    else {
      const since = state === 'TASK_UNREACHABLE' ? nowMs : null;
      instance.stage = { kind: 'launched', state, unreachableSinceMs: since };
    }
    return true;
  }

  /** Instances whose agent has been out of reach since `beforeMs` or earlier end as lost. */
  giveUpUnreachable(beforeMs: number): void {
    for (const instance of this.at('launched')) {
      if (instance.stage.kind !== 'launched') continue;
      const { unreachableSinceMs } = instance.stage;
      if (unreachableSinceMs !== null && unreachableSinceMs <= beforeMs)
        this.end(instance, 'TASK_UNREACHABLE');
    }
  }

  /** The attempt is over. Another one begins if one is left and this one did not finish well. */
  private end(instance: Instance, state: TaskState): void {
    if (state === 'TASK_FINISHED' || instance.attempt >= this.retries) {
      instance.stage = { kind: 'ended', state };
      return;
    }
    this.byTask.delete(instance.taskId);
    instance.attempt++;
    instance.taskId = `${this.name}-${instance.number}.${instance.attempt}`;
    instance.stage = { kind: 'waiting' };
    this.byTask.set(instance.taskId, instance);
  }
}

function launched(state: TaskState): Stage {
  return { kind: 'launched', state, unreachableSinceMs: null };
}

/** The master's answer about a task that it has never heard of. */
function isUnknownToGroup({ state, reason, uuid }: TaskStatus): boolean {
  return uuid === undefined && reason === 'REASON_RECONCILIATION' && state === 'TASK_UNKNOWN';
}
