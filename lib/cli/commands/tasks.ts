import type { Command } from 'commander';
import type { TaskSummary } from '../../client/index.js';
import {
  addClientFlags,
  consistencyOf,
  positive,
  type ClientFlags,
  type Context,
  type ListFlags,
} from '../context.js';
import { EXIT } from '../exit.js';
import type { Run } from '../program.js';
import { amounts, taskJson } from '../shapes.js';
import { age, count, table, type Column } from '../table.js';
import { withOperator } from './with-operator.js';

interface TasksFlags extends ListFlags {
  readonly framework?: string;
  readonly agent?: string;
  readonly all?: boolean;
}

interface KillFlags extends ClientFlags {
  readonly grace?: string;
}

export function addTasks(program: Command, run: Run): void {
  const command = program.command('tasks').description('the tasks that have not ended');
  addClientFlags(command)
    .option('--framework <id>', 'only of this framework')
    .option('--agent <id>', 'only on this agent')
    .option('--all', 'also tasks that have ended and are still kept')
    .option('--local', 'what the asked master knows; needs no leader, may be old')
    .action((flags: TasksFlags) => run(flags, listTasks));
  const verb = command
    .command('kill')
    .description('ends a task: SIGTERM, then SIGKILL after its grace period')
    .argument('<framework>', 'id of its framework')
    .argument('<task>', 'its id')
    .option('--grace <seconds>', "time between the signals (default: the task's own)");
  addClientFlags(verb).action((framework: string, task: string) =>
    run(verb.optsWithGlobals<KillFlags>(), (context) => killTask(context, framework, task)),
  );
}

function listTasks(context: Context<TasksFlags>): Promise<number> {
  const { framework, agent, all } = context.flags;
  return withOperator(context, async (operator) => {
    const { index, items } = await operator.tasks({
      ...consistencyOf(context.flags),
      ...(framework === undefined ? {} : { frameworkId: framework }),
      ...(agent === undefined ? {} : { agentId: agent }),
      completed: all === true,
    });
    const nowMs = context.io.ports(context.connection).world.clock.wallMs();
    context.print({ index, items: items.map(taskJson) }, () =>
      table(
        COLUMNS,
        items.map((task) => taskRow(task, nowMs)),
      ),
    );
    return EXIT.done;
  });
}

function killTask(context: Context<KillFlags>, framework: string, task: string): Promise<number> {
  const { grace } = context.flags;
  const graceMs = grace === undefined ? undefined : Math.round(positive('--grace', grace) * 1000);
  return withOperator(context, async (operator) => {
    const { index } = await operator.killTask(framework, task, graceMs);
    context.print({ index }, () => `task ${task} is being killed\n`);
    return EXIT.done;
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'TASK' },
  { title: 'STATE' },
  { title: 'AGENT' },
  { title: 'CPUS', right: true },
  { title: 'MEMORY', right: true },
  { title: 'AGE', right: true },
  { title: 'FRAMEWORK' },
];

function taskRow(task: TaskSummary, nowMs: number): string[] {
  const { id, state, agentId, frameworkId, resources, launchedAtMs } = task;
  const has = amounts(resources);
  const memory = `${count(has['mem'] ?? 0)} MB`;
  return [id, state, agentId, count(has['cpus'] ?? 0), memory, age(nowMs - launchedAtMs), frameworkId];
}
