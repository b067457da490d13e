import net from 'node:net';
import { TepuiError } from '../base/index.js';

/**
 * A lifeline is the reading end of a pipe whose other end a parent keeps open as long as it lives: its end means
 * that the parent is gone, however it died. Nothing is ever sent through it.
 */
export interface Lifeline {
  close(): void;
}

export const LIFELINE_VARIABLE = 'TEPUI_LIFELINE_FD';

/** The descriptor that a parent passed in `TEPUI_LIFELINE_FD`, undefined when there is none. */
export function lifelineFd(environment: NodeJS.ProcessEnv): number | undefined {
  const text = environment[LIFELINE_VARIABLE];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Calls back once when the pipe ends. Does not keep the process running. Throws CONFIG if there is no pipe. */
export function watchLifeline(fd: number, onEnd: () => void): Lifeline {
  const socket = openPipe(fd);
  socket.on('error', () => {});
  socket.once('close', onEnd);
  socket.resume();
  socket.unref();
  return {
    close: () => {
      socket.off('close', onEnd);
      socket.destroy();
    },
  };
}

function openPipe(fd: number): net.Socket {
  try {
    return new net.Socket({ fd, readable: true, writable: false });
  } catch (cause) {
    throw new TepuiError('CONFIG', `${LIFELINE_VARIABLE} is ${fd}, which is not an open pipe`, { cause });
  }
}
