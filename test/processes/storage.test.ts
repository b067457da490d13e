import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { FolderSource } from '../../lib/storage/index.js';
import { logOf, open, withFolder } from '../storage/helpers.js';

const WRITER = join(import.meta.dirname, 'storage-writer.js');

interface Ending {
  readonly code: number | null;
  /** Indexes that the process reported durable. */
  readonly reported: number[];
  readonly errors: string;
}

/** Runs the writer until it ends by itself, or kills it once it has reported `killAfter` entries. */
async function write(path: string, shell: string, killAfter: number | null): Promise<Ending> {
  const child = spawn('sh', ['-c', `${shell} exec "$0" "$1" "$2"`, process.execPath, WRITER, path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (killAfter !== null && out.split('\n').length > killAfter) child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  // A line cut off by the kill was not reported.
  const reported = out
    .slice(0, out.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  return { code, reported, errors };
}

async function assertKept(path: string, reported: number): Promise<void> {
  const folder = await open(new FolderSource(path));
  const log = logOf(folder);
  assert.deepEqual(log.health, { kind: 'intact' });
  assert.ok(log.lastIndex() >= reported, `${reported} reported durable, ${log.lastIndex()} found`);
  for (const { index, data } of log.read(1, log.lastIndex() + 1, Infinity)) {
    assert.ok(data.length === 2000 && data.every((byte) => byte === (index & 0xff)), `entry ${index}`);
  }
  await folder.close();
}

describe('a process that writes a log', () => {
  it('ends at the first write its disk refuses, and has lost nothing it reported', () =>
    withFolder(async (path) => {
      // No file may grow above about 500 KiB: the system refuses the write in the middle of a record.
      const ending = await write(path, `trap '' XFSZ; ulimit -f 1000;`, null);
      assert.equal(ending.code, 6, ending.errors);
      assert.match(ending.errors, /STORAGE/);
      assert.ok(ending.reported.length > 50, `${ending.reported.length} entries reported`);
      await assertKept(path, ending.reported.length);
      const again = await write(path, '', 100);
      await assertKept(path, again.reported.at(-1) ?? 0);
    })).timeout(120_000);

  it('has lost nothing it reported when it is killed, again and again', () =>
    withFolder(async (path) => {
      let last = 0;
      for (const killAfter of [1, 20, 50]) {
        const ending = await write(path, '', killAfter);
        assert.equal(ending.code, null);
        assert.ok(ending.reported.length >= killAfter);
        last = ending.reported.at(-1)!;
        await assertKept(path, last);
      }
      assert.ok(last >= 71, `${last}`);
    })).timeout(120_000);
});
