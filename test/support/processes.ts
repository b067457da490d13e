import { execFileSync } from 'node:child_process';

/** Whether a process with this pid exists and has not ended. */
export function isAlive(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return state !== '' && !state.startsWith('Z');
  } catch {
    return false;
  }
}

/** Processes whose command line mentions `text`, this one excluded. */
export function processesMentioning(text: string): { pid: number; command: string }[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    if (match === null || !match[2]!.includes(text) || match[2]!.startsWith('ps ')) return [];
    const pid = Number(match[1]);
    return pid === process.pid ? [] : [{ pid, command: match[2]! }];
  });
}
