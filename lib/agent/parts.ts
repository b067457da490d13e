import fs from 'node:fs';
import os from 'node:os';
import type { TepuiError } from '../base/index.js';
import { Checkpoint } from './checkpoint/checkpoint.js';
import type { HostEnvironment } from './environment.js';
import { HolderClient } from './holder/client.js';
import { holderLauncher } from './holder/launcher.js';
import type { Holder } from './holder/port.js';
import { acquireLock, type FolderLock } from './lock.js';
import { agentFolder, type AgentFolder } from './names.js';
import { AGENT_LIMITS, AGENT_TIMING, type AgentOptions } from './options.js';
import { thisPlatform, type Platform } from './platform/index.js';
import { spawnOrder } from './tasks/order.js';
import { Sandboxes } from './tasks/sandboxes.js';
import { TaskTable } from './tasks/table.js';
import { Outbox } from './updates/outbox.js';

/** What a running agent consists of, besides its way to the masters. */
export interface AgentParts {
  readonly platform: Platform;
  readonly lock: FolderLock;
  readonly checkpoint: Checkpoint;
  readonly holder: Holder;
  readonly outbox: Outbox;
  readonly table: TaskTable;
}

/** Takes the folder and loads what is in it. Throws FOLDER_IN_USE, NEWER_FORMAT, DAMAGED or STORAGE. */
export function openParts(options: AgentOptions, onFatal: (error: TepuiError) => void): AgentParts {
  const folder = agentFolder(fs.realpathSync(makeFolder(options.folder)));
  const platform = options.platform ?? thisPlatform();
  fs.mkdirSync(folder.meta, { recursive: true, mode: 0o700 });
  const lock = acquireLock(folder.agentLock, platform);
  try {
    const checkpoint = new Checkpoint({ file: folder.checkpoint, onFatal });
    const holder = options.holder ?? makeHolder(options, folder, platform);
    const outbox = makeOutbox(options);
    const table = makeTable(options, { folder, platform, checkpoint, holder, outbox });
    load(options, platform, checkpoint, table);
    return { platform, lock, checkpoint, holder, outbox, table };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function makeFolder(folder: string): string {
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

function makeHolder(options: AgentOptions, folder: AgentFolder, platform: Platform): Holder {
  const { clock, timers, logger, lifelineFd, holderMain } = options;
  const launch = holderLauncher({
    folder,
    ...(lifelineFd === undefined ? {} : { lifelineFd }),
    ...(holderMain === undefined ? {} : { mainFile: holderMain }),
  });
  return new HolderClient({ folder, platform, launch, clock, timers, logger });
}

function makeOutbox(options: AgentOptions): Outbox {
  const { maxTasks, updateWindow } = { ...AGENT_LIMITS, ...options.limits };
  const { updateRetry } = { ...AGENT_TIMING, ...options.timing };
  const { clock, timers, random } = options;
  // Launches beyond the limit are answered too: see `TableOptions.maxTasks`.
  return new Outbox({
    window: updateWindow,
    maxTasks: 2 * maxTasks,
    retry: updateRetry,
    clock,
    timers,
    random,
  });
}

function makeTable(
  options: AgentOptions,
  parts: Omit<AgentParts, 'lock' | 'table'> & { readonly folder: AgentFolder },
): TaskTable {
  const { maxTasks, maxStarts, keptSandboxes } = { ...AGENT_LIMITS, ...options.limits };
  const { clock, random, logger } = options;
  const { folder, platform, checkpoint, holder, outbox } = parts;
  const sandboxes = new Sandboxes(folder, keptSandboxes, logger);
  sandboxes.load([...checkpoint.model.tasks.values()].map(({ task }) => task));
  const context = { folder, platform, host: options.host ?? hostEnvironment() };
  return new TaskTable({
    checkpoint,
    holder,
    outbox,
    clock,
    random,
    logger,
    maxTasks,
    maxStarts,
    orderOf: (agentId, task) => {
      sandboxes.taskStarts(task);
      return spawnOrder(context, agentId, task);
    },
    onRemoved: (ref) => sandboxes.taskEnded(ref),
  });
}

/** Takes up the tasks of an earlier process of this agent, and notes a restart of the machine since. */
function load({ logger }: AgentOptions, platform: Platform, checkpoint: Checkpoint, table: TaskTable): void {
  const { bootId } = checkpoint.model;
  const rebooted = bootId !== null && bootId !== platform.bootId;
  if (checkpoint.tornBytes > 0) logger.warn({ bytes: checkpoint.tornBytes }, 'cut off a half-written record');
  if (rebooted)
    logger.warn({ tasks: checkpoint.model.tasks.size }, 'the machine restarted since the last start');
  table.load(rebooted);
  if (bootId !== platform.bootId) checkpoint.write({ op: 'boot', bootId: platform.bootId });
}

function hostEnvironment(): HostEnvironment {
  return {
    path: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    home: os.homedir(),
    lang: process.env['LANG'] ?? 'C.UTF-8',
  };
}
