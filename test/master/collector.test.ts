import assert from 'node:assert/strict';
import type { SessionId } from '../../lib/base/index.js';
import { MASTER_LIMITS } from '../../lib/master/index.js';
import { OPEN_ACL, decodeCommand, type CreateMode, type TreeOp } from '../../lib/state/index.js';
import { World } from './world.js';

const SESSION = '0000000000000001' as SessionId;
const { intervalMs, unusedMs, nodesPerRound } = MASTER_LIMITS.collector;

/** A group with a coordination session that writes. */
function begin(): World {
  const world = new World({ members: 3 });
  world.settle();
  const password = new Uint8Array(16);
  const { node: member } = world.group.member(1);
  const arrival = { password, timeoutMs: 3_600_000, identities: [], member };
  world.commit({ kind: 'coordination-open', session: SESSION, ...arrival });
  return world;
}

function write(world: World, ...ops: readonly TreeOp[]): void {
  const head = { session: SESSION, attachment: 1 };
  for (const op of ops) {
    const result = world.commit({ kind: 'coordination-write', ...head, multi: false, ops: [op] });
    assert.ok(result.ok, JSON.stringify(result));
  }
}

function create(path: string, mode: CreateMode = 'persistent', ttlMs: number = 0): TreeOp {
  return { op: 'create', path, data: null, acl: OPEN_ACL, mode, ttlMs };
}

function remove(path: string): TreeOp {
  return { op: 'delete', path, version: -1 };
}

function has(world: World, path: string): boolean {
  return world.machine.tree.exists(path) !== null;
}

function collects(world: World, at: number): number {
  const kinds = world.group.member(at).proposed.map((command) => decodeCommand(command).kind);
  return kinds.filter((kind) => kind === 'coordination-collect').length;
}

describe('the collection of nodes that end by themselves', () => {
  it('takes a container whose last child is gone, and none that has one', () => {
    const world = begin();
    write(world, create('/a', 'container'), create('/a/x'), create('/b', 'container'), create('/b/x'));
    world.advance(2 * intervalMs);
    write(world, remove('/a/x'));
    world.advance(intervalMs);
    assert.deepEqual([has(world, '/a'), has(world, '/b')], [false, true]);
  });

  it('leaves a container that never had a child alone for five minutes', () => {
    const world = begin();
    write(world, create('/unused', 'container'));
    world.advance(unusedMs - 1_000);
    assert.ok(has(world, '/unused'));
    world.advance(1_000 + 2 * intervalMs);
    assert.ok(!has(world, '/unused'));
  });

  it('takes containers in each other one after the other', () => {
    const world = begin();
    write(world, create('/a', 'container'), create('/a/b', 'container'), create('/a/b/x'), remove('/a/b/x'));
    world.advance(2 * intervalMs);
    assert.ok(!has(world, '/a'));
  });

  it('takes a node whose time to live is over, counted from its last change, and none with children', () => {
    const world = begin();
    write(world, create('/short', 'ttl', 20_000), create('/used', 'ttl', 20_000));
    write(world, create('/parent', 'ttl', 20_000), create('/parent/x'));
    world.advance(15_000);
    write(world, { op: 'set', path: '/used', data: null, version: -1 });
    world.advance(5_000 + intervalMs);
    assert.deepEqual(
      ['/short', '/used', '/parent'].map((path) => has(world, path)),
      [false, true, true],
    );
    world.advance(15_000 + intervalMs);
    assert.ok(!has(world, '/used'));
    write(world, remove('/parent/x'));
    world.advance(intervalMs);
    assert.ok(!has(world, '/parent'));
  });

  it('does not take a node that got a child, or was made anew, since it was looked at', () => {
    const world = begin();
    write(world, create('/a', 'container'), create('/a/x'), remove('/a/x'));
    write(world, create('/b', 'container'), create('/b/x'), remove('/b/x'));
    const stat = (path: string) => world.machine.tree.exists(path)!;
    const [a, b] = [stat('/a'), stat('/b')];
    write(world, create('/a/y'), remove('/b'), create('/b', 'container'));
    for (const [path, { czxid, mzxid, pzxid }] of [['/a', a] as const, ['/b', b] as const]) {
      world.commit({ kind: 'coordination-collect', path, czxid, mzxid, pzxid });
      assert.ok(has(world, path));
    }
  });

  it('is the leader’s alone: a new one goes on, an old one proposes nothing more', () => {
    const world = begin();
    world.group.elect(2);
    write(world, create('/a', 'container'), create('/a/x'), remove('/a/x'));
    world.advance(intervalMs);
    assert.ok(!has(world, '/a'));
    assert.deepEqual(
      [1, 2, 3].map((at) => collects(world, at)),
      [0, 1, 0],
    );
  });

  it('takes a bounded number at a time, and waits for their end before the next', () => {
    const world = begin();
    const count = nodesPerRound + 10;
    for (let n = 0; n < count; n++) write(world, create(`/t${n}`, 'ttl', 1));
    world.advance(10);
    world.group.holding = true;
    world.advance(3 * intervalMs);
    assert.equal(collects(world, 1), nodesPerRound);
    world.group.release();
    world.advance(intervalMs);
    assert.equal(collects(world, 1), count);
    assert.ok(!has(world, '/t0') && !has(world, `/t${count - 1}`));
  });
});
