import fs from 'node:fs';
import type { Platform, TaskMark } from './types.js';
import { unixUser } from './unix-user.js';

interface ProcessStat {
  readonly pid: number;
  readonly zombie: boolean;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
}

export function linuxPlatform(): Platform {
  return {
    bootId: fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    startTime: (pid) => {
      const stat = readStat(pid);
      return stat === undefined || stat.zombie ? undefined : stat.startTime;
    },
    membersOf,
    userIds: unixUser,
  };
}

/** proc_pid_stat(5). The second field is the program's name and may hold blanks and brackets. */
function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    zombie: fields[0] === 'Z' || fields[0] === 'X',
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: fields[19]!,
  };
}

/** Undefined when the process is gone or belongs to somebody else. */
function readProc(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function membersOf(tasks: readonly TaskMark[]): number[] {
  const ours = new Set<number>();
  let earliest = Infinity;
  for (const { leader, leaderIsOurs } of tasks) {
    earliest = Math.min(earliest, leader === undefined ? 0 : Number(leader.startTime));
    if (leader === undefined) continue;
    if (leaderIsOurs || readStat(leader.pid)?.startTime === leader.startTime) ours.add(leader.pid);
  }
  const carriesMark = markedBy(tasks);
  return liveProcesses()
    .filter(
      ({ pid, group, session, startTime }) =>
        ours.has(group) || ours.has(session) || (Number(startTime) >= earliest && carriesMark(pid)),
    )
    .map(({ pid }) => pid);
}

function liveProcesses(): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const name of fs.readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const stat = readStat(pid);
    if (stat !== undefined && !stat.zombie) found.push(stat);
  }
  return found;
}

/** A descendant that left the session (a daemon) still has the environment it was started with. */
function markedBy(tasks: readonly TaskMark[]): (pid: number) => boolean {
  const marks = new Set(tasks.map(({ variable }) => variable));
  return (pid) =>
    readProc(`/proc/${pid}/environ`)
      ?.split('\0')
      .some((entry) => marks.has(entry)) ?? false;
}
