import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** sockaddr_un holds 108 bytes on Linux, 104 elsewhere, the final NUL included. */
const LONGEST_BYTES = 100;

/**
 * Calls `use` with a name of the socket that fits an address: the shorter of its absolute and relative names, or
 * one through a link in the temporary folder, made for the moment of connecting. Returns what undoes that.
 */
export function shortSocketPath(socket: string): { readonly name: string; release(): void } {
  const names = [path.relative(process.cwd(), socket), socket].sort((a, b) => a.length - b.length);
  if (Buffer.byteLength(names[0]!) <= LONGEST_BYTES) return { name: names[0]!, release: () => {} };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tepui-'));
  const link = path.join(folder, 'meta');
  fs.symlinkSync(path.resolve(path.dirname(socket)), link);
  return {
    name: path.join(link, path.basename(socket)),
    release: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
