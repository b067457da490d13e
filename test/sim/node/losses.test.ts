import assert from 'node:assert/strict';
import type { NodeId } from '../../../lib/base/index.js';
import type { LogPoint } from '../../../lib/storage/index.js';
import { survivable, type Loss } from './losses.js';
import type { OnDisk } from './on-disk.js';

const [ME, LEADER, OTHER] = ['m1@1', 'm2@2', 'm3@3'] as NodeId[] as [NodeId, NodeId, NodeId];
const VOTERS = [ME, LEADER, OTHER];
const CONFIGURATION = {
  voters: VOTERS,
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
  leaseMs: 0,
};

/** A sound disk whose log ends at `index`, all of it of term 1. */
function disk(folder: NodeId, index: number, more: Partial<OnDisk> = {}): OnDisk {
  return {
    folder,
    boot: 4,
    configuration: CONFIGURATION,
    last: { term: 1, index },
    shows: false,
    holds: (point: LogPoint) => point.index <= index,
    acknowledged: new Map(),
    boots: new Map(),
    ...more,
  };
}

/** This member acknowledged entry 9 and lost all above entry 7; the leader has all of it, the other one ends at 7. */
function lost(more: Partial<Loss> = {}): Loss {
  return {
    damage: 'lost-tail',
    before: disk(ME, 9),
    after: disk(ME, 7),
    acknowledged: () => ({ term: 1, index: 9 }),
    voters: VOTERS,
    others: [disk(LEADER, 9), disk(OTHER, 7)],
    wounded: [],
    ...more,
  };
}

const knows = (index: number): Partial<OnDisk> => ({ acknowledged: new Map([[ME, { term: 1, index }]]) });
const saw = (boot: number): Partial<OnDisk> => ({ boots: new Map([[ME, boot]]) });

describe('a loss of what a member has acknowledged', () => {
  it('is more than is promised where nothing shows it and only its leader holds the same', () => {
    assert.equal(survivable(lost()), false);
  });

  it('is survived when the log or the witness shows it', () => {
    assert.equal(survivable(lost({ after: disk(ME, 7, { shows: true }) })), true);
  });

  it('is survived when every quorum has another member that holds it', () => {
    assert.equal(survivable(lost({ others: [disk(LEADER, 9), disk(OTHER, 9)] })), true);
  });

  it('is survived when whomever it asks has noted it, and not when one of them has', () => {
    const both = [disk(LEADER, 9, knows(9)), disk(OTHER, 7, knows(9))];
    assert.equal(survivable(lost({ others: both })), true);
    assert.equal(survivable(lost({ others: [disk(LEADER, 9, knows(9)), disk(OTHER, 7, knows(8))] })), false);
  });

  it('is survived when its vote does not count', () => {
    assert.equal(survivable(lost({ voters: [LEADER, OTHER] })), true);
  });

  it('counts what was acknowledged before an earlier loss', () => {
    assert.equal(survivable(lost({ before: disk(ME, 7), after: disk(ME, 7) })), false);
  });
});

describe('a folder that is put back from an older copy', () => {
  const stale = (...others: OnDisk[]): Loss =>
    lost({ damage: 'stale-folder', after: disk(ME, 9, { boot: 3 }), others });

  it('is survived when whomever it asks has noted a later start of it', () => {
    assert.equal(survivable(stale(disk(LEADER, 9, saw(4)), disk(OTHER, 9, saw(4)))), true);
    assert.equal(survivable(stale(disk(LEADER, 9, saw(4)), disk(OTHER, 9, saw(3)))), false);
  });
});

describe('what a member knows of a damaged one', () => {
  it('must not be lost as well', () => {
    const wounded = [disk(OTHER, 7)];
    const noted = { acknowledged: new Map([[OTHER, { term: 1, index: 9 }]]) };
    const held = { others: [disk(LEADER, 9), disk(OTHER, 9)] };
    assert.equal(survivable(lost({ ...held, wounded, before: disk(ME, 9, noted) })), false);
    assert.equal(
      survivable(lost({ ...held, wounded, before: disk(ME, 9, noted), after: disk(ME, 7, noted) })),
      true,
    );
  });
});
