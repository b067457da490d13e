import assert from 'node:assert/strict';
import path from 'node:path';
import { SeededRandom, type MemberId } from '../../lib/base/index.js';
import { main, type CliIo } from '../../lib/cli/index.js';
import { systemPorts } from '../../lib/client/internal.js';
import { offlineCommands } from '../../lib/node/offline/commands.js';
import { plain } from '../../lib/node/offline/plain.js';
import { restore } from '../../lib/node/offline/restore.js';
import { clusterArchive } from '../support/archives.js';
import { tempFolder } from '../support/temp-folder.js';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...argv: string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const io: CliIo = {
    out: (text) => (out += text),
    outBytes: (bytes) => (out += Buffer.from(bytes).toString()),
    err: (text) => (err += text),
    input: () => Promise.resolve(new Uint8Array(0)),
    env: {},
    onInterrupt: () => () => undefined,
    ports: systemPorts,
    zooKeeper: () => assert.fail('none of these commands speaks ZooKeeper’s protocol'),
  };
  const code = await main(argv, io, [offlineCommands]);
  return { code, out, err };
}

describe('commands on folders and files', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;
  let dir: string;

  beforeEach(async () => {
    folder = tempFolder();
    file = await clusterArchive(folder.path);
    dir = path.join(folder.path, 'm1');
    await restore(file, {
      targets: [{ memberId: 'm1' as MemberId, folder: dir }],
      newCluster: false,
      replace: false,
      force: false,
      wallMs: 1_795_000_000_000,
      random: new SeededRandom(1),
    });
  });

  afterEach(() => folder.remove());

  it('state tells counts and the digest of a snapshot file and of a folder', async () => {
    const ofFile = await run('state', file);
    assert.equal(ofFile.code, 0, ofFile.err);
    const told = JSON.parse(ofFile.out) as { index: number; counts: object; digest: string };
    const inspected = JSON.parse((await run('snapshot', 'inspect', file, '--json')).out) as {
      digest: string;
    };
    assert.equal(told.digest, inspected.digest, 'the digest that the group computed');
    const counts = { frameworks: 0, agents: 0, tasks: 0, tree: 4, sessions: 0, members: 3, roles: 0 };
    assert.deepEqual(told.counts, counts);
    const ofFolder = JSON.parse((await run('state', dir, '--at', String(told.index + 1))).out) as object;
    assert.deepEqual((ofFolder as { counts: object }).counts, { ...counts, members: 0 });
  });

  it('state --table prints one record a line, bytes as text where they are text', async () => {
    const { out } = await run('state', file, '--table', 'tree');
    const nodes = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { path: string; data: string });
    assert.deepEqual(
      nodes.map(({ path: node, data }) => [node, data]),
      [
        ['/', ''],
        ['/n0', 'data 0'],
        ['/n1', 'data 1'],
        ['/n2', 'data 2'],
      ],
    );
  });

  it('state says which entries there are when asked for another', async () => {
    const { code, err } = await run('state', dir, '--at', '3');
    assert.equal(code, 3);
    assert.match(err, /from its newest cut on, it holds entries 9 to 9/);
    assert.match((await run('state', file, '--at', '3')).err, /is the state at entry 8, and has no log/);
  });

  it('log of a folder whose log is empty prints nothing, and an index beyond it is refused', async () => {
    assert.deepEqual(await run('log', dir, '--json'), { code: 0, out: '', err: '' });
    assert.match((await run('log', dir, '--from', '4')).err, /holds no entry, its log goes on above 9/);
  });

  it('recover with --json asks nothing, so it wants to be told', async () => {
    const { code, err } = await run('recover', dir, '--json');
    assert.equal(code, 2);
    assert.match(err, /--yes or --survey/);
    const survey = await run('recover', dir, '--json', '--survey');
    assert.equal((JSON.parse(survey.out) as { best: string }).best, 'm1');
  });

  it('restore wants to know whose folder it makes', async () => {
    assert.equal((await run('snapshot', 'restore', file, '--dir', dir)).code, 2);
    assert.equal((await run('snapshot', 'restore', file, '--dir', dir, '--members', 'm1,m1')).code, 2);
    assert.equal((await run('snapshot', 'restore', file, '--dir', dir, '--id', '../x')).code, 2);
  });

  it('plain JSON: text bytes as text, other bytes in base64', () => {
    assert.deepEqual(plain({ a: Buffer.from('tâche'), b: Uint8Array.of(0, 255), c: new Map([['k', 1]]) }), {
      a: 'tâche',
      b: { base64: 'AP8=' },
      c: { k: 1 },
    });
  });
});
