import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OP, ZK_ERROR, type Request } from '../../lib/wire/zookeeper/index.js';
import { FakeServer } from '../client/zookeeper/fake-server.js';
import { Harness, type Finished } from './harness.js';

const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

describe('tepui zk', () => {
  let server: FakeServer;
  let harness: Harness;
  let folder: string;

  beforeEach(async () => {
    server = new FakeServer();
    harness = new Harness();
    harness.env['TEPUI_ZK_SERVERS'] = await server.start();
    folder = mkdtempSync(path.join(tmpdir(), 'tepui-zk-'));
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await server.stop();
  });

  async function zk(...argv: string[]): Promise<Finished & { readonly json: Json }> {
    harness.out = '';
    harness.err = '';
    const finished = await harness.run('zk', ...argv);
    return { ...finished, json: argv.includes('--json') && finished.out !== '' ? parsed(finished.out) : {} };
  }

  const put = (where: string, data: string | null = null): unknown =>
    server.tree.put(where, data === null ? null : Buffer.from(data), OPEN);
  const sent = (op: Request['op']): readonly Request[] => server.requests.filter((one) => one.op === op);

  it('create takes data from the argument, a file or standard input, and none otherwise', async () => {
    const file = path.join(folder, 'data');
    writeFileSync(file, 'from a file');
    harness.input = 'from a pipe';
    await zk('create', '/a', 'an argument');
    await zk('create', '/b', '--file', file);
    await zk('create', '/c', '--file', '-');
    await zk('create', '/d');
    await zk('create', '/e', '');
    const data = ['/a', '/b', '/c', '/d', '/e'].map((one) => server.tree.nodes.get(one)!.data);
    const texts = data.map((one) => (one === null ? null : Buffer.from(one).toString()));
    assert.deepEqual(texts, ['an argument', 'from a file', 'from a pipe', null, '']);
  });

  it('create prints the path that a sequential node got', async () => {
    assert.equal((await zk('create', '/n-', '-s')).out, '/n-0000000000\n');
  });

  it('create -c and --ttl ask for a container and a time to live', async () => {
    await zk('create', '/a', '-c');
    await zk('create', '/b', '--ttl', '1.5');
    assert.deepEqual(
      server.requests.flatMap((one) => ('ttlMs' in one ? [[one.op, one.flags, one.ttlMs]] : [])),
      [
        [OP.createContainer, 4, -1],
        [OP.createTtl, 5, 1500],
      ],
    );
  });

  it('create -e holds the node until it is interrupted, then ends the session', async () => {
    const polling = setInterval(() => {
      if (harness.out !== '') harness.interrupt();
    }, 1);
    const { out, exitCode } = await zk('create', '/a', '-e');
    clearInterval(polling);
    assert.equal(out, '/a\n');
    assert.equal(exitCode, 130);
    assert.equal(sent(OP.closeSession).length, 1);
  });

  for (const flags of [
    ['-e', '-c'],
    ['-c', '-s'],
    ['-e', '--ttl', '1'],
    ['--ttl', '0'],
    ['--acl', 'world'],
  ]) {
    it(`create refuses ${flags.join(' ')} before anything is sent`, async () => {
      assert.equal((await zk('create', '/a', ...flags)).exitCode, 2);
      assert.deepEqual(server.greetings, []);
    });
  }

  it('get prints the bytes and nothing else', async () => {
    put('/a', 'no newline');
    assert.equal((await zk('get', '/a')).out, 'no newline');
  });

  it('get --json tells data that is null from empty data, and text from bytes', async () => {
    put('/null');
    put('/empty', '');
    put('/text', 'grün');
    server.tree.put('/bytes', Uint8Array.of(0xff, 0), OPEN);
    const found = [];
    for (const one of ['/null', '/empty', '/text', '/bytes']) {
      const { json } = await zk('get', one, '--json');
      found.push([json['data'], json['text']]);
    }
    assert.deepEqual(found, [
      [null, null],
      ['', ''],
      ['Z3LDvG4=', 'grün'],
      ['/wA=', null],
    ]);
  });

  it('ls -R has every node before its children, and these before its next sibling', async () => {
    for (const one of ['/a', '/a/b', '/a-b', '/a/c', '/a/b/d']) put(one);
    assert.equal((await zk('ls', '/', '-R')).out, '/\n/a\n/a/b\n/a/b/d\n/a/c\n/a-b\n/zookeeper\n');
  });

  it('set --version is refused with 3 where the node has another one', async () => {
    put('/a');
    assert.equal((await zk('set', '/a', 'x', '--version', '0')).exitCode, 0);
    const { exitCode, err } = await zk('set', '/a', 'y', '--version', '0');
    assert.equal(exitCode, 3);
    assert.match(err, /\[BAD_VERSION\]/);
  });

  it('set without data is an error of usage, and --null takes the data away', async () => {
    put('/a', 'x');
    assert.equal((await zk('set', '/a')).exitCode, 2);
    assert.equal((await zk('set', '/a', '--null')).exitCode, 0);
    assert.equal(server.tree.nodes.get('/a')!.data, null);
  });

  it('rm -r deletes children first', async () => {
    for (const one of ['/a', '/a/b', '/a/b/c', '/a/d']) put(one);
    const { json, exitCode } = await zk('rm', '/a', '-r', '--json');
    assert.equal(exitCode, 0);
    assert.deepEqual(json, { path: '/a', deleted: 4, left: [] });
    assert.equal(server.tree.nodes.has('/a'), false);
  });

  it('rm -r says what is left, and why, when some of it is refused', async () => {
    for (const one of ['/a', '/a/b', '/a/b/c', '/a/d']) put(one);
    server.refuse = (one) => (one.op === OP.delete && one.path === '/a/b/c' ? ZK_ERROR.noAuth : null);
    const { json, exitCode } = await zk('rm', '/a', '-r', '--json');
    assert.equal(exitCode, 1);
    assert.deepEqual(json, {
      path: '/a',
      deleted: 1,
      left: [
        { path: '/a/b/c', code: 'NO_AUTH' },
        { path: '/a/b', code: null },
        { path: '/a', code: null },
      ],
    });
  });

  it('rm -r of which nothing could be deleted is a refusal', async () => {
    put('/a');
    server.refuse = ({ op }) => (op === OP.delete ? ZK_ERROR.noAuth : null);
    assert.equal((await zk('rm', '/a', '-r')).exitCode, 3);
  });

  it('rm -r goes on where a child is created meanwhile', async () => {
    put('/a');
    put('/a/b');
    let once = true;
    server.onRequest = (one) => {
      if (once && one.op === OP.delete && one.path === '/a') put('/a/late');
      if (one.op === OP.delete && one.path === '/a') once = false;
      return 'serves';
    };
    const { json } = await zk('rm', '/a', '-r', '--json');
    assert.deepEqual(json, { path: '/a', deleted: 3, left: [] });
  });

  for (const one of ['/', '/zookeeper']) {
    it(`rm -r ${one} is refused before its children are gone`, async () => {
      assert.equal((await zk('rm', one, '-r')).exitCode, 2);
      assert.deepEqual(server.greetings, []);
    });
  }

  it('a write whose connection breaks is exit code 4', async () => {
    put('/a');
    server.onRequest = ({ op }) => (op === OP.setData ? 'hangs up' : 'serves');
    const { exitCode, err } = await zk('set', '/a', 'x', '--json');
    assert.equal(exitCode, 4);
    assert.equal((parsed(err)['error'] as { outcomeUnknown: boolean }).outcomeUnknown, true);
  });

  it('nothing reachable is exit code 5', async () => {
    const stopped = new FakeServer();
    const address = await stopped.start();
    await stopped.stop();
    assert.equal((await zk('ls', '/', '--servers', address, '--timeout', '0.2')).exitCode, 5);
  });

  it('credentials come from flags, the environment or a file', async () => {
    const file = path.join(folder, 'auth');
    writeFileSync(file, 'digest:c:3\n\ndigest:d:4:5\n');
    await zk('stat', '/', '--auth', 'digest:a:1', '--auth', 'digest:b:2');
    harness.env['TEPUI_ZK_AUTH'] = 'digest:e:6';
    harness.env['TEPUI_ZK_AUTH_FILE'] = file;
    await zk('stat', '/');
    const secrets = server.requests.flatMap((one) =>
      one.op === OP.auth ? [`${one.scheme}:${Buffer.from(one.credentials).toString()}`] : [],
    );
    assert.deepEqual(secrets, ['digest:a:1', 'digest:b:2', 'digest:e:6', 'digest:c:3', 'digest:d:4:5']);
  });

  it('refused credentials are not repeated in the error', async () => {
    const { exitCode, err } = await zk('stat', '/', '--auth', 'hunter2');
    assert.equal(exitCode, 2);
    assert.doesNotMatch(err, /hunter2/);
  });
});

type Json = Readonly<Record<string, unknown>>;

function parsed(text: string): Json {
  return JSON.parse(text) as Json;
}
