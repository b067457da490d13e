import assert from 'node:assert/strict';
import { Tree } from '../../lib/client/index.js';
import { outcomeOf } from './outcome.js';
import { ADDRESSES, FakeGroup } from './fake-group.js';
import { VirtualWorld } from './world.js';

describe('the client of the tree', () => {
  let world: VirtualWorld;
  let group: FakeGroup;
  let tree: Tree;

  beforeEach(() => {
    world = new VirtualWorld();
    group = new FakeGroup();
    tree = new Tree({ addresses: ADDRESSES }, { dial: group.network.dial, world });
  });

  afterEach(async () => {
    group.manner = 'answer';
    await tree.close();
    await world.settle();
    assert.equal(world.armed, 0, 'a closed client leaves no timer');
    assert.equal(group.network.doors.size, 0, 'a closed client leaves no connection');
  });

  it('connects to nobody before the first call', async () => {
    await world.advance(1000);
    assert.deepEqual(group.network.dialled, []);
  });

  it('answers a write with the index where it took effect', async () => {
    const { index } = await tree.create('/a', Buffer.from('x'));
    assert.ok(index > 100);
    assert.equal((await tree.get('/a')).data.toString(), 'x');
  });

  it('numbers the writes of a session 1, 2, 3 and sends them in order', async () => {
    await Promise.all([
      tree.set('/a', Buffer.from('1')),
      tree.set('/b', Buffer.from('2')),
      tree.delete('/a'),
    ]);
    assert.deepEqual(group.executed, ['set /a', 'set /b', 'delete /a']);
    assert.deepEqual(
      group.arrivals.map(({ sequence }) => sequence),
      [1, 2, 3],
    );
  });

  it('tells the group which answers have arrived', async () => {
    await tree.set('/a', Buffer.from('1'));
    await tree.set('/a', Buffer.from('2'));
    assert.deepEqual(
      group.arrivals.map(({ acknowledgedBelow }) => acknowledgedBelow),
      [1, 2],
    );
  });

  it('sends an unanswered write again, with the same session and sequence, to the next member', async () => {
    group.manner = 'mute';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.settle();
    group.manner = 'answer';
    group.network.kill('m1:1');
    await world.advance(10);
    assert.equal((await outcome).kind, 'done');
    const [first, second] = group.arrivals;
    assert.deepEqual([first?.address, second?.address], ['m1:1', 'm2:2']);
    assert.deepEqual([first?.session, first?.sequence], [second?.session, second?.sequence]);
    assert.deepEqual(group.executed, ['set /a'], 'it took effect once');
  });

  it('tries the next member at once when a connection is refused', async () => {
    group.network.conditions.set('m1:1', 'refusing').set('m2:2', 'refusing');
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.advance(0);
    assert.equal((await outcome).kind, 'done');
    assert.equal(group.arrivals[0]?.address, 'm3:3');
  });

  it('remembers the member that worked', async () => {
    group.network.conditions.set('m1:1', 'refusing');
    await Promise.all([tree.set('/a', Buffer.from('1')), world.advance(0)]);
    await tree.set('/a', Buffer.from('2'));
    assert.deepEqual(group.network.dialled, ['m1:1', 'm2:2']);
  });

  it('leaves a member that accepts a write and then says nothing for 600 ms', async () => {
    const first = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.settle();
    assert.equal((await first).kind, 'done');
    group.network.conditions.set('m1:1', 'stuck');
    const second = outcomeOf(tree.set('/a', Buffer.from('2')));
    await world.advance(800);
    assert.equal((await second).kind, 'done');
    assert.equal(group.arrivals.at(-1)?.address, 'm2:2');
  });

  it('stays with a member that is alive while the group is slow', async () => {
    await tree.set('/a', Buffer.from('1'));
    group.manner = 'lose';
    const slow = outcomeOf(tree.set('/a', Buffer.from('2')));
    await world.advance(1900);
    assert.deepEqual(group.network.dialled, ['m1:1']);
    group.manner = 'answer';
    await world.advance(300);
    assert.equal((await slow).kind, 'done', 'after two seconds it asks another one all the same');
    assert.deepEqual(group.network.dialled, ['m1:1', 'm2:2']);
  });

  it('repeats a write that is refused for lack of a leader, on the same connection', async () => {
    group.manner = 'answer';
    await tree.set('/a', Buffer.from('0'));
    group.refusing = 'NO_LEADER';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.advance(100);
    group.refusing = null;
    await world.advance(300);
    assert.equal((await outcome).kind, 'done');
    assert.deepEqual(new Set(group.arrivals.slice(1).map(({ sequence }) => sequence)), new Set([2]));
    assert.deepEqual(group.network.dialled, ['m1:1']);
  });

  it('repeats a write that an alarm refuses, under the same sequence, until it is cleared', async () => {
    await tree.set('/a', Buffer.from('0'));
    group.refusing = 'DIVERGED';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.advance(5000);
    group.refusing = null;
    await world.advance(2000);
    assert.equal((await outcome).kind, 'done');
    assert.deepEqual(group.executed, ['set /a', 'set /a']);
    assert.deepEqual(new Set(group.arrivals.slice(1).map(({ sequence }) => sequence)), new Set([2]));
  });

  it('ends a write that an alarm refused to the end as not done, and says so', async () => {
    await tree.set('/a', Buffer.from('0'));
    group.refusing = 'DIVERGED';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.advance(31_000);
    const { error } = await outcome;
    assert.deepEqual([error?.code, error?.certainty], ['DIVERGED', 'not-done']);
    group.refusing = null;
  });

  it('asks another member when one has had no leader for 1.5 s', async () => {
    await tree.set('/a', Buffer.from('0'));
    group.refusing = 'NO_LEADER';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.advance(3000);
    assert.ok(group.network.dialled.includes('m2:2'));
    group.refusing = null;
    await world.advance(500);
    assert.equal((await outcome).kind, 'done');
  });

  it('ends a write that nobody could take as not done, and says who refused and for how long', async () => {
    for (const address of ADDRESSES) group.network.conditions.set(address, 'refusing');
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.advance(31_000);
    const { error } = await outcome;
    assert.equal(error?.code, 'UNREACHABLE');
    assert.equal(error?.certainty, 'not-done');
    assert.match(error?.message ?? '', /for 30\.\d s: m1:1 refused; m2:2 refused; m3:3 refused/);
  });

  it('ends a write that was only ever refused for lack of a leader as not done', async () => {
    await tree.set('/a', Buffer.from('0'));
    group.refusing = 'NO_LEADER';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.advance(31_000);
    const { error } = await outcome;
    assert.equal(error?.code, 'NO_LEADER');
    assert.equal(error?.certainty, 'not-done');
  });

  it('ends a write that was sent and never answered as unknown', async () => {
    group.manner = 'mute';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.advance(31_000);
    const { error } = await outcome;
    assert.equal(error?.code, 'DEADLINE');
    assert.equal(error?.certainty, 'unknown');
  });

  it('does not take a refusal of the second sending for an answer to the first', async () => {
    group.manner = 'mute';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.settle();
    group.manner = 'answer';
    group.refusing = 'NO_LEADER';
    group.network.cut('m1:1');
    await world.advance(31_000);
    assert.equal((await outcome).error?.certainty, 'unknown');
  });

  it('hands a refusal of the state machine on as it is', async () => {
    await tree.create('/a');
    const { error } = await outcomeOf(tree.create('/a'));
    assert.equal(error?.code, 'NODE_EXISTS');
    assert.equal(error?.certainty, 'not-done');
  });

  it('ends a write as unknown when its session expired before the answer came', async () => {
    group.manner = 'mute';
    const outcome = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.settle();
    group.manner = 'answer';
    group.expireSessions();
    group.network.cut('m1:1');
    await world.advance(100);
    const { error } = await outcome;
    assert.equal(error?.code, 'SESSION_EXPIRED');
    assert.equal(error?.certainty, 'unknown');
    assert.deepEqual(group.executed, ['set /a'], 'it is not run again');
  });

  it('runs a write in a new session when the old one was gone before the write was first sent', async () => {
    await tree.set('/a', Buffer.from('0'));
    group.expireSessions();
    assert.equal((await outcomeOf(tree.set('/a', Buffer.from('1')))).kind, 'done');
    assert.deepEqual(group.openedSessions, ['session-1', 'session-2']);
    assert.deepEqual(group.executed, ['set /a', 'set /a']);
  });

  it('opens a new session for a call after half a session timeout without use', async () => {
    await tree.set('/a', Buffer.from('0'));
    await world.advance(301_000);
    await tree.set('/a', Buffer.from('1'));
    assert.equal(group.arrivals.at(-1)?.session, 'session-2');
    assert.equal(group.arrivals.at(-1)?.sequence, 1);
  });

  it('asks an unanswered read again at the next member', async () => {
    await tree.set('/a', Buffer.from('x'));
    group.manner = 'mute';
    const read = tree.get('/a');
    await world.settle();
    group.manner = 'answer';
    group.network.kill('m1:1');
    await world.advance(10);
    assert.equal((await read).data.toString(), 'x');
  });

  it('ends unanswered calls when it is closed: unknown if sent, not done if not', async () => {
    group.manner = 'mute';
    const sent = outcomeOf(tree.set('/a', Buffer.from('1')));
    await world.settle();
    await tree.close();
    const late = outcomeOf(tree.set('/a', Buffer.from('2')));
    assert.equal((await sent).error?.code, 'OUTCOME_UNKNOWN');
    assert.equal((await late).error?.code, 'SHUTTING_DOWN');
  });

  it('says goodbye to its session when closed', async () => {
    await tree.set('/a', Buffer.from('1'));
    await tree.close();
    assert.deepEqual(group.closedSessions, ['session-1']);
  });
});
