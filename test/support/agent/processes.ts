import fs from 'node:fs';

/** Whether a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  if (!fs.existsSync('/proc/self')) return answersSignals(pid);
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'ZX'.includes(stat[stat.lastIndexOf(')') + 2]!);
  } catch {
    return false;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Live processes that mention `text` in their environment or command line; none where there is no /proc. */
export function processesMentioning(text: string): number[] {
  if (!fs.existsSync('/proc/self')) return [];
  return fs
    .readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isRunning(pid) && mentions(pid, text));
}

function mentions(pid: number, text: string): boolean {
  return ['environ', 'cmdline'].some((file) => {
    try {
      return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

/** Kills agents, holders and tasks of a data folder, until none is left. */
export function killEverythingOf(folder: string): void {
  for (let round = 0; round < 50; round++) {
    const pids = processesMentioning(folder);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone meanwhile.
      }
    }
  }
}
