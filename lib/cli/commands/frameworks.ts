import type { Command } from 'commander';
import type { FrameworkSummary } from '../../client/index.js';
import { addClientFlags, consistencyOf, type ClientFlags, type Context, type ListFlags } from '../context.js';
import { EXIT } from '../exit.js';
import type { Run } from '../program.js';
import { amounts, frameworkJson } from '../shapes.js';
import { age, count, table, type Column } from '../table.js';
import { withOperator } from './with-operator.js';

interface FrameworksFlags extends ListFlags {
  readonly all?: boolean;
}

export function addFrameworks(program: Command, run: Run): void {
  const command = program.command('frameworks').description('the frameworks and what their tasks use');
  addClientFlags(command)
    .option('--all', 'also those that were removed and are still remembered')
    .option('--local', 'what the asked master knows; needs no leader, may be old')
    .action((flags: FrameworksFlags) => run(flags, listFrameworks));
  const verb = command
    .command('teardown')
    .description('kills all tasks of a framework and removes it')
    .argument('<framework>', 'its id');
  addClientFlags(verb).action((id: string) =>
    run(verb.optsWithGlobals<ClientFlags>(), (context) => teardown(context, id)),
  );
}

function listFrameworks(context: Context<FrameworksFlags>): Promise<number> {
  return withOperator(context, async (operator) => {
    const { index, items: known } = await operator.frameworks(consistencyOf(context.flags));
    const items = context.flags.all === true ? known : known.filter(({ state }) => state !== 'removed');
    context.print({ index, items: items.map(frameworkJson) }, () => table(COLUMNS, items.map(frameworkRow)));
    return EXIT.done;
  });
}

function teardown(context: Context, id: string): Promise<number> {
  return withOperator(context, async (operator) => {
    const { index } = await operator.teardownFramework(id);
    context.print({ index }, () => `framework ${id} is being removed\n`);
    return EXIT.done;
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'FRAMEWORK' },
  { title: 'NAME' },
  { title: 'STATE' },
  { title: 'ROLES' },
  { title: 'TASKS', right: true },
  { title: 'CPUS', right: true },
  { title: 'MEMORY', right: true },
  { title: 'FAILOVER', right: true },
  { title: 'MASTER' },
];

function frameworkRow(framework: FrameworkSummary): string[] {
  const { id, name, state, roles, activeTasks, used, failoverTimeoutMs, master } = framework;
  const inUse = amounts(used);
  const cpus = count(inUse['cpus'] ?? 0);
  const memory = `${count(inUse['mem'] ?? 0)} MB`;
  const failover = age(failoverTimeoutMs);
  return [id, name, state, roles.join(','), String(activeTasks), cpus, memory, failover, master];
}
