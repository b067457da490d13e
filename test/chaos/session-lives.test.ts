import assert from 'node:assert/strict';
import { judgeSessions } from '../../chaos/judges/zookeeper/sessions.js';
import type { Timed } from '../../chaos/judges/zookeeper/records.js';
import { SESSIONS } from '../../chaos/workloads/zookeeper/places.js';
import { Recorder, SECOND, stat } from './wire-histories.js';

const NODE = `${SESSIONS}/a-1`;
const DELETED = 2;

const owner = new Recorder('a');
const witness = new Recorder('witness');
const cut = { member: 'm1', beginNs: 0, endNs: 100 * SECOND };

/** With a timeout of six seconds, at m1, and a node of its own; asked for the last time after two. */
const life = [
  owner.granted(0),
  owner.reply(1, { op: 'create2', path: NODE, stat: stat({ owner: owner.session }) }),
  owner.reply(2, { op: 'exists', path: NODE, stat: stat({ owner: owner.session }) }),
];

function seenBy(at: number, names: readonly string[], synced: boolean = true): Timed {
  const syncedNs = synced ? at * SECOND : null;
  return witness.reply(at, { op: 'getChildren2', path: SESSIONS, names, syncedNs });
}

function problems(records: readonly Timed[], cuts = [cut]): string[] {
  return judgeSessions(
    [...life, ...records].sort((a, b) => a.ns - b.ns),
    cuts,
  );
}

describe('a session of six seconds', () => {
  it('may be over after four seconds of silence, and everybody may see it', () => {
    assert.deepEqual(
      problems([owner.lost(5), witness.event(6.5, DELETED, NODE), seenBy(7, []), owner.expired(8)]),
      [],
    );
  });

  it('may not be over sooner: an event tells', () => {
    assert.match(problems([owner.lost(3), witness.event(5, DELETED, NODE)])[0] ?? '', /over 3000 ms after/);
  });

  it('may not be over sooner: the list of a witness tells', () => {
    assert.match(problems([owner.lost(3), seenBy(3, ['a-1']), seenBy(4, [])])[0] ?? '', /over 2000 ms after/);
  });

  it('may not be over sooner: its client is told', () => {
    assert.match(problems([owner.lost(3), owner.expired(4)])[0] ?? '', /over 2000 ms after/);
  });

  it('may be over at once when its client asked for that', () => {
    const closed = owner.reply(3, { op: 'closeSession', path: '' });
    assert.deepEqual(problems([closed, witness.event(3, DELETED, NODE), seenBy(4, [])]), []);
  });

  it('may be over at once when its client asked for that and got no answer', () => {
    const what = { wire: 'lost', connection: 1, why: 'closed', ending: true } as const;
    const lost = owner.record(3, { ...what, unanswered: [] });
    assert.deepEqual(problems([lost, witness.event(3, DELETED, NODE)]), []);
  });

  it('may not be answered once it was seen to be over', () => {
    const again = [owner.lost(3), owner.granted(9, { connection: 2 })];
    assert.match(
      problems([...again, witness.event(8, DELETED, NODE)])[0] ?? '',
      /got a connection .* although it was over/,
    );
  });

  it('may not be told that its own node is gone', () => {
    const gone = owner.reply(3, { op: 'exists', path: NODE, err: -101 });
    assert.match(problems([gone])[0] ?? '', /within session of-a, that its node .* is gone/);
  });

  it('may not leave its node behind for who looks after its end', () => {
    const closed = owner.reply(3, { op: 'closeSession', path: '' });
    assert.match(
      problems([closed, seenBy(4, ['a-1'])])[0] ?? '',
      /saw a-1 at 4.000 s, after its session was over/,
    );
  });

  it('may leave its node for who looks without a sync: that may be the past', () => {
    const closed = owner.reply(3, { op: 'closeSession', path: '' });
    assert.deepEqual(problems([closed, seenBy(4, ['a-1'], false)]), []);
  });

  it('may not keep its connection to a master that is cut off when others see its end', () => {
    const late = [witness.event(8, DELETED, NODE), owner.lost(9.5)];
    assert.match(problems(late)[0] ?? '', /connection of a to m1, which was cut off, outlived/);
    assert.deepEqual(problems([witness.event(8, DELETED, NODE), owner.lost(7)]), []);
  });
});
