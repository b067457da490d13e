import assert from 'node:assert/strict';
import { DoorWorld } from '../zookeeper/door-world.js';
import { HttpWorld } from './http-world.js';

/** What the leader of three of Debian's ZooKeeper 3.8.0 prints in mntr, without the numbers of its processors' insides. */
const ZOOKEEPER = [
  'version server_state peer_state ephemerals_count num_alive_connections avg_latency outstanding_requests',
  'znode_count global_sessions last_client_response_size packets_sent packets_received',
  'max_client_response_size min_client_response_size synced_followers watch_count synced_observers',
  'auth_failed_count min_latency max_file_descriptor_count approximate_data_size open_file_descriptor_count',
  'local_sessions uptime max_latency learners quorum_size connection_rejected',
  // Those are not here: docs/zookeeper.md.
  'synced_non_voting_followers pending_syncs leader_uptime min_proposal_size max_proposal_size last_proposal_size',
  'connection_drop_probability non_mtls_remote_conn_count non_mtls_local_conn_count outstanding_tls_handshake',
].flatMap((names) => names.split(' '));
const LEFT_OUT = ZOOKEEPER.slice(ZOOKEEPER.indexOf('synced_non_voting_followers'));

for (const size of [1, 3]) {
  describe(`the metrics of mntr, where there are members: ${size}`, () => {
    let world: DoorWorld;
    let http: HttpWorld;

    beforeEach(async () => {
      world = await DoorWorld.atLeader(size);
      http = await HttpWorld.open(world);
    });
    afterEach(async () => {
      await http.close();
      await world.close();
    });

    /** Names without `zk_`. */
    async function told(): Promise<{ readonly numbers: string[]; readonly words: string[] }> {
      const lines = (await world.word('mntr')).trimEnd().split('\n');
      const pairs = lines.map((line) => line.replace(/^zk_/, '').split('\t') as [string, string]);
      const isNumber = ([, value]: [string, string]): boolean => /^-?[\d.]+$/.test(value);
      return {
        numbers: pairs.filter(isNumber).map(([name]) => name),
        words: pairs.filter((pair) => !isNumber(pair)).map(([name]) => name),
      };
    }

    it('are those for Prometheus: every number under its name, and nothing beside them but ours', async () => {
      const { text } = await http.get('/metrics');
      const names = Array.from(text.matchAll(/^# TYPE (\w+) /gm), ([, name]) => name!);
      const theirs = names.filter((name) => !/^(tepui|process|nodejs)_/.test(name));
      assert.deepEqual(theirs.sort(), (await told()).numbers.sort());
    });

    it('are those for Prometheus: every word as a label', async () => {
      const { text } = await http.get('/metrics');
      const [, labels] = /^tepui_zookeeper_info\{(.*)\} 1$/m.exec(text) ?? [];
      const names = Array.from((labels ?? '').matchAll(/(\w+)="[^"]+"/g), ([, name]) => name);
      assert.deepEqual(names, (await told()).words);
    });

    it('are those of the command monitor', async () => {
      const { numbers, words } = await told();
      const { command: _, error: __, ...answer } = await http.command('monitor');
      assert.deepEqual(Object.keys(answer).sort(), [...numbers, ...words].sort());
    });

    it('have names of ZooKeeper 3.8, and all of the server itself', async () => {
      const { numbers, words } = await told();
      const alone = ['peer_state', 'quorum_size', 'learners', 'synced_followers', 'synced_observers'];
      const expected = ZOOKEEPER.filter((name) => !LEFT_OUT.includes(name)).filter(
        (name) => size > 1 || !alone.includes(name),
      );
      assert.deepEqual([...numbers, ...words].sort(), expected.sort());
    });
  });
}
