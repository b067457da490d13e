import assert from 'node:assert/strict';
import { World, type FakeScheduler } from './world.js';

function statusOf(world: World, scheduler: FakeScheduler): string {
  return world.machine.frameworks.get(scheduler.frameworkId)?.status.kind ?? 'none';
}

describe('a disconnected framework', () => {
  it('is torn down when its failover timeout has passed', () => {
    const world = new World();
    const scheduler = world.subscribe('F', { failoverSeconds: 60 });
    scheduler.disconnect();
    assert.equal(statusOf(world, scheduler), 'disconnected');
    world.advance(59_900);
    assert.equal(statusOf(world, scheduler), 'disconnected');
    world.advance(200);
    assert.equal(statusOf(world, scheduler), 'completed');
  });

  it('with a timeout of 0 is torn down at once, as in Mesos', () => {
    const world = new World();
    const scheduler = world.subscribe('F', { failoverSeconds: 0 });
    scheduler.disconnect();
    world.advance(100);
    assert.equal(statusOf(world, scheduler), 'completed');
  });

  it('that subscribes again in time goes on, and its timer starts at full length the next time', () => {
    const world = new World();
    const scheduler = world.subscribe('F', { failoverSeconds: 60 });
    scheduler.disconnect();
    world.advance(50_000);
    const again = world.subscribe('F', { id: scheduler.frameworkId, failoverSeconds: 60 });
    world.advance(50_000);
    assert.equal(statusOf(world, scheduler), 'connected');
    again.disconnect();
    world.advance(59_000);
    assert.equal(statusOf(world, scheduler), 'disconnected');
  });

  it('has its remaining time committed every tenth, but not more often than every 30 s', () => {
    const world = new World();
    const long = world.subscribe('long', { failoverSeconds: 3_000 });
    const short = world.subscribe('short', { failoverSeconds: 100 });
    long.disconnect();
    short.disconnect();
    const { proposed } = world.group.member(1);
    const before = proposed.length;
    world.advance(299_000);
    const frameworks = world.machine.frameworks;
    const remaining = (one: FakeScheduler): number => {
      const status = frameworks.get(one.frameworkId)?.status;
      return status?.kind === 'disconnected' ? status.remainingMs : 0;
    };
    assert.equal(remaining(long), 3_000_000);
    assert.equal(statusOf(world, short), 'completed');
    world.advance(2_000);
    assert.ok(Math.abs(remaining(long) - 2_700_000) < 100, `${remaining(long)} ms`);
    const commits = proposed.length - before;
    assert.ok(
      commits < 25,
      `${commits} proposals in 300 s: 3 and a teardown for the short one, 1 for the long, 10 checkpoints`,
    );
  });

  it('loses at most a tenth of its time to a change of leader', () => {
    const world = new World({ members: 3 });
    const scheduler = world.subscribe('F', { at: 2, failoverSeconds: 1_000 });
    scheduler.disconnect();
    // Six tenths are committed, and nearly all of the seventh is lost with the leader.
    world.advance(699_000);
    world.group.kill(1);
    world.group.elect(3);
    world.advance(398_000);
    assert.equal(statusOf(world, scheduler), 'disconnected', 'it goes on where the old leader committed');
    world.advance(3_000);
    assert.equal(statusOf(world, scheduler), 'completed');
  });

  it('is counted on by the leader even if it never commits in between', () => {
    const world = new World({ members: 3 });
    const scheduler = world.subscribe('F', { at: 2, failoverSeconds: 20 });
    scheduler.disconnect();
    world.advance(10_000);
    world.group.elect(3);
    world.advance(19_900);
    assert.equal(statusOf(world, scheduler), 'disconnected', 'a short timer starts anew');
    world.advance(200);
    assert.equal(statusOf(world, scheduler), 'completed');
  });
});
