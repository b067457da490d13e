import { Socket } from 'node:net';

/**
 * Watches the pipe that `dev` holds open for its processes: its end means that `dev` is gone, however it went.
 * Without TEPUI_LIFELINE_FD there is nothing to watch.
 */
export function watchLifeline(gone: () => void): void {
  const fd = Number(process.env['TEPUI_LIFELINE_FD'] ?? '');
  if (!Number.isInteger(fd) || fd < 3) return;
  // A socket, not a file stream: a read of a file would hold a thread of the pool that LevelDB needs.
  const pipe = new Socket({ fd, readable: true, writable: false });
  let told = false;
  const tell = () => {
    if (!told) gone();
    told = true;
  };
  pipe.on('end', tell).on('error', tell).on('close', tell).resume();
  pipe.unref();
}
