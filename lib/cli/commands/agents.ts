import type { Command } from 'commander';
import type { AgentSummary } from '../../client/index.js';
import { addClientFlags, consistencyOf, type Context, type ListFlags } from '../context.js';
import { EXIT } from '../exit.js';
import type { Run } from '../program.js';
import { agentJson, amounts } from '../shapes.js';
import { share, table, type Column } from '../table.js';
import { withOperator } from './with-operator.js';

export function addAgents(program: Command, run: Run): void {
  const command = program.command('agents').description('the agents and what their tasks use');
  addClientFlags(command)
    .option('--local', 'what the asked master knows; needs no leader, may be old')
    .action((flags: ListFlags) => run(flags, listAgents));
}

function listAgents(context: Context<ListFlags>): Promise<number> {
  return withOperator(context, async (operator) => {
    const { index, items } = await operator.agents(consistencyOf(context.flags));
    context.print({ index, items: items.map(agentJson) }, () => table(COLUMNS, items.map(agentRow)));
    return EXIT.done;
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'AGENT' },
  { title: 'NAME' },
  { title: 'HOST' },
  { title: 'STATE' },
  { title: 'TASKS', right: true },
  { title: 'CPUS', right: true },
  { title: 'MEMORY', right: true },
  { title: 'MASTER' },
];

function agentRow({ id, name, hostname, state, tasks, used, total, master }: AgentSummary): string[] {
  const [inUse, all] = [amounts(used), amounts(total)];
  const cpus = share(inUse['cpus'] ?? 0, all['cpus'] ?? 0);
  const memory = `${share(inUse['mem'] ?? 0, all['mem'] ?? 0)} MB`;
  return [id, name, hostname, state, String(tasks), cpus, memory, master];
}
