import { lifelineFd, watchLifeline } from '../agent/index.js';
import { EXIT, main as runProgram, processIo } from '../cli/index.js';
import { processCommands } from './commands.js';
import { offlineCommands } from './offline/commands.js';

/** They end in order when their lifeline does; every other command just ends. */
const WATCH_THEMSELVES: ReadonlySet<string | undefined> = new Set(['master', 'agent']);

/** The `tepui` command. Processes (master, agent) go on running after this resolves. */
export async function main(argv: readonly string[]): Promise<void> {
  const fd = lifelineFd(process.env);
  if (fd !== undefined && !WATCH_THEMSELVES.has(argv[0]))
    watchLifeline(fd, () => process.exit(EXIT.interrupted));
  process.exitCode = await runProgram(argv, processIo(), [processCommands, offlineCommands]);
}
