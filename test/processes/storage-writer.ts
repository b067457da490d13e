/**
 * A process that appends entries of 2,000 bytes to the log in the folder named on its command line, one by one,
 * and prints the index of each that was reported durable. Ends with exit code 6 at the first storage error.
 */
import {
  SeededRandom,
  TepuiError,
  type ClusterId,
  type Logger,
  type MemberId,
} from '../../lib/base/index.js';
import { FolderSource, openDataFolder } from '../../lib/storage/index.js';

const nothing = (): void => undefined;
const quiet: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => quiet };

try {
  const folder = await openDataFolder({
    source: new FolderSource(process.argv[2]!),
    memberId: 'm1' as MemberId,
    random: new SeededRandom(1),
    logger: quiet,
    onFailure: nothing,
  });
  const voters = [folder.identity.nodeId];
  const configuration = {
    voters,
    outgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
    leaseMs: 0,
  };
  const log = folder.log ?? (await folder.form('c1' as ClusterId, configuration));
  for (;;) {
    const index = log.lastIndex() + 1;
    const data = new Uint8Array(2000).fill(index);
    await log.append(
      {
        truncateFrom: null,
        snapshot: null,
        entries: [{ term: 1, index, kind: 'normal', data }],
        hardState: index === 1 ? { term: 1, vote: null } : null,
        configuration: null,
      },
      new Map(),
      null,
    );
    process.stdout.write(`${index}\n`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof TepuiError ? error.code : ''} ${String(error)}\n`);
  process.exitCode = error instanceof TepuiError && error.code === 'STORAGE' ? 6 : 1;
}
