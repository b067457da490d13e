import assert from 'node:assert/strict';
import { DEFAULT_WORDS } from '../../../lib/api/zookeeper/words/index.js';
import { CREATE_FLAGS, OP } from '../../../lib/wire/zookeeper/index.js';
import { hostname } from 'node:os';
import { eventually } from '../../support/eventually.js';
import { DoorWorld, type RawClient } from './door-world.js';

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n';

/** The lines of an answer, with what differs from run to run replaced. */
function masked(text: string): string[] {
  return text
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replaceAll(/0x[0-9a-f]{10,16}/g, 'SESSION')
    .replaceAll(/(est|lresp|llat|minlat|avglat|maxlat)=\d+/g, '$1=N')
    .split('\n');
}

describe('four-letter words', () => {
  let world: DoorWorld;
  let client: RawClient;

  beforeEach(async () => {
    world = await DoorWorld.open();
    client = await world.session();
    await client.create('/a');
    await client.create('/a/e', CREATE_FLAGS.ephemeral);
    await client.exists('/a', true);
    await client.exists('/q', true);
  });

  afterEach(() => world.close());

  it('answer ruok with imok and no newline, as all that is sent', async () => {
    assert.equal(await world.word('ruok'), 'imok');
  });

  it('may come byte by byte, and with a newline', async () => {
    assert.equal(await world.word('r', 'u', 'o', 'k'), 'imok');
    assert.equal(await world.word('ruok\n'), 'imok');
  });

  it('close the connection without an answer where nobody knows them', async () => {
    assert.equal(await world.word('abcd'), '');
  });

  it('are no words once the connection has begun', async () => {
    client.socket.write('ruok');
    await client.end();
  });

  it('print what srvr prints in ZooKeeper 3.8', async () => {
    const zxid = world.process.member.machine.revision.toString(16);
    assert.deepEqual((await world.word('srvr')).replace(/: \d+\/[\d.]+\/\d+/, ': L').split('\n'), [
      'Zookeeper version: 3.8.0-tepui-1.2.3',
      'Latency min/avg/max: L',
      'Received: 6',
      'Sent: 5',
      'Connections: 2',
      'Outstanding: 0',
      `Zxid: 0x${zxid}`,
      'Mode: standalone',
      'Node count: 6',
      '',
    ]);
  });

  it('list connections in stat, with their counts', async () => {
    const lines = masked(await world.word('stat'));
    assert.deepEqual(lines.slice(1, 5), [
      'Clients:',
      ' /ADDRESS[1](queued=0,recved=5,sent=5)',
      ' /ADDRESS[0](queued=0,recved=1,sent=0)',
      '',
    ]);
    assert.ok(lines[5]!.startsWith('Latency min/avg/max: '));
  });

  it('tell in cons what each client asked last, and forget it after crst', async () => {
    const details = 'sid=SESSION,lop=EXIS,est=N,to=10000,lcxid=0x4';
    const zxid = world.process.member.machine.revision.toString(16);
    const rest = 'lresp=N,llat=N,minlat=N,avglat=N,maxlat=N';
    const before = masked(await world.word('cons'));
    assert.equal(before[0], ` /ADDRESS[1](queued=0,recved=5,sent=5,${details},lzxid=0x${zxid},${rest})`);
    assert.deepEqual(before.slice(2), ['', '']);
    assert.equal(await world.word('crst'), 'Connection stats reset.\n');
    const after = await world.word('cons');
    assert.match(
      after,
      /queued=0,recved=0,sent=0,sid=0x[0-9a-f]+,lop=NA,.*to=10000,lzxid=0xffffffffffffffff,/,
    );
  });

  it('count in mntr clients that cannot prove who they say they are, and how long answers were', async () => {
    await client.ask({ op: OP.auth, scheme: 'nosuch', credentials: Buffer.alloc(0) });
    const lines = (await world.word('mntr')).split('\n');
    for (const line of [
      'zk_auth_failed_count\t1',
      'zk_last_client_response_size\t16',
      'zk_min_client_response_size\t16',
    ]) {
      assert.ok(lines.includes(line), lines.join());
    }
  });

  it('begin to count anew after srst', async () => {
    assert.equal(await world.word('srst'), 'Server stats reset.\n');
    assert.match(await world.word('srvr'), /Received: 1\nSent: 0\n/);
  });

  it('give mntr one line for each metric: its name, a tab, its value', async () => {
    const lines = (await world.word('mntr')).trimEnd().split('\n');
    const values = new Map(lines.map((line) => line.split('\t') as [string, string]));
    const expected = {
      zk_version: '3.8.0-tepui-1.2.3',
      zk_server_state: 'standalone',
      zk_ephemerals_count: '1',
      zk_num_alive_connections: '2',
      zk_znode_count: '6',
      zk_global_sessions: '1',
      zk_watch_count: '2',
      zk_packets_received: '6',
      zk_packets_sent: '5',
      zk_outstanding_requests: '0',
      zk_connection_rejected: '0',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(values.get(name), value, name);
    assert.ok(Number(values.get('zk_open_file_descriptor_count')) > 2);
    const paths = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config', '/a', '/a/e'];
    // Two of them hold a byte.
    assert.equal(values.get('zk_approximate_data_size'), `${paths.join('').length + 2}`);
  });

  it('show in hash the digests of checkpoints, by zxid: alike on every member', async () => {
    const { member } = world.process;
    const seen: string[] = [];
    let others = 0;
    member.listen({
      cut: (index, digest, revision) => {
        if (!member.machine.checkpoints.list().some((one) => one.index === index)) return void others++;
        seen.push(`${revision.toString(16)}: ${BigInt(`0x${digest}`)}\n`);
      },
    });
    await client.create('/b');
    await eventually(() => Promise.resolve(others > 0), 5_000, 'the state is written');
    assert.equal(await world.word('hash'), '');
    for (const _ of [1, 2]) {
      const proposal = { outcome: null };
      world.group.command('m1', { kind: 'checkpoint' }, proposal);
      const before = seen.length;
      await eventually(() => Promise.resolve(seen.length > before), 5_000, 'the checkpoint is written');
    }
    assert.equal(await world.word('hash'), seen.join(''));
    assert.equal(new Set(seen).size, 2);
  });

  it('show the version in envi as kazoo reads it', async () => {
    const text = await world.word('envi');
    assert.ok(text.startsWith('Environment:\nzookeeper.version=3.8.0-tepui-1.2.3\n'));
    assert.ok(text.includes(`host.name=${hostname()}\n`));
  });

  it('show the configuration in conf, the sizes of the folder in dirs', async () => {
    const text = await world.word('conf');
    assert.ok(
      text.startsWith(`clientPort=${world.port}\nsecureClientPort=-1\ndataDir=/data/m1\ndataDirSize=4321\n`),
    );
    assert.ok(text.includes('\nminSessionTimeout=4000\nmaxSessionTimeout=40000\n'));
    const reader = await client.ask({ op: OP.getData, path: '/zookeeper/config', watch: false });
    const members = typeof reader === 'number' ? null : Buffer.from(reader.buffer() ?? []).toString();
    assert.ok(text.endsWith(`\nelectionPort=1\nquorumPort=1\npeerType=0\nmembership: \n${members}`), text);
    assert.equal(await world.word('dirs'), 'datadir_size: 4321\nlogdir_size: 4321\n');
  });

  it('show who owns what in dump', async () => {
    assert.deepEqual(masked(await world.word('dump')), [
      'SessionTracker dump:',
      'Global Sessions(1):',
      'SESSION\t10000ms',
      'ephemeral nodes dump:',
      'Sessions with Ephemerals (1):',
      'SESSION:',
      '\t/a/e',
      'Connections dump:',
      'Connections (2):',
      '\tip: /ADDRESS sessionId: SESSION',
      '\tip: /ADDRESS sessionId: 0x0',
      '',
    ]);
  });

  it('show watches in sum, by session and by path', async () => {
    await client.ask({ op: OP.getChildren, path: '/a', watch: true });
    assert.equal(await world.word('wchs'), '1 connections watching 2 paths\nTotal watches:3\n');
    assert.deepEqual(masked(await world.word('wchc')), ['SESSION', '\t/a', '\t/q', '', '']);
    assert.deepEqual(masked(await world.word('wchp')), ['/a', '\tSESSION', '/q', '\tSESSION', '', '']);
  });

  it('say that there is a server that takes writes', async () => {
    assert.equal(await world.word('isro'), 'rw');
  });
});

describe('four-letter words without a quorum', () => {
  let world: DoorWorld;

  before(async () => {
    world = await DoorWorld.withoutQuorum();
  });

  after(() => world.close());

  it('answer for the process', async () => {
    assert.equal(await world.word('ruok'), 'imok');
    assert.equal(await world.word('isro'), 'null');
    assert.match(await world.word('envi'), /^Environment:\n/);
    assert.match(await world.word('conf'), /^clientPort=/);
  });

  it('say of the service that there is none', async () => {
    for (const word of ['srvr', 'stat', 'mntr', 'cons', 'dump', 'wchs', 'wchc', 'wchp', 'crst', 'srst']) {
      assert.equal(await world.word(word), NOT_SERVING, word);
    }
  });
});

describe('the white list of words', () => {
  it('holds those that cost little and name no client, unless it is told', async () => {
    const world = await DoorWorld.open({ words: DEFAULT_WORDS });
    try {
      assert.equal(await world.word('ruok'), 'imok');
      for (const word of ['srvr', 'mntr', 'isro', 'conf', 'envi']) {
        assert.doesNotMatch(await world.word(word), /whitelist/, word);
      }
      assert.equal(await world.word('dump'), 'dump is not executed because it is not in the whitelist.\n');
    } finally {
      await world.close();
    }
  });
});
