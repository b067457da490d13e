import { hostname, totalmem, availableParallelism } from 'node:os';
import { statfsSync } from 'node:fs';
import { lifelineFd, runAgentProcess } from '../agent/index.js';
import { SYSTEM } from '../client/internal.js';
import { loadTls } from '../wire/index.js';
import type { AgentConfig } from './config/schema.js';
import { dieOnUncaught } from './fatal.js';
import { fileLogger } from './logging.js';
import { openProcessFolder, writePid } from './process-folder.js';

const MEGABYTE = 2 ** 20;
/** Left to the machine itself when an agent offers all there is. */
const SPARE_MEMORY_MB = 512;

/** Runs an agent as the business of this process; see `runAgentProcess` for signals and exit codes. */
export async function runAgent(config: AgentConfig): Promise<void> {
  if (config.tls !== undefined) loadTls(config.tls);
  openProcessFolder(config.dataDir);
  const logger = fileLogger(config.dataDir, config.logLevel, { agent: config.id });
  dieOnUncaught(logger);
  const fd = lifelineFd(process.env);
  await runAgentProcess({
    folder: config.dataDir,
    hostname: config.hostname ?? hostname(),
    resources: resourcesOf(config),
    // The name that its operator gave it: lists show it beside the id that the group gave it.
    attributes: { name: config.id, ...config.attributes },
    masters: config.masters,
    tls: config.tls ?? null,
    logger,
    ...SYSTEM,
    ...(fd === undefined ? {} : { lifelineFd: fd }),
  });
  writePid(config.dataDir);
}

function resourcesOf({ resources, dataDir }: AgentConfig): { cpus: number; memMb: number; diskMb: number } {
  const { bavail, bsize } = statfsSync(dataDir);
  return {
    cpus: resources.cpus ?? availableParallelism(),
    memMb: resources.mem ?? Math.max(SPARE_MEMORY_MB, Math.floor(totalmem() / MEGABYTE) - SPARE_MEMORY_MB),
    diskMb: resources.disk ?? Math.floor((bavail * bsize) / MEGABYTE / 2),
  };
}
