import assert from 'node:assert/strict';
import { FairClock } from '../../chaos/cluster/fair-clock.js';
import { waitFor } from '../../chaos/cluster/wait.js';

const TICK_MS = 100;

/** Ticks by hand; each process waits as it is told. */
class Machine {
  readonly waited: Map<number, number> = new Map();
  readonly clock: FairClock;
  private nowMs = 0;

  constructor() {
    const ports = { nowMs: () => this.nowMs, waitedMs: (pid: number) => this.waited.get(pid) ?? null };
    this.clock = new FairClock(() => [...this.waited.keys()], ports);
    this.clock.start();
    this.clock.stop();
  }

  pass(ms: number, waits: Readonly<Record<number, number>> = {}): void {
    this.nowMs += ms;
    for (const [pid, wait] of Object.entries(waits)) {
      this.waited.set(Number(pid), (this.waited.get(Number(pid)) ?? 0) + wait);
    }
    this.clock.tick();
  }
}

describe('the clock of a busy machine', () => {
  it('goes on like any other while everybody runs', () => {
    const machine = new Machine();
    for (let i = 0; i < 5; i++) machine.pass(TICK_MS, { 1: 0, 2: 0 });
    assert.equal(machine.clock.nowMs(), 500);
    assert.equal(machine.clock.starvedMs, 0);
  });

  it('does not count the time that the worst off of the processes waited for a processor', () => {
    const machine = new Machine();
    machine.pass(TICK_MS, { 1: 0, 2: 0 });
    machine.pass(TICK_MS, { 1: 30, 2: 80 });
    assert.equal(machine.clock.nowMs(), 120);
    assert.equal(machine.clock.starvedMs, 80);
  });

  it('does not count the time by which this process was late', () => {
    const machine = new Machine();
    machine.pass(700, { 1: 0 });
    assert.equal(machine.clock.nowMs(), TICK_MS);
    assert.equal(machine.clock.starvedMs, 600);
  });

  it('never goes back, however long a new process says that it waited', () => {
    const machine = new Machine();
    machine.pass(TICK_MS, { 3: 5000 });
    assert.equal(machine.clock.nowMs(), 0);
    machine.pass(TICK_MS, { 3: 10 });
    assert.equal(machine.clock.nowMs(), 90);
  });

  it('counts nothing for those who are gone', () => {
    const machine = new Machine();
    machine.pass(TICK_MS, { 1: 50 });
    machine.waited.delete(1);
    machine.pass(TICK_MS);
    assert.equal(machine.clock.starvedMs, 50);
  });
});

describe('waiting for a cluster', () => {
  it('ends when the clock says so, and tells what was not counted', async () => {
    let [nowMs, starvedMs] = [0, 0];
    const clock = {
      nowMs: () => nowMs,
      get starvedMs() {
        return starvedMs;
      },
    };
    const look = () => {
      nowMs += 400;
      starvedMs += 600;
      return null;
    };
    await assert.rejects(waitFor(clock, 'a wonder', 1000, look), {
      message: 'not within 1000 ms: a wonder (besides 1800 ms for which processes waited for a processor)',
    });
  });

  it('ends at ten times the limit when the clock stands still', async () => {
    const clock = { nowMs: () => 0, starvedMs: 0 };
    await assert.rejects(
      waitFor(clock, 'a wonder', 3, () => null),
      /not within 3 ms: a wonder/,
    );
  });
});
