import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Operator } from '../../lib/client/index.js';
import {
  CommandFramework,
  expectedEnd,
  type Outcome,
  type TestCommand,
} from '../support/command-framework.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';
import { processesMentioning } from '../support/processes.js';
import { TepuiProcess, logTail } from '../support/tepui-process.js';
import { UpdateTap } from '../support/update-tap.js';

const TASKS = 200;
const KILLS = 5;
const AT_LEAST_ACTIVE = 50;
/** Far above what a busy machine needs. */
const LIMIT_MS = 60_000;

/** Exit codes that a shell's `$?` cannot tell from signals among them. */
const OUTCOMES: readonly Outcome[] = [
  { code: 0 },
  { code: 1 },
  { signal: 'SIGKILL' },
  { code: 137 },
  { signal: 'SIGTERM' },
  { code: 143 },
  { code: 0 },
  { signal: 'SIGSEGV' },
  { code: 255 },
  { signal: 'SIGUSR1' },
  { code: 3 },
];

/** What was under way when a leader was killed. */
interface Kill {
  readonly term: number;
  readonly active: number;
  readonly launches: number;
  readonly acknowledgements: number;
}

const describeOutcome = (outcome: Outcome): string =>
  'signal' in outcome ? outcome.signal : `code ${outcome.code}`;

/** By codes and by signals. */
const endInBothWays = (ways: readonly string[]): boolean =>
  ways.some((way) => way.startsWith('SIG')) && ways.some((way) => way.startsWith('code'));

describe('200 tasks while leaders and an agent are killed', function () {
  this.timeout(300_000);
  let cluster: DevCluster;
  let operator: Operator;
  let tasks: CommandFramework;
  let tap: UpdateTap;
  let made = 0;
  const restarted = new Map<string, TepuiProcess>();

  beforeEach(async () => {
    cluster = await DevCluster.start({ agents: 2 });
    const runs = path.join(cluster.dir, 'runs');
    mkdirSync(runs);
    operator = new Operator({ addresses: cluster.grpcAddresses });
    tap = new UpdateTap(cluster.grpcAddresses);
    tasks = new CommandFramework(cluster.grpcAddresses, runs, tap);
  });

  afterEach(async () => {
    await tasks.framework.close();
    operator.close();
    // Agents first: what their tasks last did must reach a master. SIGINT ends tasks and holder too.
    for (const id of ['a1', 'a2']) await restarted.get(id)?.end('SIGINT');
    for (const process of restarted.values()) await process.end('SIGTERM');
    await cluster.stop();
    assert.deepEqual(processesMentioning(cluster.dir), []);
  });

  /** Commands that take `from` to `to` seconds. */
  function make(count: number, from: number, to: number): TestCommand[] {
    return Array.from({ length: count }, () => {
      const n = made++;
      const seconds = from + (n % (to - from + 1));
      return { id: `task-${n}`, seconds, outcome: OUTCOMES[n % OUTCOMES.length]! };
    });
  }

  function restart(id: string): void {
    const kind = id.startsWith('a') ? 'agent' : 'master';
    const config = path.join(cluster.dir, id, 'config.yaml');
    restarted.set(id, new TepuiProcess([kind, '--config', config]));
  }

  function kill(id: string): void {
    process.kill(restarted.get(id)?.pid ?? cluster.pid(id), 'SIGKILL');
  }

  /** All masters follow one leader of a term above `term`. */
  function settled(term: number): Promise<{ readonly leader: string; readonly term: number }> {
    return eventually(
      async () => {
        const { leader, term: now, members } = await operator.status(1000);
        const whole = members.length === 3 && members.every(({ healthy }) => healthy);
        return leader !== null && now > term && whole && { leader, term: now };
      },
      LIMIT_MS,
      `a leader after term ${term}`,
    );
  }

  /** So that the framework loses its own master in the next round. */
  function leadWhereTheFrameworkIs(): Promise<true> {
    return eventually(
      async () => {
        const { leader } = await settled(0);
        const { address } = tap.subscriptions.at(-1)!;
        const { id } = cluster.announcement.masters.find(({ grpc }) => grpc === address)!;
        if (id !== leader) await operator.transferLeadership(id);
        return id === leader;
      },
      LIMIT_MS,
      'the master of the framework leads',
    );
  }

  /**
   * Kills the leader at a moment when launches and acknowledgements are under way; returns what was. With
   * `keep`, the start of one task and the end of another stay unacknowledged.
   */
  async function killLeaderInTheMiddle(round: number, formerTerm: number, keep: boolean): Promise<Kill> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const { leader, term } = await settled(formerTerm);
      tasks.launch(make(Math.max(0, AT_LEAST_ACTIVE + 10 - tasks.active), 12, 15));
      tasks.hold();
      tasks.launch(make(1, 12, 15));
      const enoughHeld = () =>
        keep ? tasks.heldBack > 2 && tasks.startAndEndHeldBack !== null : tasks.heldBack > 0;
      await eventually(() => enoughHeld() && tasks.hasOffers, LIMIT_MS, 'held updates and an offer');
      tasks.launch(make(2, 12, 15));
      tasks.release(keep ? tasks.startAndEndHeldBack! : []);
      // A little later in every round: the calls are still here, on their way, or in the leader's hands.
      for (let turn = 0; turn < round; turn++) await nextTurn();
      const { launches, acknowledgements } = tasks.unanswered;
      const { active } = tasks;
      if (launches === 0 || acknowledgements === 0 || active < AT_LEAST_ACTIVE) continue;
      kill(leader);
      restart(leader);
      return { term, active, launches, acknowledgements };
    }
    throw new Error(`no moment found with launches and acknowledgements unanswered: ${tasks.active} active`);
  }

  /** How the tasks ended whose agent is not there to tell. */
  function endedUnseen(agent: string, ids: readonly string[]): string[] {
    const { id: frameworkId } = tasks.framework;
    return ids.flatMap((id) => {
      const file = path.join(cluster.dir, agent, 'tasks', frameworkId, id, 'exit.json');
      return existsSync(file) ? [describeOutcome(tasks.commands.get(id)!.outcome)] : [];
    });
  }

  async function agentId(name: string): Promise<string> {
    const { items } = await operator.agents();
    return items.find((agent) => agent.name === name)!.id;
  }

  /** The group has the end of the task as well, and its framework was told of the start only. */
  async function endWaits(task: string): Promise<boolean> {
    const { items } = await operator.tasks();
    return items.some(({ id, unacknowledgedUpdates }) => id === task && unacknowledgedUpdates === 2);
  }

  /** Kills an agent with ≥ 20 running tasks, and restarts it when ≥ 5 of them have ended in different ways. */
  async function killAgent(name: string): Promise<string[]> {
    const id = await agentId(name);
    const ended = new Set([...tasks.launchedAt.keys()].filter((task) => tasks.hasEnded(task)));
    tasks.launch(make(Math.max(TASKS - made, 80 - tasks.active), 8, 15));
    await eventually(
      () => tasks.runningOn(id).length >= 25 && [...tasks.launchedAt.keys()].some((t) => !ended.has(t)),
      LIMIT_MS,
      `25 running tasks on ${name}`,
    );
    kill(name);
    const running = tasks.runningOn(id);
    const alreadyEnded = new Set(running.filter((task) => endedUnseen(name, [task]).length > 0));
    const left = running.filter((task) => !alreadyEnded.has(task));
    assert.ok(left.length >= 20, `${left.length} tasks ran on ${name} when it was killed`);
    const ways = await eventually(
      () => {
        const seen = endedUnseen(name, left);
        return seen.length >= 5 && new Set(seen).size >= 4 && endInBothWays(seen) && seen;
      },
      LIMIT_MS,
      `five ends of tasks of ${name}`,
    );
    restart(name);
    return ways;
  }

  it('each runs exactly once, ends as it ended, and is told in order; the framework keeps its id', async () => {
    const frameworkId = await tasks.framework.start(LIMIT_MS);
    tasks.launch(make(60, 10, 15));
    await eventually(() => tasks.active >= AT_LEAST_ACTIVE, LIMIT_MS, '50 active tasks');

    const kills: Kill[] = [];
    for (let round = 0; round < KILLS; round++) {
      const last = round === KILLS - 1;
      if (last) await leadWhereTheFrameworkIs();
      kills.push(await killLeaderInTheMiddle(round, kills.at(-1)?.term ?? 0, last));
    }
    for (const { active, launches, acknowledgements } of kills) {
      assert.ok(active >= AT_LEAST_ACTIVE && launches >= 1 && acknowledgements >= 1);
    }
    const held = tasks.startAndEndHeldBack!;
    const again = () => held.every((status) => tap.arrivals(status) > 1);
    await eventually(again, LIMIT_MS, 'the held updates once more');
    await settled(kills.at(-1)!.term);
    const ways = await killAgent('a1');
    assert.ok(endInBothWays(ways), ways.join());

    await eventually(() => endWaits(held[0].task_id.value), LIMIT_MS, 'the end of a task behind its start');
    tasks.release();
    await eventually(
      () => [...tasks.commands.keys()].every((id) => tasks.hasEnded(id)),
      LIMIT_MS,
      `the end of all ${made} tasks; ${tasks.problems.join('; ')}\n${logTail(path.join(cluster.dir, 'a1'))}`,
    );
    await eventually(() => tasks.unanswered.acknowledgements === 0, LIMIT_MS);

    assert.ok(tasks.commands.size >= TASKS, `${tasks.commands.size} tasks`);
    for (const command of tasks.commands.values()) {
      assert.equal(
        tasks.starts(command.id).length,
        1,
        `${command.id} started ${tasks.starts(command.id).join()}`,
      );
      const heard = (tap.updates.get(command.id) ?? []).map(({ state, message }) => [state, message]);
      assert.deepEqual(heard, [['TASK_RUNNING', 'Command started'], expectedEnd(command)], command.id);
    }
    assert.deepEqual(tap.violations, []);
    assert.deepEqual(tasks.problems, []);
    const given = tap.subscriptions.map(({ frameworkId: id }) => id);
    assert.ok(given.length >= 2, 'the framework never lost its master');
    assert.deepEqual(
      given,
      Array.from(given, () => frameworkId),
    );
    const { items } = await operator.frameworks();
    assert.deepEqual(
      items.map(({ id }) => id),
      [frameworkId],
    );
  });
});
