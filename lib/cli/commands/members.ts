import type { Command } from 'commander';
import type { MemberId } from '../../base/index.js';
import type { ChangeMembersReply, ChangeMembersRequest } from '../../client/index.js';
import { addClientFlags, type ClientFlags, type Context } from '../context.js';
import { EXIT } from '../exit.js';
import type { Run } from '../program.js';
import { memberJson } from '../shapes.js';
import { unreachableError } from '../trouble.js';
import { addPolicy } from './members-policy.js';
import { membersTable } from './status.js';
import { withOperator } from './with-operator.js';

interface AddFlags extends ClientFlags {
  readonly replaces?: string;
}

export function addMembers(program: Command, run: Run): void {
  const command = program.command('members').description('the masters, each as it describes itself');
  addClientFlags(command).action((flags: ClientFlags) => run(flags, listMembers));
  addVerbs(command, run);
  addPolicy(command, run);
  const verb = command
    .command('transfer')
    .description('hands leadership over')
    .argument('[member]', 'the new leader (default: the most up-to-date voter)');
  addClientFlags(verb).action((to: string | undefined) =>
    run(verb.optsWithGlobals(), (context) => transfer(context, to)),
  );
}

function addVerbs(command: Command, run: Run): void {
  const add = command
    .command('add')
    .description('prints a token with which one new master joins within an hour')
    .argument('[member]', 'id of the new master (default: whoever comes)')
    .option('--replaces <member>', 'it takes the vote of this one once it has caught up');
  addClientFlags(add).action((id: string | undefined) =>
    run(add.optsWithGlobals<AddFlags>(), (context) => invite(context, id, context.flags.replaces)),
  );
  const replace = command
    .command('replace')
    .description('has a learner take the place of a voter; without a learner, prints a token for one')
    .argument('<member>', 'the master that goes')
    .argument('[by]', 'the one that takes its place');
  addClientFlags(replace).action((member: string, by: string | undefined) =>
    run(replace.optsWithGlobals(), (context) =>
      by === undefined
        ? invite(context, undefined, member)
        : change(context, { kind: 'replace', member: member as MemberId, by: by as MemberId }),
    ),
  );
  for (const [name, what] of SIMPLE) {
    const verb = command.command(name).description(what).argument('<member>');
    addClientFlags(verb).action((member: string) =>
      run(verb.optsWithGlobals(), (context) => change(context, { kind: name, value: member as MemberId })),
    );
  }
}

const SIMPLE = [
  ['remove', 'takes a master out of the group; one that leads hands over first'],
  ['promote', 'gives a learner that has caught up a vote'],
  ['demote', 'takes the vote from a master, which stays as a learner'],
] as const;

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

function change(context: Context, request: ChangeMembersRequest): Promise<number> {
  return withOperator(context, async (operator) => {
    const reply = await operator.changeMembers(request);
    const { index, voters, learners } = reply;
    context.print({ index, voters, learners }, () => `${whoIsIn(reply)}\n`);
    return EXIT.done;
  });
}

function invite(context: Context, id: string | undefined, replaces: string | undefined): Promise<number> {
  return withOperator(context, async (operator) => {
    const request = { id: (id ?? null) as MemberId | null, replaces: (replaces ?? null) as MemberId | null };
    const { index, token, tokenExpiresMs } = await operator.changeMembers({ kind: 'add', ...request });
    const { members } = await operator.status(context.timeoutMs);
    const contacts = members.flatMap(({ peer, role }) =>
      peer === null || role === 'unreachable' ? [] : [peer],
    );
    context.print({ index, token, expiresAtMs: tokenExpiresMs, members: contacts }, () => {
      const where = contacts[0] ?? 'HOST:5070';
      return (
        'Good for one new master, for an hour:\n\n' +
        `  tepui master --join ${token} --id ${id ?? 'ID'} --data-dir FOLDER --masters ${where}\n\n` +
        'with its own --listen-… and --advertise-… where it runs on another host.\n'
      );
    });
    return EXIT.done;
  });
}

function whoIsIn({ voters, learners }: ChangeMembersReply): string {
  const voting = `${voters.join(', ')} ${voters.length === 1 ? 'votes' : 'vote'}`;
  if (learners.length === 0) return voting;
  return `${voting}; ${learners.join(', ')} ${learners.length === 1 ? 'learns' : 'learn'}`;
}
