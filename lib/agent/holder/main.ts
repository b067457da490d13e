import process from 'node:process';
import { TepuiError } from '../../base/index.js';
import { lifelineFd } from '../lifeline.js';
import { agentFolder } from '../names.js';
import { EXIT_BROKEN, EXIT_IN_USE } from './exit-codes.js';
import { lineLogger } from './line-logger.js';
import { runHolder } from './run-holder.js';
import { spawnTask } from './spawn.js';

/** Entry of the holder process: `node main.js FOLDER`, started by the agent in that folder. */
const folder = agentFolder(process.argv[2] ?? process.cwd());
const lifeline = lifelineFd(process.env);
const logger = lineLogger();
process.umask(0o022);

try {
  await runHolder({
    folder: { ...folder, holderSocket: 'meta/holder.sock' },
    ...(lifeline === undefined ? {} : { lifelineFd: lifeline }),
    logger,
    spawn: spawnTask,
  });
} catch (error) {
  logger.error({ error: String(error) }, 'the holder cannot start');
  process.exit(error instanceof TepuiError && error.code === 'FOLDER_IN_USE' ? EXIT_IN_USE : EXIT_BROKEN);
}
