import { main as runProgram, processIo } from '../cli/index.js';
import { processCommands } from './commands.js';

/** The `tepui` command. Processes (master, agent) go on running after this resolves. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await runProgram(argv, processIo(), [processCommands]);
}
