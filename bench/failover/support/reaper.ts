import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/**
 * A process of its own that kills what is still on its list when this process ends, however it ends: the
 * kernel closes the pipe between them.
 */
export class Reaper {
  private pipe: Socket | null = null;

  add(pid: number): void {
    this.say(`+${pid}\n`);
  }

  /** `pid` has ended: the number may soon belong to somebody else. */
  remove(pid: number): void {
    this.say(`-${pid}\n`);
  }

  private say(line: string): void {
    this.pipe ??= start();
    this.pipe.write(line);
  }
}

function start(): Socket {
  const main = fileURLToPath(new URL('./reaper-main.js', import.meta.url));
  // A group of its own: Ctrl-C at the terminal must not end it before its work is done.
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const pipe = child.stdin as Socket;
  child.unref();
  pipe.unref();
  pipe.on('error', () => undefined);
  return pipe;
}
