import type { Logger } from '../../base/index.js';
import { runVariable } from '../environment.js';
import type { Platform } from '../platform/index.js';
import { readExitFile } from './exit-file.js';
import type { Journal, JournalTask } from './journal.js';
import type { Outcome } from './port.js';
import { killProcess } from './signals.js';

const ROUNDS = 100;
const ROUND_MS = 10;

/**
 * What a new holder does about the tasks of the one before it: nobody is left who could learn how they end, so
 * what still runs of them is killed and each gets the outcome that is known, or the reason why none is.
 */
export async function settleFormerTasks(
  journal: Journal,
  platform: Platform,
  logger: Logger,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  const open = [...journal.tasks.values()].filter(({ outcome }) => outcome === undefined);
  if (open.length === 0) return;
  const killed = await killLeftovers(open, platform, pause);
  logger.warn({ tasks: open.length, killedProcesses: killed }, 'an earlier holder died with tasks unended');
  const written: Promise<void>[] = [];
  for (const task of open) {
    const outcome = await outcomeOf(task, platform);
    written.push(
      new Promise((resolve, reject) => {
        journal.write({ ...task, outcome }, (error) => (error === null ? resolve() : reject(error)));
      }),
    );
  }
  await Promise.all(written);
}

/** Processes of an earlier boot are gone, whoever has their pids now. Returns how many were signalled. */
async function killLeftovers(
  tasks: readonly JournalTask[],
  platform: Platform,
  pause: (ms: number) => Promise<void>,
): Promise<number> {
  const marks = tasks
    .filter(({ bootId }) => bootId === platform.bootId)
    .map(({ run, started }) => ({
      ...(started === undefined ? {} : { leader: started }),
      leaderIsOurs: false,
      variable: runVariable(run),
    }));
  if (marks.length === 0) return 0;
  const signalled = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const left = platform.membersOf(marks);
    if (left.length === 0) break;
    for (const pid of left) {
      signalled.add(pid);
      killProcess(pid, 'SIGKILL');
    }
    await pause(ROUND_MS);
  }
  return signalled.size;
}

async function outcomeOf(task: JournalTask, platform: Platform): Promise<Outcome> {
  const recorded = await readExitFile(task.sandbox, task.run);
  if (recorded !== undefined) return { kind: 'exited', ...recorded };
  if (task.bootId !== platform.bootId) return { kind: 'lost', reason: 'rebooted' };
  return { kind: 'lost', reason: task.started === undefined ? 'start-unknown' : 'holder-died' };
}
