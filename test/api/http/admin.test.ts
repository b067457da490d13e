import assert from 'node:assert/strict';
import { printJson } from '../../../lib/api/http/admin/jackson.js';
import { CREATE_FLAGS } from '../../../lib/wire/zookeeper/index.js';
import { eventually } from '../../support/eventually.js';
import { DoorWorld, type RawClient } from '../zookeeper/door-world.js';
import { HttpWorld } from './http-world.js';

const ALL = [
  'configuration',
  'connection_stat_reset',
  'connections',
  'dirs',
  'dump',
  'environment',
  'get_trace_mask',
  'hash',
  'initial_configuration',
  'is_read_only',
  'last_snapshot',
  'leader',
  'monitor',
  'observer_connection_stat_reset',
  'observers',
  'ruok',
  'server_stats',
  'set_trace_mask',
  'stat_reset',
  'stats',
  'system_properties',
  'voting_view',
  'watch_summary',
  'watches',
  'watches_by_path',
  'zabstate',
];

describe('commands of the AdminServer', () => {
  let world: DoorWorld;
  let http: HttpWorld;
  let client: RawClient;

  beforeEach(async () => {
    world = await DoorWorld.open();
    http = await HttpWorld.open(world);
    client = await world.session();
  });
  afterEach(async () => {
    await http.close();
    await world.close();
  });

  /** The session as a number of 64 bits. */
  function session(): string {
    return BigInt(`0x${client.session}`).toString();
  }

  it('are listed as links', async () => {
    const { headers, text } = await http.get('/commands');
    assert.match(headers['content-type']!, /^text\/html/);
    assert.deepEqual(
      Array.from(text.matchAll(/<a href="\/commands\/(\w+)">\1<\/a>/g), ([, name]) => name),
      ALL,
    );
  });

  it('end with their name and no error, whatever they were called by', async () => {
    for (const name of ALL) {
      const answer = await http.command(name);
      assert.deepEqual(Object.keys(answer).slice(-2).sort(), ['command', 'error'], name);
      const error = name === 'set_trace_mask' ? 'There is no trace log' : null;
      assert.deepEqual([answer['command'], answer['error']], [name, error]);
    }
    assert.equal((await http.command('mntr'))['command'], 'monitor');
    assert.equal((await http.command('cons'))['command'], 'connections');
  });

  it('that there are not say so', async () => {
    const error = 'Unknown command: nosuch';
    assert.deepEqual(await http.command('nosuch'), { command: 'nosuch', error });
  });

  it('show connections with the fields of ZooKeeper', async () => {
    await client.create('/a');
    const { text } = await http.get('/commands/connections');
    assert.match(text, new RegExp(`"session_id" : ${session()},`));
    const { connections, secure_connections: secure } = JSON.parse(text) as Record<string, object[]>;
    assert.deepEqual(secure, []);
    assert.deepEqual(Object.keys(connections![0]!), [
      'remote_socket_address',
      'interest_ops',
      'outstanding_requests',
      'packets_received',
      'packets_sent',
      'session_id',
      'last_operation',
      'established',
      'session_timeout',
      'last_cxid',
      'last_zxid',
      'last_response_time',
      'last_latency',
      'min_latency',
      'avg_latency',
      'max_latency',
    ]);
  });

  it('show watches by session and by path, and who owns ephemeral nodes', async () => {
    await client.create('/e', CREATE_FLAGS.ephemeral);
    await client.exists('/e', true);
    await client.exists('/q', true);
    const id = session();
    const paths = (await http.command('watches'))['session_id_to_watched_paths'];
    assert.deepEqual(paths, { [id]: ['/e', '/q'] });
    assert.match((await http.get('/commands/watches_by_path')).text, new RegExp(`"/e" : \\[ ${id} \\]`));
    const { command: _, error: __, ...summary } = await http.command('watch_summary');
    assert.deepEqual(summary, { num_connections: 1, num_paths: 2, num_total_watches: 2 });
    assert.deepEqual((await http.command('dump'))['session_id_to_ephemeral_paths'], { [id]: ['/e'] });
  });

  it('show the members, and who leads', async () => {
    const leader = await http.command('leader');
    assert.deepEqual(leader, {
      is_leader: true,
      leader_id: 1,
      leader_ip: 'm1',
      command: 'leader',
      error: null,
    });
    assert.deepEqual((await http.command('voting_view'))['current_config'], {
      1: {
        server_addresses: ['m1:1'],
        election_addresses: ['m1:1'],
        client_address: '',
        learner_type: 'participant',
      },
    });
    const { myid, voting, zabstate } = await http.command('zabstate');
    assert.deepEqual([myid, voting, zabstate], [1, true, 'broadcast']);
  });

  it('show numbers as numbers', async () => {
    const { version, server_state, znode_count, avg_latency } = await http.command('monitor');
    assert.deepEqual([version, server_state], ['3.8.0-tepui-1.2.3', 'standalone']);
    assert.deepEqual([typeof znode_count, typeof avg_latency], ['number', 'number']);
    const stats = (await http.command('stats'))['server_stats'] as Record<string, unknown>;
    assert.equal(stats['num_alive_client_connections'], 1);
  });

  it('show the last state that was written, and the digests of checkpoints', async () => {
    await client.create('/a');
    world.group.command('m1', { kind: 'checkpoint' }, { outcome: null });
    const digests = async (): Promise<object[]> => (await http.command('hash'))['digests'] as object[];
    await eventually(async () => (await digests()).length > 0, 5_000, 'the checkpoint is written');
    const { zxid, timestamp } = await http.command('last_snapshot');
    const { revision } = world.process.member.machine;
    assert.ok(parseInt(String(zxid), 16) <= revision && parseInt(String(zxid), 16) >= revision - 1);
    assert.equal(typeof timestamp, 'number');
    assert.deepEqual(Object.keys((await digests())[0]!), ['zxid', 'digest', 'digest_version']);
  });

  it('set counters to zero', async () => {
    await client.create('/a');
    await http.command('stat_reset');
    const stats = (await http.command('server_stats'))['server_stats'] as Record<string, unknown>;
    assert.equal(stats['packets_received'], 0);
  });

  it('print as Jackson does', () => {
    const value = { a: 1, b: [1n, 'x'], c: [], d: {}, e: { f: null }, g: [{ h: true }] };
    assert.equal(
      printJson(value),
      [
        '{',
        '  "a" : 1,',
        '  "b" : [ 1, "x" ],',
        '  "c" : [ ],',
        '  "d" : { },',
        '  "e" : {',
        '    "f" : null',
        '  },',
        '  "g" : [ {',
        '    "h" : true',
        '  } ]',
        '}',
      ].join('\n'),
    );
  });
});

describe('commands of the AdminServer that are not answered', () => {
  let world: DoorWorld;
  let http: HttpWorld;

  afterEach(async () => {
    await http.close();
    await world.close();
  });

  it('are those whose word is not allowed', async () => {
    world = await DoorWorld.open({ words: ['ruok', 'mntr'] });
    http = await HttpWorld.open(world);
    const refused = await http.command('stats');
    assert.match(String(refused['error']), /word stat is not in the whitelist/);
    assert.equal('connections' in refused, false);
    assert.equal((await http.command('monitor'))['error'], null);
  });

  it('are, without a leader, all but those about the process alone', async () => {
    world = await DoorWorld.withoutQuorum();
    http = await HttpWorld.open(world);
    const error = 'This ZooKeeper instance is not currently serving requests';
    assert.equal((await http.command('monitor'))['error'], error);
    for (const name of ['ruok', 'configuration', 'environment', 'dirs']) {
      assert.equal((await http.command(name))['error'], null, name);
    }
  });

  it('are all where there is no door for ZooKeeper clients', async () => {
    world = await DoorWorld.open();
    http = await HttpWorld.open(world, { zookeeper: null });
    assert.match(String((await http.command('ruok'))['error']), /no door for ZooKeeper clients/);
  });
});
