import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { below, chance, pick, SeededRandom } from '../../lib/base/index.js';
import { AgentHarness } from '../support/agent/agent-harness.js';
import { shellTask } from '../support/agent/master-double.js';
import { eventually } from '../support/eventually.js';

const SEEDS = 10;
/** For a machine with much else to do. */
const LIMIT_MS = 20_000;
const TASKS = 12;

/** One agent whose links, masters, holder and own process fail at random while tasks come and go. */
async function storm(seed: number, rig: AgentHarness): Promise<void> {
  const random = new SeededRandom(seed);
  const { master, holder } = rig;
  const tasks = Array.from({ length: TASKS }, (_, i) => shellTask(`t${i}`, 'true'));
  const wanted = new Map<string, number>();
  const launched = new Set<string>();
  await rig.agent.start();

  /** As every new stream does, for the tasks that are not known to have ended. */
  const relaunchAll = (): void => {
    for (const task of tasks) {
      if (launched.has(task.taskId) && !master.hasEnded(task)) master.launch(task);
    }
  };
  const actions: (() => void | Promise<void>)[] = [
    () => {
      const task = pick(random, tasks);
      if (master.hasEnded(task)) return;
      launched.add(task.taskId);
      master.launch(task);
    },
    () => {
      const running = holder.orders.filter(({ taskId }) => !wanted.has(taskId));
      if (running.length === 0) return;
      const task = pick(random, running);
      wanted.set(task.taskId, below(random, 256));
      holder.exit(task, wanted.get(task.taskId)!);
    },
    () => master.connection?.end('cut'),
    () => (master.commits = chance(random, 0.7)) && undefined,
    () => (chance(random, 0.5) ? holder.disconnect() : holder.reconnect()),
    () => rig.restart(),
    relaunchAll,
  ];
  for (let step = 0; step < 60; step++) {
    await pick(random, actions)();
    for (let i = below(random, 4); i > 0; i--) await turn();
  }

  master.commits = true;
  holder.reconnect();
  await eventually(() => rig.agent.status().registered, LIMIT_MS);
  for (const task of tasks) launched.add(task.taskId);
  await eventually(() => {
    relaunchAll();
    return holder.orders.length === TASKS;
  }, LIMIT_MS);
  for (const task of tasks) {
    if (wanted.has(task.taskId)) continue;
    wanted.set(task.taskId, 0);
    holder.exit(task, 0);
  }
  await eventually(() => tasks.every((task) => master.updatesOf(task).length === 2), LIMIT_MS);

  for (const task of tasks) {
    const [first, last] = master.updatesOf(task);
    assert.deepEqual([first!.sequence, last!.sequence], [1, 2]);
    assert.equal((last!.exit as { exitCode: number }).exitCode, wanted.get(task.taskId));
  }
  const orders = holder.orders.map(({ taskId }) => taskId);
  assert.equal(new Set(orders).size, orders.length, 'a task was started twice');
  assert.deepEqual(rig.fatal, []);
}

describe('an agent in a storm', () => {
  it('runs every task exactly once and brings every exit through, in order', async function () {
    this.timeout(SEEDS * LIMIT_MS);
    const base = Number(process.env['TEPUI_TEST_SEED'] ?? Date.now() % 1_000_000);
    for (let seed = base; seed < base + SEEDS; seed++) {
      const rig = new AgentHarness(seed);
      try {
        await storm(seed, rig);
      } catch (error) {
        throw new Error(`TEPUI_TEST_SEED=${seed}`, { cause: error });
      } finally {
        await rig.close();
      }
    }
  });
});
