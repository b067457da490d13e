import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderSource } from '../../lib/storage/index.js';
import { appendTerm, contentsOf, group, logOf, open, openFormed, withFolder } from './helpers.js';

/** A folder with twenty entries, in tables, and a cut, closed. */
async function twenty(path: string): Promise<string[]> {
  const source = new FolderSource(path);
  const folder = await openFormed(source);
  await appendTerm(logOf(folder), 1, 20);
  const contents = contentsOf(logOf(folder));
  const chain = logOf(folder).chainAt(8)!.slice();
  const meta = { index: 8, term: 1, revision: 8, configuration: group, digest: '00', chain };
  await folder.state.writeCut(meta, [], []);
  await folder.close();
  await (await open(source)).close();
  return contents;
}

describe('a database whose starts end', () => {
  it('counts a start until it has read everything, and forgets it at a proper end', () =>
    withFolder(async (path) => {
      await twenty(path);
      const note = join(path, 'raft', 'opening');
      assert(!existsSync(note));
      const folder = await open(new FolderSource(path));
      assert.equal(readFileSync(note, 'utf8'), '0 0');
      await folder.close();
      assert(!existsSync(note));
    }));

  it('is opened all the same when nothing is wrong with it, however often they were killed', () =>
    withFolder(async (path) => {
      const contents = await twenty(path);
      for (const name of ['raft', 'state']) writeFileSync(join(path, name, 'opening'), '7 7');
      const folder = await open(new FolderSource(path));
      assert.equal(logOf(folder).health.kind, 'intact');
      assert.deepEqual(contentsOf(logOf(folder)), contents);
      await folder.close();
    }));

  it('is set aside when another process that reads all of it meets damage', () =>
    withFolder(async (path) => {
      await twenty(path);
      const table = readdirSync(join(path, 'raft')).find((name) => name.endsWith('.ldb'))!;
      truncateSync(join(path, 'raft', table), 100);
      writeFileSync(join(path, 'raft', 'opening'), '2 0');
      const folder = await open(new FolderSource(path));
      assert.equal(logOf(folder).health.kind, 'log-damaged');
      assert(existsSync(join(path, 'raft-damaged', 'CURRENT')));
      await folder.close();
    }));

  it('is set aside when damage was met while it was in use', () =>
    withFolder(async (path) => {
      await twenty(path);
      writeFileSync(join(path, 'raft', 'found-damaged'), 'Corruption: bad entry in block');
      const folder = await open(new FolderSource(path));
      const { health } = logOf(folder);
      assert(health.kind === 'log-damaged');
      assert.match(health.detail, /found damaged while in use: Corruption: bad entry in block/);
      assert.deepEqual(health.promised, { term: 1, index: 20 });
      await folder.close();
      const again = await open(new FolderSource(path));
      assert.equal(logOf(again).health.kind, 'log-damaged', 'until it is refilled');
      await again.close();
    }));
});
