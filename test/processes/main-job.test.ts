import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Operator, type TaskSummary } from '../../lib/client/index.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { isAlive, processesMentioning } from '../support/processes.js';

const LIMIT_MS = 30_000;

/** Pids of running tasks' processes: their sandboxes lie in the cluster's folder. */
function taskPids(cluster: DevCluster): number[] {
  return processesMentioning('while')
    .map(({ pid }) => pid)
    .filter((pid) => belongs(pid, cluster.dir));
}

function belongs(pid: number, dir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(dir);
  } catch {
    return false;
  }
}

describe('the main job', function () {
  this.timeout(120_000);
  let cluster: DevCluster;
  let operator: Operator;

  beforeEach(async () => {
    cluster = await DevCluster.start({ agents: 2, sample: true });
    operator = new Operator({ addresses: cluster.grpcAddresses });
  });

  afterEach(async () => {
    operator.close();
    await cluster.end('SIGINT');
  });

  async function running(): Promise<TaskSummary[]> {
    const { items } = await operator.tasks();
    return items.filter(({ state }) => state === 'TASK_RUNNING');
  }

  async function longTasks(): Promise<TaskSummary[]> {
    return (await running()).filter(({ id }) => id.startsWith('long-'));
  }

  it('goes on when the leader is killed: a new leader, the same framework, no task stopped or launched twice', async () => {
    await eventually(async () => (await longTasks()).length === 4, LIMIT_MS);
    const before = await longTasks();
    const frameworks = (await operator.frameworks()).items.map(({ id }) => id);
    const { leader, term } = await operator.status();
    cluster.signal(leader!, 'SIGKILL');
    await eventually(async () => {
      const status = await operator.status(500);
      return status.leader !== null && status.leader !== leader && status.term > term;
    }, LIMIT_MS);
    const shorts = new Set((await operator.tasks({ completed: true })).items.map(({ id }) => id));
    await eventually(async () => (await running()).some(({ id }) => !shorts.has(id)), LIMIT_MS);
    const after = await longTasks();
    assert.deepEqual(
      after.map(({ id, agentId, launchedIndex }) => ({ id, agentId, launchedIndex })),
      before.map(({ id, agentId, launchedIndex }) => ({ id, agentId, launchedIndex })),
    );
    assert.deepEqual(
      (await operator.frameworks()).items.map(({ id }) => id),
      frameworks,
    );
  });

  it('leaves the tasks running when an agent is told to end with SIGTERM', async () => {
    await eventually(async () => (await longTasks()).length === 4, LIMIT_MS);
    const pids = taskPids(cluster);
    assert.ok(pids.length >= 4, `tasks of the sample run: ${pids.join(', ')}`);
    const agentPids = ['a1', 'a2'].map((id) => cluster.signal(id, 'SIGTERM'));
    await eventually(() => agentPids.every((pid) => !isAlive(pid)), LIMIT_MS);
    const lasting = pids.filter(isAlive);
    assert.ok(lasting.length >= 4, `${lasting.length} of ${pids.length} tasks run on`);
  });

  for (const how of ['Ctrl-C', 'the death of dev itself'] as const) {
    it(`leaves no process behind after ${how}, within 5 s`, async () => {
      await eventually(async () => (await longTasks()).length === 4, LIMIT_MS);
      const pids = [...taskPids(cluster), ...processesMentioning(cluster.dir).map(({ pid }) => pid)];
      assert.ok(pids.length >= 11, `masters, agents, holders, sample and tasks: ${pids.length}`);
      const ended = new Promise((resolve) => cluster.process.once('exit', resolve));
      const begun = Date.now();
      cluster.process.kill(how === 'Ctrl-C' ? 'SIGINT' : 'SIGKILL');
      await ended;
      await eventually(() => pids.every((pid) => !isAlive(pid)), LIMIT_MS);
      assert.deepEqual(processesMentioning(cluster.dir), []);
      assert.ok(Date.now() - begun < LIMIT_MS, `took ${Date.now() - begun} ms`);
    });
  }
});

describe('a second start of the main job', function () {
  this.timeout(120_000);

  it('goes on in the same folder with the same group and framework', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'tepui-resume-'));
    try {
      const before = await oneRun(dir);
      const after = await oneRun(dir);
      assert.deepEqual(after, before);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  async function oneRun(dir: string): Promise<object> {
    const cluster = await DevCluster.start({ dir, agents: 1, sample: true });
    try {
      return await identity(cluster);
    } finally {
      await cluster.stop();
    }
  }

  async function identity(cluster: DevCluster): Promise<object> {
    const operator = new Operator({ addresses: cluster.grpcAddresses });
    try {
      const framework = await eventually(async () => {
        const { items } = await operator.frameworks();
        return items.find(({ state }) => state === 'connected') ?? false;
      }, LIMIT_MS);
      const { clusterId } = await operator.status();
      const agents = (await operator.agents()).items.map(({ id }) => id);
      return { clusterId, framework: framework.id, agents };
    } finally {
      operator.close();
    }
  }
});
