import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { LoadGenerator, type LoadOptions } from '../../bench/zookeeper/load-process.js';
import { FakeZooKeeper } from '../support/fake-zookeeper.js';

const QUICK: LoadOptions = { op: 'set', connections: 2, window: 5, keys: 10, seconds: 0.3 };

describe('the load generator beside ZooKeeper', function () {
  this.timeout(30_000);
  let load: LoadGenerator;
  let servers: FakeZooKeeper[];

  before(function () {
    const isThere = process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0;
    if (!isThere) this.skip();
    load = new LoadGenerator();
    load.compile();
  });
  beforeEach(async () => {
    servers = [await FakeZooKeeper.start(), await FakeZooKeeper.start()];
  });
  afterEach(() => {
    for (const server of servers) server.stop();
  });
  after(() => load?.stop());

  function run(options: LoadOptions) {
    return load.run(
      servers.map(({ address }) => address),
      options,
    );
  }

  it('fills a folder with each node once, over all hosts', async () => {
    const { errors, done } = await run({ ...QUICK, op: 'fill', root: '/f', first: 3, keys: 100 });
    const paths = servers.flatMap((server) => server.created).filter((path) => path !== '/f');
    const wanted = Array.from({ length: 97 }, (_, i) => `/f/k${i + 3}`);
    assert.deepEqual([...paths].sort(), wanted.sort());
    assert.deepEqual([errors, done], [0, 97]);
    assert.ok(servers.every(({ created }) => created.length > 10));
  });

  it('keeps as many requests on the way as its window says, and no more', async () => {
    await run(QUICK);
    assert.deepEqual(
      servers.map(({ mostWaiting }) => mostWaiting),
      [5, 5],
    );
  });

  it('sends at its rate while the server stalls, and counts every answer as late', async () => {
    servers[0]!.stallAfter(50, 400);
    const { p99_us, max_us } = await run({ ...QUICK, connections: 1, rate: 500, seconds: 2 });
    assert.ok(p99_us > 300_000, `p99 ${p99_us} µs`);
    assert.ok(max_us >= 380_000, `longest ${max_us} µs`);
    assert.ok(servers[0]!.mostWaiting > QUICK.window!, `${servers[0]!.mostWaiting} at once`);
  });

  it('asks exactly as often as its rate says, however fast it is answered', async () => {
    await run({ ...QUICK, rate: 500, seconds: 0.5, ramp: 0.5 });
    assert.deepEqual(
      servers.map(({ asked }) => asked),
      [250, 250],
    );
  });

  it('tells the longest gap of the connections of each host', async () => {
    servers[1]!.stallAfter(50, 400);
    const { hosts } = await run({ ...QUICK, seconds: 1 });
    assert.ok(hosts[1]!.gap_ms >= 380, `stalled: ${hosts[1]!.gap_ms} ms`);
    assert.ok(hosts[0]!.gap_ms < 380, `not stalled: ${hosts[0]!.gap_ms} ms`);
  });

  it('goes on with its session at the next host when a server closes', async () => {
    servers[0]!.closeAfter(20);
    const { hosts, lost_sessions } = await run(QUICK);
    assert.deepEqual(
      hosts.map(({ closed }) => closed),
      [1, 0],
    );
    assert.equal(lost_sessions, 0);
    assert.deepEqual(servers[1]!.attached, servers[0]!.opened);
  });

  it('counts a session that the next host does not know', async () => {
    servers[0]!.closeAfter(20);
    servers[1]!.forgetful = true;
    assert.equal((await run(QUICK)).lost_sessions, 1);
  });

  it('counts refused requests and says how the first was refused', async () => {
    servers[0]!.refusing = -101;
    const { errors, first_error } = await run(QUICK);
    assert.ok(errors > 0);
    assert.equal(first_error, -101);
  });

  it('waits until every host has answered a write and a read', async () => {
    servers[1]!.refusing = -4;
    const addresses = servers.map(({ address }) => address);
    await assert.rejects(load.untilReady(addresses, 0.1), /does not serve/);
    servers[1]!.refusing = 0;
    assert.ok((await load.untilReady(addresses, 5)) < 5000);
  });
});
