import assert from 'node:assert/strict';
import type { MemberId } from '../../lib/base/index.js';
import { type AlarmRaise, type Command, type InSession, type TreeCommand } from '../../lib/state/index.js';
import {
  Driver,
  M1,
  M2,
  M3,
  SESSION,
  agent,
  bytes,
  framework,
  launch,
  running,
  task,
} from './support/driver.js';
import { Durable, wholeCut } from './support/durable.js';
import { SAMPLES } from './support/samples.js';

const DIGESTS = [M1, M2, M3].map((node, i) => ({ node, digest: 'abc'[i]!.repeat(16) }));

function raise(index: number): AlarmRaise {
  return { kind: 'alarm-raise', index, digests: DIGESTS };
}

function create(path: string): TreeCommand {
  return { kind: 'tree-create', path, data: bytes('') };
}

function inSession(sequence: number, command: TreeCommand): InSession<TreeCommand> {
  return { kind: 'in-session', session: SESSION, sequence, acknowledgedBelow: 1, command };
}

/** A machine with a session, in which the alarm about entry 2 stands. */
function alarmed(): Driver {
  const driver = new Driver();
  driver.done({ kind: 'session-open', session: SESSION, timeoutMs: 60_000 });
  driver.done({ kind: 'checkpoint' });
  driver.done(raise(2));
  return driver;
}

describe('While an alarm stands', () => {
  it('every command is refused with DIVERGED but those by which the group operates itself', () => {
    const goOn = Object.values(SAMPLES).filter((command: Command) => {
      const result = alarmed().run(command)[0]!;
      return result.ok || result.code !== 'DIVERGED';
    });
    assert.deepEqual(
      goOn.map(({ kind }) => kind),
      [
        'checkpoint',
        'checkpoint-digest',
        'cluster-init',
        'member-info',
        'member-forget',
        'revision-raise',
        'alarm-raise',
        'join-token-issue',
        'join-token-redeem',
        'member-mark',
        'member-retire',
        'member-retired',
        'upkeep-set',
        'restore-begin',
        'restore-chunk',
        'restore-settle',
        'restore-commit',
        'restore-abandon',
        'alarm-clear',
      ],
    );
  });

  it('the refusal names the entry and how many members differ, and changes no record but the counters', () => {
    const driver = running('t1');
    driver.done(raise(1));
    const durable = new Durable();
    durable.take(wholeCut(driver.machine, driver.index, 1));
    const before = durable.contents();
    const [result] = driver.run(launch([task('t2')]));
    driver.run(agent(undefined, 2), framework(undefined, 2));
    assert.match(
      result!.ok ? '' : result!.message,
      /^3 members have 3 different states at entry 1, and none of them has a majority/,
    );
    durable.take(wholeCut(driver.machine, driver.index, 1));
    const after = durable.contents();
    const changed = [...after.keys()].filter((key) => after.get(key) !== before.get(key));
    // The core record (revision, clock) and the lane.
    assert.deepEqual(
      changed.map((key) => key.split('/')[0]),
      ['1', '2'],
    );
    assert.equal(after.size, before.size);
  });

  it('a call of a session leaves no trace, and is done once when it is repeated afterwards', () => {
    const driver = alarmed();
    const before = driver.machine.sessions.get(SESSION);
    assert.equal(driver.refused(inSession(1, create('/a'))), 'DIVERGED');
    assert.equal(driver.refused(inSession(1, create('/a'))), 'DIVERGED');
    assert.deepEqual(driver.machine.sessions.get(SESSION), before);
    assert.equal(driver.machine.sessions.lookup(SESSION, 1).kind, 'new');
    assert.equal(driver.changed({ kind: 'alarm-clear', index: 3 }), true);
    const first = driver.run(inSession(1, create('/a')))[0]!;
    assert.ok(first.ok);
    assert.deepEqual(driver.run(inSession(1, create('/a')))[0], first);
    assert.deepEqual(driver.machine.tree.children('/'), ['a']);
  });

  it('a call that was answered before is still answered alike', () => {
    const driver = new Driver();
    driver.done({ kind: 'session-open', session: SESSION, timeoutMs: 60_000 });
    const first = driver.run(inSession(1, create('/a')))[0]!;
    driver.done(raise(2));
    assert.deepEqual(driver.run(inSession(1, create('/a')))[0], first);
  });
});

describe('An alarm', () => {
  it('is told to the loops and shown with the entry and each member’s value', () => {
    const driver = alarmed();
    assert.deepEqual(driver.events, [{ kind: 'alarm-raised', revision: 3, index: 2 }]);
    assert.deepEqual(driver.machine.alarm, { index: 2, digests: DIGESTS, sinceRevision: 3 });
  });

  it('is told anew by a later checkpoint, and stands since the first', () => {
    const driver = alarmed();
    assert.equal(driver.changed(raise(2)), false);
    assert.equal(driver.changed(raise(1)), false);
    assert.equal(driver.changed(raise(9)), true);
    assert.deepEqual(driver.machine.alarm, { index: 9, digests: DIGESTS, sinceRevision: 3 });
  });

  it('is cleared by a later checkpoint only', () => {
    const driver = alarmed();
    assert.equal(driver.changed({ kind: 'alarm-clear', index: 2 }), false);
    assert.equal(driver.refused(create('/a')), 'DIVERGED');
    assert.equal(driver.changed({ kind: 'alarm-clear', index: 3 }), true);
    assert.deepEqual(driver.kinds(), ['alarm-cleared']);
    assert.equal(driver.machine.alarm, null);
    driver.done(create('/a'));
    assert.equal(driver.changed({ kind: 'alarm-clear', index: 3 }), false);
  });

  it('survives a restart, is part of the digest, and its end survives as well', () => {
    const driver = new Driver();
    driver.done({ kind: 'checkpoint' });
    const durable = new Durable();
    durable.take(wholeCut(driver.machine, driver.index, 1));
    const calm = driver.after(durable.load());
    driver.done(raise(1));
    calm.run({ kind: 'alarm-clear', index: 1 });
    const cut = wholeCut(driver.machine, driver.index, 1);
    assert.notEqual(cut.digest, wholeCut(calm.machine, calm.index, 1).digest);
    durable.take(cut);
    const again = driver.after(durable.load());
    assert.deepEqual(again.machine.alarm, driver.machine.alarm);
    assert.equal(again.refused(create('/a')), 'DIVERGED');
    again.done({ kind: 'alarm-clear', index: 2 });
    durable.take(wholeCut(again.machine, again.index, 1));
    assert.equal(durable.load().alarm, null);
    again.after(durable.load()).done(create('/a'));
  });

  it('is refused when it lists no digests, members twice, or too many', () => {
    const driver = new Driver();
    const twice = [DIGESTS[0]!, DIGESTS[0]!];
    assert.equal(driver.refused({ ...raise(1), digests: twice }), 'INVALID_ARGUMENT');
    const wrong = [{ node: M1, digest: 'a' }];
    assert.equal(driver.refused({ ...raise(1), digests: wrong }), 'INVALID_ARGUMENT');
    const many = Array.from({ length: 65 }, (_, i) => ({
      node: `m${100 + i}@0` as typeof M1,
      digest: 'a'.repeat(16),
    }));
    assert.equal(driver.refused({ ...raise(1), digests: many }), 'TOO_LARGE');
    assert.equal(driver.machine.alarm, null);
  });

  it('lets a member announce itself: one that was emptied comes back under a new name', () => {
    const driver = alarmed();
    driver.done({ ...SAMPLES['member-info'], node: M2, member: 'm2' as MemberId });
    driver.done({ kind: 'member-forget', node: M2 });
  });
});
