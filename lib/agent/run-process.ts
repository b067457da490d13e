import { TepuiError, type ErrorCode, type Logger } from '../base/index.js';
import { Agent, type StopMode } from './agent.js';
import { watchLifeline } from './lifeline.js';
import { withConnector, type AgentSetup } from './setup.js';

/** A stop that takes longer than this hangs; what it wanted to end has its own watch on the lifeline. */
const STOP_LIMIT_MS = 4500;

const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  FOLDER_IN_USE: 2,
  FOREIGN_CLUSTER: 2,
  CONFIG: 2,
  NEWER_FORMAT: 2,
  TLS: 2,
};

function exitCodeOf(error: unknown): number {
  return (error instanceof TepuiError ? EXIT_CODES[error.code] : undefined) ?? 6;
}

/**
 * Runs an agent as the business of this process. SIGTERM: exits 0 and leaves the tasks running. SIGINT, or the
 * end of the lifeline: ends the tasks, and exits 0 within 5 s. Errors of its disk or its own: exits 6.
 */
export async function runAgentProcess(options: Omit<AgentSetup, 'onFatal'>): Promise<void> {
  const { logger, lifelineFd } = options;
  process.on('uncaughtException', (error) => die(logger, error));
  try {
    const agent = new Agent({ ...withConnector(options), onFatal: (error) => die(logger, error) });
    process.on('SIGTERM', () => void stop(agent, 'leave-tasks', logger));
    process.on('SIGINT', () => void stop(agent, 'end-tasks', logger));
    if (lifelineFd !== undefined) watchLifeline(lifelineFd, () => void stop(agent, 'end-tasks', logger));
    await agent.start();
  } catch (error) {
    die(logger, error);
  }
}

async function stop(agent: Agent, mode: StopMode, logger: Logger): Promise<void> {
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  try {
    await agent.stop(mode);
    process.exit(0);
  } catch (error) {
    die(logger, error);
  }
}

/** As every command of `tepui` ends: what happened, its code, and what to do. */
function die(logger: Logger, error: unknown): never {
  const code = error instanceof TepuiError ? error.code : 'INTERNAL';
  logger.error(
    { code, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
    'the agent ends',
  );
  const known = error instanceof TepuiError;
  process.stderr.write(
    known ? `tepui: ${error.message} [${code}]\n  ${error.remedy}\n` : `tepui: ${String(error)}\n`,
  );
  process.exit(exitCodeOf(error));
}
