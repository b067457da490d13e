import assert from 'node:assert/strict';
import { utf8Decode, type MemberId } from '../../lib/base/index.js';
import { MASTER_LIMITS } from '../../lib/master/index.js';
import { SYSTEM, decodeCommand } from '../../lib/state/index.js';
import { World } from './world.js';

const { lookMs, retryMs } = MASTER_LIMITS.serverList;

function begin(): World {
  const world = new World({ members: 3 });
  world.group.zk = '127.0.0.1:2181';
  // Members look at themselves once a second.
  world.advance(1_000 + 2 * lookMs);
  return world;
}

function config(world: World): string[] {
  const node = world.machine.tree.get(SYSTEM.config);
  return node === null ? [] : utf8Decode(node.data).split('\n');
}

function writes(world: World): number {
  const all = world.group.members.flatMap(({ proposed }) => proposed);
  return all.filter((command) => decodeCommand(command).kind === 'coordination-members').length;
}

function configure(world: World, voters: string[], learners: string[], changing: boolean = false): void {
  world.group.configured = { voters: voters as MemberId[], learners: learners as MemberId[], changing };
  world.advance(2 * lookMs);
}

describe('the list of servers for clients of ZooKeeper', () => {
  it('names every member with its doors and its role, and the zxid of its change in hexadecimal', () => {
    const world = begin();
    const { mzxid } = world.machine.tree.exists(SYSTEM.config)!;
    assert.deepEqual(config(world), [
      'server.1=127.0.0.1:5070:5070:participant;127.0.0.1:2181',
      'server.2=127.0.0.1:5070:5070:participant;127.0.0.1:2181',
      'server.3=127.0.0.1:5070:5070:participant;127.0.0.1:2181',
      `version=${mzxid.toString(16)}`,
    ]);
  });

  it('has the Stat that ZooKeeper gives it: version -1, and a zxid of the last change', () => {
    const { mzxid: _, mtimeMs, dataLength, ...rest } = begin().machine.tree.exists(SYSTEM.config)!;
    assert.ok(mtimeMs > 0 && dataLength > 0);
    const fixed = { czxid: 0, pzxid: 0, ctimeMs: 0, version: -1, cversion: 0, aversion: -1 };
    assert.deepEqual(rest, { ...fixed, ephemeralOwner: null, numChildren: 0 });
  });

  it('follows the members: a learner is an observer, and who left is gone', () => {
    const world = begin();
    configure(world, ['m1', 'm2'], ['m3']);
    assert.match(config(world)[2]!, /^server\.3=.*:observer;/);
    configure(world, ['m1', 'm2'], []);
    assert.equal(config(world).length, 3);
    assert.equal(writes(world), 3);
  });

  it('waits for the end of a change', () => {
    const world = begin();
    const before = config(world);
    configure(world, ['m1', 'm2'], ['m3'], true);
    assert.deepEqual(config(world), before);
  });

  it('is written once, and again by the next leader only if it is not true any more', () => {
    const world = begin();
    assert.equal(writes(world), 1);
    world.group.lose();
    world.group.elect(2);
    world.advance(4 * lookMs);
    assert.equal(writes(world), 1);
  });

  it('has no effect by what a former leader saw: of two that judge by the same node, the first one counts', () => {
    const world = begin();
    const { mzxid } = world.machine.tree.exists(SYSTEM.config)!;
    configure(world, ['m1', 'm2'], []);
    const before = config(world);
    world.commit({ kind: 'coordination-members', servers: 'server.9=x:1:1:participant', mzxid });
    assert.deepEqual(config(world), before);
  });

  it('is not tried again at once when it came to nothing', () => {
    const world = begin();
    world.group.holding = true;
    configure(world, ['m1', 'm2'], []);
    world.group.giveUp();
    world.advance(4 * lookMs);
    assert.equal(writes(world), 2);
    world.advance(retryMs);
    assert.equal(writes(world), 3);
  });

  it('is not written while nobody has a door for them', () => {
    const world = new World({ members: 3 });
    world.advance(5_000);
    assert.equal(writes(world), 0);
    assert.equal(world.machine.tree.exists(SYSTEM.root), null);
  });

  it('is a change of the node like another: who watches it hears of it', () => {
    const world = begin();
    const heard: string[] = [];
    world.group.member(1).listen({
      applied: (events) => {
        for (const event of events)
          if (event.kind === 'tree-changed') heard.push(`${event.change} ${event.path}`);
      },
    });
    configure(world, ['m1', 'm2'], []);
    assert.deepEqual(heard, ['set /zookeeper/config']);
  });
});
