import assert from 'node:assert/strict';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { TepuiProcess, tepui, type Ending } from '../support/tepui-process.js';

const LIMIT_MS = 30_000;

describe('processes: tepui zk', function () {
  this.timeout(180_000);
  let cluster: DevCluster;
  const running: TepuiProcess[] = [];

  before(async () => {
    cluster = await DevCluster.start({ masters: 3 });
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.end('SIGINT');
  });
  after(() => cluster.stop());

  const env = (): Record<string, string> => {
    const doors = cluster.announcement.masters.map(({ zk }) => zk!);
    return { TEPUI_ZK_SERVERS: doors.join(','), TEPUI_TIMEOUT: '20' };
  };

  const zk = (...argv: string[]): Promise<Ending> => tepui(['zk', ...argv], { env: env() });

  function start(...argv: string[]): TepuiProcess {
    const one = new TepuiProcess(['zk', ...argv], { env: env() });
    running.push(one);
    return one;
  }

  it('a watch goes on, and an ephemeral node stands, when the leader is killed', async () => {
    assert.equal((await zk('create', '/app', 'x')).code, 0);
    const watching = start('watch', '/app', '-r', '--timeout', '20');
    await eventually(() => watching.stderr.includes('watching /app') || undefined, LIMIT_MS, 'a watch');
    const holding = start('create', '-e', '/app/lock', 'me');
    await eventually(() => holding.stdout === '/app/lock\n' || undefined, LIMIT_MS, 'a lock');
    cluster.signal(cluster.announcement.leader, 'SIGKILL');
    const { code, stdout, stderr } = await zk('set', '/app', 'y', '--json');
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { stat: { version: number } }).stat.version, 1);
    assert.equal((await zk('get', '/app/lock')).stdout, 'me');
    assert.equal((await holding.end('SIGINT')).code, 130);
    assert.equal((await zk('get', '/app/lock')).code, 3);
    // What changed while the watch had no server is not told: this one is changed until it is.
    await eventually(
      async () => {
        await zk('set', '/app', 'z');
        return watching.stdout.includes('changed /app\n') || undefined;
      },
      LIMIT_MS,
      'an event after the failover',
    );
    assert.equal((await watching.end('SIGINT')).code, 130);
  });
});
