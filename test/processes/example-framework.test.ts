import assert from 'node:assert/strict';
import { runTasks } from '../../docs/example-framework.js';
import { DevCluster } from '../support/dev-cluster.js';

describe('docs/example-framework.ts on a real cluster', function () {
  this.timeout(120_000);
  let cluster: DevCluster;

  before(async () => {
    cluster = await DevCluster.start({ agents: 2 });
  });

  after(() => cluster.stop());

  it('runs its tasks to their ends while the leader is killed', async () => {
    let killed = false;
    const lines: string[] = [];
    const ends = await runTasks(20, cluster.grpcAddresses, (line) => {
      lines.push(line);
      if (killed) return;
      killed = true;
      cluster.signal(cluster.announcement.leader, 'SIGKILL');
    });
    assert.equal(ends.size, 20);
    assert.deepEqual(new Set(ends.values()), new Set(['TASK_FINISHED']));
    const running = lines.filter((line) => line.endsWith('TASK_RUNNING'));
    assert.equal(running.length, new Set(running).size, 'no update is handed over twice');
  });
});
