import { TepuiError } from '../../base/index.js';
import { withOperator } from '../../cli/commands/with-operator.js';
import { Context, type ClientFlags } from '../../cli/context.js';
import { EXIT } from '../../cli/exit.js';
import type { CliIo } from '../../cli/index.js';
import { count } from '../../cli/table.js';
import type { ClusterStatus } from '../../client/index.js';
import { SYSTEM } from '../../client/internal.js';
import { ask } from './ask.js';
import { aligned } from './describe.js';
import type { LoadedArchive } from './load-archive.js';
import { restoreOnline, type OnlineRestoredJson } from './online-restore.js';

export interface OnlineRestoreFlags extends ClientFlags {
  readonly forceCluster?: boolean;
  readonly yes?: boolean;
}

/** A step waits for an election at most, and for one entry to be committed. */
const STEP_SECONDS = '20';

/** `tepui snapshot restore FILE --online` */
export function restoreRunning(file: string, flags: OnlineRestoreFlags, io: CliIo): Promise<number> {
  if (flags.json === true && flags.yes !== true) {
    throw new TepuiError('USAGE', '--json asks nothing: give --yes with it');
  }
  const timeout = flags.timeout ?? io.env['TEPUI_TIMEOUT'] ?? STEP_SECONDS;
  const context = new Context(io, { ...flags, timeout });
  return withOperator(context, async (operator) => {
    let unwatch = (): void => undefined;
    const restored = await restoreOnline({
      operator,
      file,
      force: flags.forceCluster === true,
      random: SYSTEM.random,
      confirm: async (archive, status) =>
        flags.yes === true || (await ask(io, question(archive, status))) === 'yes',
      staging: (abandon) => {
        unwatch = io.onInterrupt(() => {
          io.err('tepui: interrupted: unless the exchange was under way, nothing was changed\n');
          void abandon().finally(() => process.exit(EXIT.interrupted));
        });
      },
    }).finally(() => unwatch());
    if (restored === null) {
      io.err('nothing was changed\n');
      return EXIT.refused;
    }
    context.print(restored, () => restoredText(restored));
    return EXIT.done;
  });
}

function question({ contents: { header } }: LoadedArchive, status: ClusterStatus): string {
  const taken = new Date(header.createdAtMs).toISOString();
  const lines: [string, string][] = [
    ['cluster', `${status.clusterId}, revision ${count(status.revision)}, led by ${status.leader}`],
    ['snapshot', `taken ${taken} at revision ${count(header.revision)}`],
  ];
  return `${aligned(lines)}Go back to it? Everything since is lost for ever, and all sessions end. Type yes: `;
}

function restoredText({ clusterId, restore, sha256, records, revision }: OnlineRestoredJson): string {
  return aligned([
    ['cluster', clusterId],
    ['restored', `${count(records)} records, goes on at revision ${count(revision)}`],
    ['sha256', sha256],
    ['restore', restore],
  ]);
}
