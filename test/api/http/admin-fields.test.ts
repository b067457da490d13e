import assert from 'node:assert/strict';
import { DoorWorld } from '../zookeeper/door-world.js';
import { HttpWorld } from './http-world.js';

/**
 * What Debian's ZooKeeper 3.8.0 answers (the leader of three, one of them an observer; a client with a watch and an
 * ephemeral node), as paths of fields, without those that are not here: see docs/http.md.
 */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  configuration: [
    'client_port',
    'data_dir',
    'data_log_dir',
    'max_client_cnxns',
    'min_session_timeout',
    'max_session_timeout',
    'server_id',
    'client_port_listen_backlog',
  ],
  connection_stat_reset: [],
  connections: ['connections', 'secure_connections'],
  dirs: ['datadir_size', 'logdir_size'],
  dump: ['expiry_time_to_session_ids', 'session_id_to_ephemeral_paths'],
  environment: [
    'zookeeper.version',
    'host.name',
    'java.io.tmpdir',
    'os.name',
    'os.arch',
    'os.version',
    'user.name',
    'user.home',
    'user.dir',
    'os.memory.free',
    'os.memory.max',
    'os.memory.total',
  ],
  get_trace_mask: ['tracemask'],
  hash: ['digests'],
  initial_configuration: ['initial_configuration'],
  is_read_only: ['read_only'],
  last_snapshot: ['zxid', 'timestamp'],
  leader: ['is_leader', 'leader_id', 'leader_ip'],
  monitor: ['version', 'server_state', 'peer_state', 'znode_count'],
  observer_connection_stat_reset: [],
  observers: ['synced_observers', 'observers'],
  ruok: [],
  server_stats: [
    'version',
    'read_only',
    'server_stats.packets_sent',
    'server_stats.packets_received',
    'server_stats.client_response_stats.last_buffer_size',
    'server_stats.client_response_stats.min_buffer_size',
    'server_stats.client_response_stats.max_buffer_size',
    'server_stats.server_state',
    'server_stats.outstanding_requests',
    'server_stats.min_latency',
    'server_stats.avg_latency',
    'server_stats.max_latency',
    'server_stats.data_dir_size',
    'server_stats.log_dir_size',
    'server_stats.last_processed_zxid',
    'server_stats.num_alive_client_connections',
    'server_stats.auth_failed_count',
    'server_stats.uptime',
    'client_response.last_buffer_size',
    'client_response.min_buffer_size',
    'client_response.max_buffer_size',
    'node_count',
  ],
  set_trace_mask: [],
  stat_reset: [],
  stats: ['server_stats.uptime', 'node_count', 'connections', 'secure_connections'],
  system_properties: [
    'file.encoding',
    'file.separator',
    'java.io.tmpdir',
    'line.separator',
    'os.arch',
    'os.name',
    'os.version',
    'path.separator',
    'user.dir',
    'user.home',
    'user.name',
  ],
  voting_view: [
    'current_config.1.server_addresses',
    'current_config.1.election_addresses',
    'current_config.1.client_address',
    'current_config.1.learner_type',
  ],
  watch_summary: ['num_connections', 'num_paths', 'num_total_watches'],
  watches: ['session_id_to_watched_paths'],
  watches_by_path: ['path_to_session_ids'],
  zabstate: [
    'myid',
    'is_leader',
    'quorum_address.empty',
    'quorum_address.all_addresses',
    'quorum_address.one',
    'quorum_address.all_ports',
    'quorum_address.all_host_strings',
    'election_address.one',
    'client_address',
    'voting',
    'last_zxid',
    'zab_epoch',
    'zab_counter',
    'zabstate',
  ],
};

describe('what commands of the AdminServer answer', () => {
  let world: DoorWorld;
  let http: HttpWorld;

  before(async () => {
    world = await DoorWorld.open({}, 3);
    http = await HttpWorld.open(world);
  });
  after(async () => {
    await http.close();
    await world.close();
  });

  for (const [name, fields] of Object.entries(FIELDS)) {
    it(`has the fields of ZooKeeper 3.8: ${name}`, async () => {
      const answer = await http.command(name);
      for (const path of fields) assert.ok(has(answer, path), `${path} in ${JSON.stringify(answer)}`);
      assert.equal(answer['command'], name);
    });
  }

  it('is that nothing is traced, whatever mask is asked for', async () => {
    assert.equal((await http.command('gtmk'))['tracemask'], 0);
    assert.match(String((await http.command('stmk'))['error']), /no trace log/);
    assert.equal(await world.word('gtmk'), '0');
  });

  it('tells how long the answers to clients were, without the length itself', async () => {
    await http.command('stat_reset');
    const client = await world.session();
    await client.create('/a');
    const { client_response: sizes } = await http.command('server_stats');
    // The header is 16 bytes, the path in the answer to a create four more and its length; a greeting has 37.
    assert.deepEqual(sizes, { last_buffer_size: 22, min_buffer_size: 22, max_buffer_size: 37 });
  });
});

/** Names of fields may have dots of their own. */
function has(value: unknown, path: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (path in value) return true;
  const [first, ...rest] = path.split('.');
  return rest.length > 0 && has((value as Record<string, unknown>)[first!], rest.join('.'));
}
