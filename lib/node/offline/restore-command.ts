import path from 'node:path';
import type { Command } from 'commander';
import { TepuiError, type MemberId } from '../../base/index.js';
import { addClientFlags } from '../../cli/context.js';
import { EXIT } from '../../cli/exit.js';
import type { CliIo } from '../../cli/index.js';
import { count } from '../../cli/table.js';
import { SYSTEM } from '../../client/internal.js';
import { aligned, generationText } from './describe.js';
import { restore, type RestoreTarget, type RestoredJson } from './restore.js';
import { restoreRunning, type OnlineRestoreFlags } from './online-restore-command.js';
import { print, type Runner } from './runner.js';

interface RestoreFlags extends OnlineRestoreFlags {
  readonly online?: boolean;
  readonly dir?: string;
  readonly id?: string;
  readonly members?: string;
  readonly newCluster?: boolean;
  readonly replace?: boolean;
}

export function addRestore(snapshot: Command, io: CliIo, run: Runner): void {
  const command = snapshot
    .command('restore')
    .description(
      'goes back to a snapshot file: makes data folders of masters, or with --online exchanges the state of a running cluster',
    )
    .argument('<file>', 'the snapshot')
    .option('--dir <folder>', 'with --id the data folder; with --members the folder that holds <id>/')
    .option('--id <id>', 'the one master that begins; the others of the snapshot come back as learners')
    .option('--members <id,…>', 'all masters that begin, each with a folder to be taken to its host')
    .option('--new-cluster', 'draw a new cluster id: a copy beside the cluster, which agents do not follow')
    .option('--replace', 'set data in the folder aside instead of refusing')
    .option(
      '--force-cluster',
      'also with a snapshot of another cluster; with --replace also over unreadable data',
    )
    .option('--online', 'a running cluster: every master exchanges its state at one entry of the log')
    .option('--yes', 'with --online: do not ask');
  addClientFlags(command).action((file: string, flags: RestoreFlags) =>
    run(flags, async () => {
      if (flags.online === true) return restoreRunning(file, onlineOnly(flags), io);
      const restored = await restore(file, {
        targets: targetsOf(flags),
        newCluster: flags.newCluster === true,
        replace: flags.replace === true,
        force: flags.forceCluster === true,
        wallMs: SYSTEM.clock.wallMs(),
        random: SYSTEM.random,
      });
      print(flags, io, restored, () => restoredText(restored));
      return EXIT.done;
    }),
  );
}

/** The flags that make folders, and those for a running cluster, exclude each other. */
function onlineOnly(flags: RestoreFlags): OnlineRestoreFlags {
  const { dir, id, members, newCluster, replace } = flags;
  const folders = [dir, id, members, newCluster, replace].some((flag) => flag !== undefined);
  if (folders)
    throw new TepuiError('USAGE', '--online changes no folder: give only --force-cluster and --yes with it');
  return flags;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

function targetsOf({ dir, id, members }: RestoreFlags): RestoreTarget[] {
  if (dir === undefined) throw new TepuiError('USAGE', 'give --dir, or --online for a running cluster');
  if ((id === undefined) === (members === undefined)) {
    throw new TepuiError('USAGE', 'give either --id or --members');
  }
  const ids = id !== undefined ? [id] : members!.split(',').map((one) => one.trim());
  const wrong = ids.find((one) => !ID.test(one));
  if (wrong !== undefined) throw new TepuiError('USAGE', `"${wrong}" is no id of a master`);
  if (new Set(ids).size < ids.length) throw new TepuiError('USAGE', `--members names one twice: ${members}`);
  return ids.map((one) => {
    return { memberId: one as MemberId, folder: id === undefined ? path.join(dir, one) : dir };
  });
}

function restoredText(restored: RestoredJson): string {
  const { clusterId, generation, index, revision, members, learners, setAside } = restored;
  const lines: [string, string][] = [
    ['cluster', `${clusterId}, ${generationText(generation)}`],
    ['state at', `entry ${count(index)}, revision ${count(revision)}`],
    ...members.map(({ node, folder }): [string, string] => ['voter', `${node} in ${folder}`]),
    ...learners.map((node): [string, string] => ['learner', `${node}, let in again when it starts`]),
    ...setAside.map((folder): [string, string] => ['set aside', folder]),
  ];
  return aligned(lines);
}
