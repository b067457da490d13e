import type { Command } from 'commander';
import { addClientFlags, type ClientFlags, type Context } from '../context.js';
import { EXIT } from '../exit.js';
import type { Run } from '../program.js';
import { memberJson } from '../shapes.js';
import { unreachableError } from '../trouble.js';
import { membersTable } from './status.js';
import { withOperator } from './with-operator.js';

export function addMembers(program: Command, run: Run): void {
  const command = program.command('members').description('the masters, each as it describes itself');
  addClientFlags(command).action((flags: ClientFlags) => run(flags, listMembers));
  const verb = command
    .command('transfer')
    .description('hands leadership over')
    .argument('[member]', 'the new leader (default: the most up-to-date voter)');
  addClientFlags(verb).action((to: string | undefined) =>
    run(verb.optsWithGlobals(), (context) => transfer(context, to)),
  );
}

function listMembers(context: Context): Promise<number> {
  return withOperator(context, async (operator) => {
    const status = await operator.status(context.timeoutMs);
    if (status.members.length === 0) throw unreachableError(status);
    const list = { index: status.revision, items: status.members.map(memberJson) };
    context.print(list, () => membersTable(status));
    return EXIT.done;
  });
}

function transfer(context: Context, to: string | undefined): Promise<number> {
  return withOperator(context, async (operator) => {
    const { leader, term } = await operator.transferLeadership(to);
    context.print({ leader, term }, () => `${leader ?? 'nobody'} leads in term ${term}\n`);
    return EXIT.done;
  });
}
