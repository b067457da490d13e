import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { KAZOO, PYTHON } from './needs.js';

/** Where `install.sh` puts what is no package of the system. */
export const INSTALLED = path.resolve('.tepui/foreign');
const SOURCES = path.resolve('test/foreign/clients');

/** A worker that writes, owns and follows nodes below /plain/NAME; c/worker.c says how it is told and what it says. */
export interface PlainClient {
  readonly name: string;
  /** Its command, to be followed by the worker's name and the doors. Null: this machine has not got it. */
  prepare(folder: string): readonly string[] | null;
}

export const PLAIN_CLIENTS: readonly PlainClient[] = [
  {
    name: 'the C client',
    prepare(folder) {
      const program = path.join(folder, 'c-worker');
      const source = path.join(SOURCES, 'c/worker.c');
      const flags = ['-O1', '-DTHREADED', '-o', program, source, '-lzookeeper_mt', '-lpthread'];
      return spawnSync('gcc', flags, { stdio: 'ignore' }).status === 0 ? [program] : null;
    },
  },
  {
    name: 'node-zookeeper-client',
    prepare() {
      const modules = path.join(INSTALLED, 'node_modules');
      if (!existsSync(path.join(modules, 'node-zookeeper-client'))) return null;
      return [process.execPath, path.join(SOURCES, 'node/worker.cjs'), modules];
    },
  },
  {
    name: 'kazoo',
    prepare() {
      const [command, ...args] = KAZOO;
      const { status } = spawnSync(command, args, { stdio: 'ignore' });
      return status === 0 ? [PYTHON, path.join(SOURCES, 'kazoo/plain.py')] : null;
    },
  },
];
