import assert from 'node:assert/strict';
import type { AgentId, ClusterId } from '../../lib/base/index.js';
import { AgentWorld, CLUSTER } from './agent-world.js';

describe('an agent registers', () => {
  it('and is admitted under a new id, with the terms of the group', () => {
    const world = new AgentWorld();
    const agent = world.join();
    assert.equal(world.status(agent.id), 'connected');
    const [registered] = agent.of('registered');
    assert.deepEqual(
      [registered?.clusterId, registered?.heartbeatMs, registered?.timeoutMs, registered?.unknownTasks],
      [CLUSTER, 1_000, 15_000, []],
    );
  });

  it('again under the id it has, and is attached anew', () => {
    const world = new AgentWorld();
    const first = world.join();
    first.close();
    const second = world.join({ agentId: first.id, clusterId: CLUSTER });
    assert.equal(second.id, first.id);
    assert.equal(world.attachment(first.id), 2);
  });

  it('once per agent when the answer to its first registration was lost', () => {
    const world = new AgentWorld(2);
    world.group.holding = true;
    const first = world.open(1);
    first.register();
    world.settle();
    first.close();
    world.group.release();
    world.settle();
    const second = world.join({}, 2);
    assert.equal(world.machine.agents.list().length, 1, 'an agent was left behind that nobody is');
    assert.equal(world.status(second.id), 'connected');
    assert.equal(second.code, 'open');
  });

  it('under another id when the one of its incarnation was removed', () => {
    const world = new AgentWorld();
    const first = world.join();
    world.commit({ kind: 'agent-remove', agentId: first.id, cause: 'gone' });
    const second = world.join();
    assert.notEqual(second.id, first.id);
    assert.equal(world.status(second.id), 'connected');
  });

  it('is refused under an id that was removed', () => {
    const world = new AgentWorld();
    const { id } = world.join();
    world.commit({ kind: 'agent-remove', agentId: id, cause: 'gone' });
    assert.equal(world.join({ agentId: id, clusterId: CLUSTER }).code, 'AGENT_REMOVED');
  });

  it('is refused under an id that nobody knows', () => {
    const world = new AgentWorld();
    assert.equal(world.join({ agentId: 'ghost' as AgentId, clusterId: CLUSTER }).code, 'UNKNOWN_AGENT');
    assert.equal(world.machine.agents.list().length, 0);
  });

  it('is refused by a foreign group, and nothing changes', () => {
    const world = new AgentWorld();
    const agent = world.join({ clusterId: 'cluster-2' as ClusterId });
    assert.equal(agent.code, 'FOREIGN_CLUSTER');
    assert.equal(world.machine.agents.list().length, 0);
  });

  it('waits for a member to reach the revision that the agent knows', () => {
    const world = new AgentWorld(2);
    const { id } = world.join();
    world.group.member(2).lag();
    world.openSession();
    const agent = world.open(2);
    agent.register({ agentId: id, clusterId: CLUSTER, knownRevision: world.machine.revision });
    world.advance(200);
    assert.deepEqual([agent.messages, agent.code], [[], 'open']);
    world.group.member(2).catchUp();
    world.advance(200);
    assert.equal(agent.id, id);
  });

  it('is refused by a member that cannot catch up', () => {
    const world = new AgentWorld();
    const { time } = world.group;
    world.group.member(1).waitRevision = (_revision, done) => void time.after(500, () => done(false));
    const agent = world.open();
    agent.register({ knownRevision: 1_000_000 });
    world.advance(500);
    assert.equal(agent.code, 'NO_LEADER');
    assert.equal(world.machine.agents.list().length, 0);
  });

  it('once per stream', () => {
    const world = new AgentWorld();
    const agent = world.join();
    agent.register();
    assert.equal(agent.code, 'INVALID_ARGUMENT');
  });

  it('with resources that can be counted, or is refused', () => {
    const world = new AgentWorld();
    const half = { name: 'mem', type: 'SCALAR', scalar: { value: 2 ** 32 } } as const;
    const agent = world.join({ info: { hostname: 'h', resources: [half, half, half] } });
    assert.equal(agent.code, 'INVALID_ARGUMENT');
    assert.equal(world.machine.agents.list().length, 0);
  });

  it('before anything else', () => {
    const world = new AgentWorld();
    const agent = world.open();
    agent.update('f' as never, 't', 1, 1);
    assert.equal(agent.code, 'INVALID_ARGUMENT');
  });

  it('within ten seconds, or gives its place to another', () => {
    const world = new AgentWorld(1, { streams: 1 });
    const mute = world.open();
    assert.equal(world.open().code, 'OVERLOADED');
    world.advance(12_000);
    assert.equal(mute.code, 'INVALID_ARGUMENT');
    assert.equal(world.join().code, 'open');
  });

  it('although its stream dies meanwhile, and is disconnected at once', () => {
    const world = new AgentWorld();
    world.group.holding = true;
    const agent = world.open();
    agent.register();
    world.settle();
    agent.close();
    world.group.release();
    world.settle();
    const [view] = world.machine.agents.list();
    assert.equal(view?.status.kind, 'disconnected');
  });
});

describe('an agent stream', () => {
  it('is replaced by a newer one at the same member', () => {
    const world = new AgentWorld();
    const first = world.join();
    const second = world.join({ agentId: first.id, clusterId: CLUSTER });
    world.settle();
    assert.equal(first.code, 'STALE_CONNECTION');
    assert.equal(second.code, 'open');
    assert.equal(world.status(first.id), 'connected', 'the end of the old stream disconnected the new one');
  });

  it('is replaced by a newer one at another member', () => {
    const world = new AgentWorld(2);
    const first = world.join();
    const second = world.join({ agentId: first.id, clusterId: CLUSTER }, 2);
    assert.equal(first.code, 'STALE_CONNECTION');
    assert.deepEqual([second.code, world.status(first.id)], ['open', 'connected']);
  });

  it('ends when its agent is removed', () => {
    const world = new AgentWorld();
    const agent = world.join();
    world.commit({ kind: 'agent-remove', agentId: agent.id, cause: 'gone' });
    assert.equal(agent.code, 'AGENT_REMOVED');
  });

  it('ends when its agent is taken for lost', () => {
    const world = new AgentWorld();
    const agent = world.join();
    world.commit({ kind: 'agent-unreachable', agentId: agent.id, attachment: 1 });
    assert.equal(agent.code, 'STALE_CONNECTION');
  });

  it('outlives events that its own entry has overtaken', () => {
    const world = new AgentWorld();
    const agent = world.join();
    const { revision } = world.machine;
    // An entry may hold the loss of the former stream and this one's registration: the outcome is told first.
    world.tell({ kind: 'agent-unreachable', revision, agentId: agent.id });
    assert.deepEqual([agent.code, world.status(agent.id)], ['open', 'connected']);
  });

  it('ends when this member receives the state anew', () => {
    const world = new AgentWorld();
    const agent = world.join();
    world.group.member(1).reset();
    assert.equal(agent.code, 'NO_LEADER');
  });

  it('ends when the master stops, and the agent is disconnected', () => {
    const world = new AgentWorld();
    const agent = world.join();
    world.services[0]!.stop();
    world.settle();
    assert.deepEqual([agent.code, world.status(agent.id)], ['SHUTTING_DOWN', 'disconnected']);
  });

  it('keeps its agent alive by heartbeats', () => {
    const world = new AgentWorld();
    const agent = world.join();
    for (let i = 0; i < 40; i++) {
      agent.beat();
      world.advance(1_000);
    }
    assert.deepEqual([world.status(agent.id), agent.code], ['connected', 'open']);
    assert.ok(agent.of('heartbeat').length >= 39, 'the agent hears its master every second');
  });

  it('does not keep an agent alive that says nothing', () => {
    const world = new AgentWorld();
    const agent = world.join();
    world.advance(16_000);
    assert.deepEqual([world.status(agent.id), agent.code], ['unreachable', 'STALE_CONNECTION']);
  });

  it('is sent to another member when the leader falls silent, before the agent is taken for lost', () => {
    const world = new AgentWorld(2);
    const agent = world.join({}, 2);
    world.group.lose();
    for (let i = 0; i < 7; i++) {
      agent.beat();
      world.advance(1_000);
    }
    assert.equal(agent.code, 'NO_LEADER');
  });

  it('is welcome at a member that had nothing to report for a long time', () => {
    const world = new AgentWorld(2);
    // At every phase of its heartbeats and reports.
    for (let round = 0; round < 20; round++) {
      world.advance(10_050);
      const agent = world.join({ incarnation: `${round}`.padStart(16, '0') }, 2);
      world.advance(1_000);
      assert.equal(agent.code, 'open');
      agent.close();
    }
  });

  it('ends when its agent reads nothing', () => {
    const world = new AgentWorld(1, { unread: 20 });
    const agent = world.join();
    agent.unread = 0;
    for (let i = 0; i < 30; i++) {
      agent.beat();
      world.advance(1_000);
    }
    assert.equal(agent.code, 'OVERLOADED');
  });
});
