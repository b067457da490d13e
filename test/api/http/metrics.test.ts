import assert from 'node:assert/strict';
import { DoorWorld } from '../zookeeper/door-world.js';
import { HttpWorld } from './http-world.js';

const SAMPLE = /^([a-z_]+)(?:\{.*\})? (-?[\d.e+-]+)$/;

describe('metrics for Prometheus', () => {
  let world: DoorWorld;
  let http: HttpWorld;

  beforeEach(async () => {
    world = await DoorWorld.open();
    http = await HttpWorld.open(world);
  });
  afterEach(async () => {
    await http.close();
    await world.close();
  });

  async function lines(): Promise<string[]> {
    const { text } = await http.get('/metrics');
    assert.ok(text.endsWith('\n'));
    return text.slice(0, -1).split('\n');
  }

  async function values(): Promise<Map<string, number>> {
    const samples = (await lines()).filter((line) => !line.startsWith('#')).map((line) => SAMPLE.exec(line));
    return new Map(samples.map((found) => [found![1]!, Number(found![2])]));
  }

  it('are in its text form: help, type and one value for each name', async () => {
    assert.equal(
      (await http.get('/metrics')).headers['content-type'],
      'text/plain; version=0.0.4; charset=utf-8',
    );
    const all = await lines();
    assert.equal(all.length % 3, 0);
    const names = new Set<string>();
    for (let i = 0; i < all.length; i += 3) {
      const [, name] = SAMPLE.exec(all[i + 2]!) ?? [];
      assert.ok(name !== undefined && all[i]!.startsWith(`# HELP ${name} `), all[i + 2]);
      assert.match(all[i + 1]!, new RegExp(`^# TYPE ${name} (gauge|counter)$`));
      names.add(name);
    }
    assert.equal(names.size * 3, all.length);
  });

  it('hold the numbers of mntr under their names in ZooKeeper’s provider', async () => {
    const client = await world.session();
    await client.create('/a');
    await client.exists('/a', true);
    const all = await values();
    const { tree, coordination } = world.process.member.machine;
    assert.equal(all.get('znode_count'), tree.size);
    assert.equal(all.get('global_sessions'), coordination.size);
    assert.equal(all.get('watch_count'), 1);
    assert.equal(all.get('num_alive_connections'), 1);
    for (const name of ['packets_received', 'packets_sent', 'avg_latency', 'outstanding_requests']) {
      assert.ok(all.has(name), name);
    }
    const mntr = (await world.word('mntr'))
      .split('\n')
      .flatMap((line) => /^zk_(\w+)\t[\d.-]+$/.exec(line)?.[1] ?? []);
    for (const name of mntr) assert.ok(all.has(name), name);
  });

  it('hold our own: of consensus, the state and the process', async () => {
    const all = await values();
    const { revision, term, appliedIndex } = world.process.member.status();
    assert.deepEqual([all.get('tepui_leader'), all.get('tepui_serving'), all.get('tepui_voter')], [1, 1, 1]);
    assert.equal(all.get('tepui_term'), term);
    assert.ok(all.get('tepui_revision')! <= revision);
    assert.ok(all.get('tepui_log_applied_index')! <= appliedIndex);
    assert.ok(all.get('process_resident_memory_bytes')! > 2 ** 20);
  });

  it('are there without a door for ZooKeeper clients, without theirs', async () => {
    await http.close();
    http = await HttpWorld.open(world, { zookeeper: null });
    const all = await values();
    assert.deepEqual([all.get('tepui_leader'), all.has('znode_count')], [1, false]);
  });
});
