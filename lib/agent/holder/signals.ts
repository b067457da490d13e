/** Sends a signal; a process or group that is gone is no error. */
export function killProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM: it took another user's identity (a set-uid program); macOS also answers so for a zombie.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Signals every process of the group that `leader` leads. */
export function killGroup(leader: number, signal: NodeJS.Signals): void {
  killProcess(-leader, signal);
}
