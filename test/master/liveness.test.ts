import assert from 'node:assert/strict';
import type { AgentId, SessionId } from '../../lib/base/index.js';
import { World, keepAlive } from './world.js';

function agentState(world: World, agentId: string): string {
  return world.machine.agents.get(agentId as AgentId)?.status.kind ?? 'none';
}

describe('agents', () => {
  it('that are silent for 15 s are unreachable, though their stream is open', () => {
    const world = new World();
    world.addAgent('a1');
    world.advance(14_900);
    assert.equal(agentState(world, 'a1'), 'connected');
    world.advance(200);
    assert.equal(agentState(world, 'a1'), 'unreachable');
  });

  it('whose stream ended are unreachable 15 s after they were last heard', () => {
    const world = new World();
    const agentId = world.addAgent('a1');
    keepAlive(world, []);
    world.advance(10_000);
    world.commit({ kind: 'agent-disconnect', agentId, attachment: world.attachment(agentId) });
    world.advance(4_900);
    assert.equal(agentState(world, 'a1'), 'disconnected');
    world.advance(200);
    assert.equal(agentState(world, 'a1'), 'unreachable');
  });

  it('stay as long as any master hears them', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1', undefined, 2);
    keepAlive(world, ['a1'], 2);
    world.advance(120_000);
    assert.equal(agentState(world, 'a1'), 'connected');
  });

  it('are lost 15 s after a change of leader at the latest, even when the leader died with them', () => {
    const world = new World({ members: 3 });
    world.addAgent('a1', undefined, 2);
    keepAlive(world, ['a1'], 2);
    world.advance(60_000);
    world.group.kill(1);
    world.group.kill(2);
    world.group.elect(3);
    world.advance(14_900);
    assert.equal(agentState(world, 'a1'), 'connected', 'a new leader starts at full length');
    world.advance(200);
    assert.equal(agentState(world, 'a1'), 'unreachable');
  });

  it('are not lost by a pause of the leader itself', () => {
    const world = new World();
    world.addAgent('a1');
    world.advance(10_000);
    world.group.time.freeze(60_000);
    world.advance(4_000);
    assert.equal(agentState(world, 'a1'), 'connected');
    world.advance(1_200);
    assert.equal(agentState(world, 'a1'), 'unreachable');
  });

  it('are not lost by a leader that cannot prove after a pause that it still leads', () => {
    const world = new World();
    world.addAgent('a1');
    const leader = world.group.member(1);
    leader.quorum = false;
    world.group.time.freeze(60_000);
    world.advance(60_000);
    assert.equal(agentState(world, 'a1'), 'connected');
    assert.ok(leader.verifications > 0);
    leader.quorum = true;
    world.advance(200);
    assert.equal(agentState(world, 'a1'), 'unreachable');
  });

  it('are expired by one proposal, however long its commit takes', () => {
    const world = new World();
    world.addAgent('a1');
    world.advance(14_900);
    const { proposed } = world.group.member(1);
    const before = proposed.length;
    world.group.holding = true;
    world.advance(10_000);
    assert.equal(proposed.length - before, 1);
  });
});

describe('framework streams', () => {
  it('of a master that died count as disconnected within five seconds or so', () => {
    const world = new World({ members: 3 });
    const scheduler = world.subscribe('F', { at: 3 });
    world.advance(30_000);
    const status = (): string => world.machine.frameworks.get(scheduler.frameworkId)?.status.kind ?? 'none';
    assert.equal(status(), 'connected', 'an open stream is enough');
    world.group.kill(3);
    world.advance(5_200);
    assert.equal(status(), 'disconnected');
  });
});

describe('client sessions', () => {
  const state = (world: World, session: SessionId): boolean => world.machine.sessions.get(session) !== null;

  it('expire when they were not used for their timeout', () => {
    const world = new World();
    const session = world.openSession(60_000);
    world.advance(59_000);
    assert.equal(state(world, session), true);
    world.advance(2_000);
    assert.equal(state(world, session), false);
  });

  it('live on with every command', () => {
    const world = new World();
    const session = world.openSession(60_000);
    const scheduler = world.subscribe('F');
    scheduler.session = session;
    for (let minute = 0; minute < 3; minute++) {
      world.advance(50_000);
      scheduler.ask({ type: 'REVIVE' });
    }
    world.advance(50_000);
    assert.equal(state(world, session), true);
    world.advance(15_000);
    assert.equal(state(world, session), false);
  });

  it('live on with every request that leaves no trace in the log', () => {
    const world = new World({ members: 3 });
    const session = world.openSession(60_000);
    const scheduler = world.subscribe('F', { at: 2 });
    scheduler.session = session;
    for (let minute = 0; minute < 3; minute++) {
      world.advance(50_000);
      scheduler.ask({ type: 'RECONCILE', reconcile: {} });
    }
    world.advance(50_000);
    assert.equal(state(world, session), true);
  });

  it('start anew with a new leader', () => {
    const world = new World({ members: 3 });
    const session = world.openSession(60_000);
    world.advance(50_000);
    world.group.elect(2);
    world.advance(50_000);
    assert.equal(state(world, session), true);
    world.advance(11_000);
    assert.equal(state(world, session), false);
  });
});
