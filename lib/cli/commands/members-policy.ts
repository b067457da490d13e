import type { Command } from 'commander';
import { TepuiError } from '../../base/index.js';
import type { ChangeMembersReply } from '../../client/index.js';
import { addClientFlags, type ClientFlags, type Context } from '../context.js';
import { EXIT } from '../exit.js';
import type { Run } from '../program.js';
import { withOperator } from './with-operator.js';

type Policy = ChangeMembersReply['upkeep'];

interface PolicyFlags extends ClientFlags {
  readonly promoteAfter?: string;
  readonly removeDeadAfter?: string;
  readonly demoteAfterLosses?: string;
  readonly lossWindow?: string;
}

export function addPolicy(members: Command, run: Run): void {
  const verb = members
    .command('policy')
    .description('what the group does about its members by itself; flags change it')
    .option('--promote-after <seconds|off>', 'a learner that has kept up for this long gets a vote')
    .option(
      '--remove-dead-after <seconds|off>',
      'a member silent for this long is removed; three voters stay',
    )
    .option('--demote-after-losses <n|off>', 'a voter lost this often becomes a learner; three voters stay')
    .option('--loss-window <seconds>', 'within this time');
  addClientFlags(verb).action(() => run(verb.optsWithGlobals<PolicyFlags>(), policy));
}

function policy(context: Context<PolicyFlags>): Promise<number> {
  const { promoteAfter, removeDeadAfter, demoteAfterLosses, lossWindow } = context.flags;
  const changes: Partial<Policy> = {
    ...(promoteAfter === undefined ? {} : { promoteAfterMs: 1000 * number('--promote-after', promoteAfter) }),
    ...(removeDeadAfter === undefined
      ? {}
      : { removeDeadAfterMs: 1000 * number('--remove-dead-after', removeDeadAfter) }),
    ...(demoteAfterLosses === undefined
      ? {}
      : { unstableLosses: number('--demote-after-losses', demoteAfterLosses) }),
    ...(lossWindow === undefined ? {} : { unstableWindowMs: 1000 * number('--loss-window', lossWindow) }),
  };
  return withOperator(context, async (operator) => {
    const present = (await operator.changeMembers({ kind: 'show', value: true })).upkeep;
    const wanted = { ...present, ...changes };
    const changed = Object.keys(changes).length > 0;
    const { upkeep } = changed
      ? await operator.changeMembers({ kind: 'setUpkeep', ...wanted })
      : { upkeep: present };
    context.print(upkeep, () => describe(upkeep));
    return EXIT.done;
  });
}

/** A whole number; "off" is 0. Throws USAGE. */
function number(flag: string, text: string): number {
  if (text === 'off') return 0;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0 && value < 2 ** 40) return value;
  throw new TepuiError('USAGE', `${flag} takes a whole number above 0, or off; not ${text}`);
}

function describe({ promoteAfterMs, removeDeadAfterMs, unstableLosses, unstableWindowMs }: Policy): string {
  const seconds = (ms: number): string => `${ms / 1000} s`;
  const rows = [
    ['promote-after', promoteAfterMs === 0 ? 'off' : seconds(promoteAfterMs)],
    ['remove-dead-after', removeDeadAfterMs === 0 ? 'off' : seconds(removeDeadAfterMs)],
    [
      'demote-after-losses',
      unstableLosses === 0 ? 'off' : `${unstableLosses} within ${seconds(unstableWindowMs)}`,
    ],
  ];
  return rows.map(([name, value]) => `${name!.padEnd(20)} ${value}\n`).join('');
}
