import assert from 'node:assert/strict';
import { SeededRandom, below, chance, pick, type FrameworkId, type TaskId } from '../../lib/base/index.js';
import { TASK_STATE } from '../../lib/state/index.js';
import { covers } from '../../lib/master/resources/quantities.js';
import { World, acceptCall, keepAlive, resources, taskInfo, type FakeScheduler } from './world.js';

const STEPS = 120;
const SEEDS = 15;

interface Attempt {
  readonly task: TaskId;
  readonly sequence: number;
  readonly call: ReturnType<typeof acceptCall>;
  /** Streams on which it was sent, the oldest first. */
  readonly sentOn: FakeScheduler[];
}

/** A framework that reconnects anywhere and sends what is unanswered again, while leaders come and go. */
class Schedule {
  readonly world = new World({ members: 3 });
  readonly attempts: Attempt[] = [];
  private readonly random: SeededRandom;
  private readonly session = this.world.openSession();
  private scheduler: FakeScheduler;
  private tasks = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    for (const agent of ['a1', 'a2', 'a3']) this.world.addAgent(agent, resources(3, 3_000));
    keepAlive(this.world, ['a1', 'a2', 'a3'], 1);
    this.scheduler = this.world.subscribe('F', { id: 'F' as FrameworkId, at: 2 });
  }

  step(): void {
    const { world, random } = this;
    const what = below(random, 10);
    if (what < 4) this.launch();
    else if (what === 4) world.group.elect(1 + below(random, 3));
    else if (what === 5) world.group.lose();
    else if (what === 6) world.group.holding = !world.group.holding;
    else if (what === 7) this.reconnect();
    else if (what === 8) this.finishSome();
    else world.advance(below(random, 3_000));
    if (!world.group.holding) world.group.release();
    if (chance(random, 0.7)) world.settle();
    this.checkResources();
  }

  /** Everything works again: whatever was asked is answered. */
  heal(): void {
    this.world.group.release();
    this.world.group.elect(1 + below(this.random, 3));
    this.world.advance(1_000);
    this.reconnect();
    this.world.advance(25_000);
  }

  check(): { accepted: number; refused: number; unknown: number } {
    const counts = { accepted: 0, refused: 0, unknown: 0 };
    for (const { task, sequence, sentOn } of this.attempts) {
      const exists = this.world.machine.tasks.get('F' as FrameworkId, task) !== null;
      for (const stream of sentOn) {
        const answer = stream.answer(sequence);
        if (answer?.kind === 'accepted') {
          counts.accepted++;
          assert.equal(exists, true, `${task} was accepted and is not there`);
        } else if (answer?.kind === 'refused' && !answer.refusal.outcomeUnknown) {
          counts.refused++;
          assert.equal(exists, false, `${task} was refused (${answer.refusal.message}) and is there`);
        } else if (answer?.kind === 'refused') counts.unknown++;
      }
      const last = sentOn.at(-1);
      assert.ok(last?.ended !== undefined || last?.answer(sequence) !== null, `${task} was never answered`);
    }
    return counts;
  }

  private launch(): void {
    const { random, scheduler } = this;
    const offers = scheduler.events('OFFERS').flatMap(({ offers: list }) => list.offers ?? []);
    if (offers.length === 0 || scheduler.frameworkId === '') return;
    // Any offer ever made, so that used, withdrawn and old ones are tried too.
    const offer = pick(random, chance(random, 0.8) ? offers.slice(-3) : offers);
    const task = `t${++this.tasks}` as TaskId;
    const call = {
      ...acceptCall([offer], [taskInfo(task, offer.agent_id.value, 1 + below(random, 2))], 0),
      framework_id: { value: 'F' },
    };
    const attempt: Attempt = { task, sequence: 1_000 + this.tasks, call, sentOn: [] };
    this.attempts.push(attempt);
    this.send(attempt);
  }

  private send(attempt: Attempt): void {
    this.scheduler.session = this.session;
    attempt.sentOn.push(this.scheduler);
    this.scheduler.request(attempt.call, attempt.sequence);
  }

  private reconnect(): void {
    const former = this.scheduler;
    if (chance(this.random, 0.5)) former.disconnect();
    this.scheduler = this.world.connect(1 + below(this.random, 3));
    this.scheduler.subscribe('F', { id: 'F' as FrameworkId });
    if (this.scheduler.frameworkId === '') return;
    for (const attempt of this.attempts) {
      if (attempt.sentOn.every((stream) => stream.answer(attempt.sequence) === null)) this.send(attempt);
    }
  }

  private finishSome(): void {
    const { group, machine } = this.world;
    if (group.leader === null || group.holding) return;
    for (const { taskId, state, sequence } of machine.tasks.ofFramework('F' as FrameworkId)) {
      if (state !== TASK_STATE.STAGING || chance(this.random, 0.5)) continue;
      this.world.report('F' as FrameworkId, taskId, sequence + 1, TASK_STATE.FINISHED);
    }
  }

  private checkResources(): void {
    const { agents } = this.world.machine;
    for (const { agentId, resources: total } of agents.list()) {
      assert.ok(covers(total, agents.allocated(agentId)), `${agentId} is over-committed`);
    }
  }
}

describe('while leaders come and go at random', () => {
  it('what was accepted is there, what was refused is not, and no agent is over-committed', () => {
    const first = Number(process.env['TEPUI_SEED'] ?? 1);
    const sum = { accepted: 0, refused: 0, unknown: 0 };
    for (let seed = first; seed < first + SEEDS; seed++) {
      const schedule = new Schedule(seed);
      try {
        for (let step = 0; step < STEPS; step++) schedule.step();
        schedule.heal();
        const counts = schedule.check();
        for (const key of ['accepted', 'refused', 'unknown'] as const) sum[key] += counts[key];
      } catch (error) {
        throw new Error(`TEPUI_SEED=${seed} shows it`, { cause: error });
      }
    }
    assert.ok(sum.accepted > SEEDS && sum.refused > SEEDS, `too little happened: ${JSON.stringify(sum)}`);
  }).timeout(120_000);
});
