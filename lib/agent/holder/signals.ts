import { assert } from '../../base/index.js';

/** Sends a signal; a process that is gone is no error. */
export function killProcess(pid: number, signal: NodeJS.Signals): void {
  send(pid, pid, signal);
}

/** Signals every process of the group that `leader` leads. */
export function killGroup(leader: number, signal: NodeJS.Signals): void {
  send(leader, -leader, signal);
}

function send(pid: number, target: number, signal: NodeJS.Signals): void {
  // kill(2) takes 0 for this very group, -1 for every process there is, and 1 is init.
  assert(Number.isInteger(pid) && pid > 1, () => `signal ${signal} to pid ${pid}: its record is damaged`);
  try {
    process.kill(target, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM: it took another user's identity (a set-uid program); macOS also answers so for a zombie.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
