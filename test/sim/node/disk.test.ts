import assert from 'node:assert/strict';
import { SeededRandom } from '../../../lib/base/index.js';
import { SECOND, Schedule } from '../schedule.js';
import { NodeDisk } from './disk.js';
import { Host, MachineClock } from './host.js';
import { Loop } from './loop.js';

const MINUTE_MS = 60_000;

/** A disk that stalls in each write, with one write of a process under way. */
class Stalled {
  readonly schedule: Schedule = new Schedule();
  readonly disk: NodeDisk = new NodeDisk(
    { meanMs: 1, stall: 1, stallMs: MINUTE_MS },
    this.schedule,
    new SeededRandom(3),
  );
  done = false;
  private readonly host: Host = new Host({
    schedule: this.schedule,
    clock: new MachineClock(this.schedule, 1, 0),
    random: new SeededRandom(4),
    loopUs: 0,
    uncaught: (error) => assert.fail(String(error)),
    running: { host: null },
  });
  private readonly loop: Loop = new Loop(this.schedule, {
    begins: () => undefined,
    rejected: (error) => assert.fail(String(error)),
    broken: () => null,
  });

  /** Runs the write for a second, then `what`, then all of it for another second. */
  run(what: () => void): Promise<void> {
    return this.loop.own(async () => {
      const disk = this.disk.source(this.host).attach((error) => assert.fail(error));
      void disk.replaceFile('a', Uint8Array.of(1)).then(() => (this.done = true));
      await this.loop.runUntil(SECOND);
      assert.equal(this.done, false, 'it should have stalled');
      what();
      await this.loop.runUntil(2 * SECOND);
    });
  }
}

describe('a simulated disk that stalls', () => {
  it('ends the writes that it stalls in when it is to be calm', async () => {
    const stalled = new Stalled();
    await stalled.run(() => stalled.disk.calm(1));
    assert.equal(stalled.done, true);
  });

  it('goes on stalling in them when it only hung meanwhile', async () => {
    const stalled = new Stalled();
    await stalled.run(() => {
      stalled.disk.hang();
      stalled.disk.release();
    });
    assert.equal(stalled.done, false);
  });

  it('has nothing to end for a process that is gone', async () => {
    const stalled = new Stalled();
    await stalled.run(() => {
      stalled.disk.cut(false, () => false);
      stalled.disk.calm(1);
    });
    assert.equal(stalled.done, false);
    assert.equal(stalled.disk.memory.files.has('a'), false);
  });
});
