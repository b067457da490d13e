import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether the process is stopped by a signal, runs, or is gone. */
export function processState(pid: number): 'stopped' | 'alive' | 'gone' {
  const letter = process.platform === 'linux' ? stateInProc(pid) : stateFromPs(pid);
  if (letter === null || letter === 'Z' || letter === 'X') return 'gone';
  return letter === 'T' ? 'stopped' : 'alive';
}

/** The field after the name, which stands in parentheses and may hold any character. */
function stateInProc(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.charAt(text.lastIndexOf(')') + 2);
  } catch {
    return null;
  }
}

function stateFromPs(pid: number): string | null {
  const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim().charAt(0) || null;
}
