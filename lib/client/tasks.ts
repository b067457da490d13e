import type { CommandInfo, Offer, Resource, TaskInfo, TaskState } from './mesos.js';

/** A task in the terms people think in. */
export interface TaskSpec {
  readonly id: string;
  /** Default: the id. */
  readonly name?: string;
  /** A command line for /bin/sh, or the program and its arguments, which no shell touches. */
  readonly command: string | readonly [string, ...string[]];
  readonly cpus: number;
  readonly memMb: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Demand {
  readonly cpus: number;
  readonly memMb: number;
}

export function scalar(name: string, value: number): Resource {
  return { name, type: 'SCALAR', scalar: { value } };
}

/** The sum of an offer's scalar resource `name`; 0 if it has none. */
export function amount(offer: Pick<Offer, 'resources'>, name: string): number {
  let sum = 0;
  for (const resource of offer.resources ?? []) {
    if (resource.name === name) sum += resource.scalar?.value ?? 0;
  }
  return Math.round(sum * 1000) / 1000;
}

/** How many times the demand fits in the offer. */
export function timesFitting(offer: Pick<Offer, 'resources'>, { cpus, memMb }: Demand): number {
  const times = (have: number, want: number): number =>
    want === 0 ? Infinity : Math.floor(have / want + 1e-6);
  return Math.min(times(amount(offer, 'cpus'), cpus), times(amount(offer, 'mem'), memMb));
}

/** A task for the agent of an offer, out of the offer's role. */
export function taskInfo(offer: Offer, spec: TaskSpec): TaskInfo {
  const role = offer.allocation_info?.role;
  const allocated = role === undefined ? {} : { allocation_info: { role } };
  return {
    name: spec.name ?? spec.id,
    task_id: { value: spec.id },
    agent_id: offer.agent_id,
    resources: [
      { ...scalar('cpus', spec.cpus), ...allocated },
      { ...scalar('mem', spec.memMb), ...allocated },
    ],
    command: commandInfo(spec),
  };
}

function commandInfo({ command, env }: TaskSpec): CommandInfo {
  const variables = Object.entries(env ?? {}).map(([name, value]) => ({ name, value }));
  const environment = variables.length === 0 ? {} : { environment: { variables } };
  if (typeof command === 'string') return { shell: true, value: command, ...environment };
  return { shell: false, value: command[0], arguments: command, ...environment };
}

/** States after which a task never runs again, for frameworks that tell partitions apart (as the SDK's do). */
const ENDED: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

export function hasEnded(state: TaskState): boolean {
  return ENDED.has(state);
}
