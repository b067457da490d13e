import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { SpawnOrder } from './port.js';

export interface SpawnEvents {
  /** The program is being executed, as leader of its own session and process group. */
  onStarted(pid: number): void;
  /** It was not executed; nothing else follows. */
  onFailed(code: string, message: string): void;
  /** Exactly one of the two is not null. The pid has been collected and may be given to another process. */
  onExited(exitCode: number | null, signal: string | null): void;
}

export type SpawnTask = (order: SpawnOrder, events: SpawnEvents) => void;

/** Starts the process of a task in its sandbox. Calls back at once or in the next turn. */
export const spawnTask: SpawnTask = (order, events) => {
  let output: number[] = [];
  try {
    output = openSandbox(order);
    startProcess(order, output, events);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    events.onFailed(code ?? 'INVALID', message);
  } finally {
    for (const fd of output) fs.closeSync(fd);
  }
};

function startProcess(order: SpawnOrder, output: readonly number[], events: SpawnEvents): void {
  const child = spawn(order.file, order.argv.slice(1), {
    argv0: order.argv[0] ?? order.file,
    cwd: order.sandbox,
    env: order.env,
    // setsid(2): a session and group of its own, so that no signal meant for others reaches it.
    detached: true,
    stdio: ['ignore', output[0]!, output[1]!],
    ...(order.uid === undefined ? {} : { uid: order.uid }),
    ...(order.gid === undefined ? {} : { gid: order.gid }),
  });
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (child.pid === undefined) events.onFailed(error.code ?? 'INVALID', error.message);
  });
  if (child.pid === undefined) return;
  child.on('exit', (code, signal) => events.onExited(code, signal));
  events.onStarted(child.pid);
}

/** Makes the sandbox and opens stdout and stderr for appending; never through a link that points elsewhere. */
function openSandbox(order: SpawnOrder): number[] {
  fs.mkdirSync(order.sandbox, { recursive: true, mode: 0o755 });
  fs.rmSync(path.join(order.sandbox, 'exit.json'), { force: true });
  const opened: number[] = [];
  try {
    for (const name of ['stdout', 'stderr']) opened.push(openOutput(path.join(order.sandbox, name)));
    const { uid, gid } = order;
    if (uid === undefined || gid === undefined) return opened;
    for (const fd of opened) fs.fchownSync(fd, uid, gid);
    fs.chownSync(order.sandbox, uid, gid);
    return opened;
  } catch (error) {
    for (const fd of opened) fs.closeSync(fd);
    throw error;
  }
}

function openOutput(file: string): number {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = fs.constants;
  return fs.openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o644);
}
