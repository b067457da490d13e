import assert from 'node:assert/strict';
import { SeededRandom } from '../../../lib/base/index.js';
import { Cuts } from '../../../lib/replica/cuts.js';
import { Schedule } from '../schedule.js';
import { Host, MachineClock, type Running } from './host.js';
import { Loop } from './loop.js';
import { runNodeSeed, type NodeReport } from './run.js';

/** A group of three. */
const SEED = 3;
const LEFT_ALONE = new Error('nobody waits for this');

/** Goes through more continuations than any event of a run. */
async function later(then: () => void): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
  then();
}

function fixture() {
  const schedule = new Schedule();
  const running: Running = { host: null };
  const told: string[] = [];
  const clock = new MachineClock(schedule, 1, 0);
  const random = new SeededRandom(1);
  const uncaught = (error: unknown): void => void told.push(`ends: ${(error as Error).message}`);
  const host = new Host({ schedule, clock, random, loopUs: 0, uncaught, running });
  const loop = new Loop(schedule, {
    begins: () => {
      running.host = null;
      told.push(`at ${schedule.now}`);
    },
    rejected: (error) => running.host?.uncaught(error),
    broken: () => null,
  });
  return { schedule, host, loop, told };
}

describe('the loop of a simulated run', () => {
  it('begins an event when all that the one before led to has ended', async () => {
    const { schedule, loop, told } = fixture();
    for (const at of [10, 20, 30]) schedule.after(at, () => void later(() => told.push(`later than ${at}`)));
    await loop.own(() => loop.runUntil(25));
    assert.deepEqual(told, ['at 0', 'later than 10', 'at 10', 'later than 20', 'at 20']);
    assert.equal(schedule.now, 25);
  });

  it('ends the process in whose turn a promise is rejected that nobody handles, in that turn', async () => {
    const { schedule, host, loop, told } = fixture();
    const reject = (): void => {
      throw LEFT_ALONE;
    };
    schedule.after(10, () => host.deliver(() => void later(reject)));
    schedule.after(20, () => undefined);
    await loop.own(() => loop.runUntil(25));
    assert.deepEqual(told, ['at 0', 'ends: nobody waits for this', 'at 10', 'at 20']);
  });

  it('makes nothing of what a process leaves behind that has ended', async () => {
    const { schedule, host, loop, told } = fixture();
    const reject = (): void => {
      throw LEFT_ALONE;
    };
    schedule.after(10, () =>
      host.deliver(() => {
        host.die();
        void later(reject);
      }),
    );
    await loop.own(() => loop.runUntil(25));
    assert.deepEqual(told, ['at 0', 'at 10']);
  });

  it('leaves the listeners of the process as they were', async () => {
    const before = process.listeners('unhandledRejection');
    const { loop } = fixture();
    await loop.own(() => loop.runUntil(5));
    assert.deepEqual(process.listeners('unhandledRejection'), before);
  });
});

describe('an error that nothing in a simulated master handles', () => {
  /** Runs the seed with something added to one tick of a member. */
  async function runWith(extra: () => void): Promise<NodeReport> {
    // oxlint-disable-next-line typescript/unbound-method -- called with its own object below
    const { poll } = Cuts.prototype;
    let polls = 0;
    Cuts.prototype.poll = function (this: Cuts) {
      if (++polls === 300) extra();
      poll.call(this);
    };
    try {
      return await runNodeSeed({ seed: SEED });
    } finally {
      Cuts.prototype.poll = poll;
    }
  }

  it('is a violation of its seed when it is thrown to nobody', async () => {
    const { violation } = await runWith(() => {
      throw LEFT_ALONE;
    });
    assert.match(violation!.message, /nobody waits for this/);
  });

  it('is a violation of its seed when a promise carries it to nobody', async () => {
    const { violation } = await runWith(() => void Promise.reject(LEFT_ALONE));
    assert.match(violation!.message, /nobody waits for this/);
  });
});
