import { execFileSync } from 'node:child_process';
import os from 'node:os';
import type { Platform, TaskMark } from './types.js';
import { unixUser } from './unix-user.js';

/**
 * What `ps` and `sysctl` tell: macOS and the BSDs. A daemon that left its session is not recognised here, since
 * the environment of other processes cannot be read.
 */
export function genericPlatform(): Platform {
  return {
    bootId: bootId(),
    startTime,
    membersOf,
    userIds: unixUser,
  };
}

function bootId(): string {
  return (
    run('sysctl', ['-n', 'kern.bootsessionuuid']) ??
    // Seconds since the epoch at boot, rounded: the two readings are not taken at the same moment.
    `boot-${Math.round((Date.now() / 1000 - os.uptime()) / 10)}`
  );
}

function startTime(pid: number): string | undefined {
  const line = run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
  if (line === undefined || line === '' || line.startsWith('Z')) return undefined;
  return line.slice(line.indexOf(' ')).trim();
}

function membersOf(tasks: readonly TaskMark[]): number[] {
  const ours = new Set<number>();
  for (const { leader, leaderIsOurs } of tasks) {
    if (leader === undefined) continue;
    if (leaderIsOurs || startTime(leader.pid) === leader.startTime) ours.add(leader.pid);
  }
  const found: number[] = [];
  for (const line of (run('ps', ['-axo', 'pid=,pgid=,stat=']) ?? '').split('\n')) {
    const [pid, group, stat] = line.trim().split(/\s+/);
    if (ours.has(Number(group)) && stat !== undefined && !stat.startsWith('Z')) found.push(Number(pid));
  }
  return found;
}

function run(program: string, args: readonly string[]): string | undefined {
  try {
    const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };
    return execFileSync(program, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
