import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger, Random } from '../../base/index.js';
import { watchLifeline } from '../lifeline.js';
import { acquireLock } from '../lock.js';
import type { AgentFolder } from '../names.js';
import { thisPlatform } from '../platform/index.js';
import { SYSTEM } from '../../client/system.js';
import { Journal } from './journal.js';
import { settleFormerTasks } from './recovery.js';
import { HolderServer } from './server.js';
import type { SpawnTask } from './spawn.js';
import { Sweeper } from './sweeper.js';
import { TaskHolder } from './task-holder.js';

export interface HolderProcessOptions {
  /** Absolute, except that the socket may be relative: socket addresses are at most 107 bytes long. */
  readonly folder: AgentFolder;
  readonly lifelineFd?: number;
  readonly logger: Logger;
  readonly spawn: SpawnTask;
}

/** From SIGTERM to SIGKILL when the holder itself is to end with its tasks. */
const END_GRACE_MS = 2000;
/** After the last task, so that an agent that is ending too can learn how its tasks ended. */
const FAREWELL_MS = 1500;
/** After SIGKILL was sent to everything: what hangs in the kernel or cannot be recorded is left. */
const PATIENCE_MS = 1000;
/** Without an agent and without tasks for this long there is nothing to hold. */
const IDLE_MS = 60_000;

/** Runs the holder in this process until there is nothing left for it to do; then the process exits. */
export async function runHolder(options: HolderProcessOptions): Promise<void> {
  const { folder, logger } = options;
  const platform = thisPlatform();
  const lock = acquireLock(folder.holderLock, platform);
  const journal = new Journal(folder.holderJournal);
  await settleFormerTasks(journal, platform, logger, pause);

  const server = new HolderServer(folder.holderSocket, logger, () => end(0, 0));
  const holder = new TaskHolder({
    journal,
    platform,
    sweeper: new Sweeper(platform, SYSTEM.clock, SYSTEM.timers, logger),
    spawn: options.spawn,
    clock: SYSTEM.clock,
    timers: SYSTEM.timers,
    random: systemRandom,
    logger,
    reports: {
      onStarted: (ref, pid) => server.started(ref, pid),
      onEnded: (ref, outcome) => server.ended(ref, outcome),
    },
  });

  function end(graceMs: number, farewellMs: number): void {
    holder.stopStarting();
    holder.killAll(graceMs);
    holder.empty(() => SYSTEM.timers.after(server.hasAgent ? farewellMs : 0, finish));
    SYSTEM.timers.after(graceMs + PATIENCE_MS, finish);
  }
  let finished = false;
  function finish(): void {
    if (finished) return;
    finished = true;
    server.close();
    void journal.close().then(() => {
      fs.rmSync(folder.holderSocket, { force: true });
      lock.release();
      process.exit(0);
    });
  }

  const endWithTasks = (): void => end(END_GRACE_MS, FAREWELL_MS);
  process.on('SIGTERM', endWithTasks);
  process.on('SIGINT', endWithTasks);
  process.on('SIGHUP', () => {});
  if (options.lifelineFd !== undefined) watchLifeline(options.lifelineFd, endWithTasks);
  endWhenIdle(() => server.hasAgent || holder.liveCount > 0, finish);
  await server.listen(holder);
}

function endWhenIdle(needed: () => boolean, finish: () => void): void {
  let idleMs = 0;
  const everyMs = 5000;
  setInterval(() => {
    idleMs = needed() ? 0 : idleMs + everyMs;
    if (idleMs >= IDLE_MS) finish();
  }, everyMs).unref();
}

const systemRandom: Random = { uint32: () => randomBytes(4).readUInt32LE() };
