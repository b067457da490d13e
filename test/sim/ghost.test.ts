import assert from 'node:assert/strict';
import type { NodeId } from '../../lib/base/index.js';
import { simpleConfiguration, type Entry, type Message, type Persist } from '../../lib/raft/index.js';
import { SimDisk } from './disk.js';
import { Ghost } from './ghost.js';
import { EMPTY_STATE } from './machine.js';
import { Violation } from './violation.js';

const IDS = ['n1@sim', 'n2@sim', 'n3@sim'] as NodeId[];
const CONFIGURATION = simpleConfiguration(IDS);
const NO_WRITE: Persist = {
  truncateFrom: null,
  snapshot: null,
  entries: [],
  hardState: null,
  configuration: null,
};

function fixture() {
  const meta = { index: 0, term: 0, configuration: CONFIGURATION };
  const disks = IDS.map(() => new SimDisk({ meta, state: EMPTY_STATE }));
  const ghost = new Ghost(disks, new Map(IDS.map((id, number) => [id, number])));
  const write = (who: number, batch: Partial<Persist>): void => {
    const whole = { ...NO_WRITE, ...batch };
    ghost.writes(who, whole);
    disks[who]!.begin(whole, null);
    disks[who]!.complete();
    ghost.wrote(who, whole);
  };
  return { ghost, disks, write };
}

function entry(index: number, term: number, text = ''): Entry {
  return { index, term, kind: 'normal', data: new TextEncoder().encode(text) };
}

function grant(voter: number, candidate: number, term: number): Message {
  const [from, to] = [IDS[voter]!, IDS[candidate]!];
  return { type: 'vote-reply', from, to, term, pre: false, granted: true };
}

function acknowledgement(from: number, term: number, index: number): Message {
  const ends = { from: IDS[from]!, to: IDS[0]! };
  return { type: 'append-reply', ...ends, term, index, rejected: false, hintIndex: 0, hintTerm: 0 };
}

function breaks(rule: string, action: () => void): void {
  assert.throws(action, (error) => error instanceof Violation && error.rule === rule);
}

describe('the memory of the group', () => {
  it('knows one leader per term', () => {
    const { ghost } = fixture();
    ghost.leads(0, 3);
    ghost.leads(0, 3);
    breaks('S1', () => ghost.leads(1, 3));
  });

  it('refuses a vote that is not durable', () => {
    const { ghost, write } = fixture();
    breaks('S2', () => ghost.emitted(1, grant(1, 0, 2)));
    write(1, { hardState: { term: 2, vote: IDS[2]! } });
    breaks('S2', () => ghost.emitted(1, grant(1, 0, 2)));
  });

  it('refuses a second vote in a term, whatever the disk says by then', () => {
    const { ghost, write } = fixture();
    write(1, { hardState: { term: 2, vote: IDS[0]! } });
    ghost.emitted(1, grant(1, 0, 2));
    write(1, { hardState: { term: 2, vote: IDS[2]! } });
    breaks('S2', () => ghost.emitted(1, grant(1, 2, 2)));
  });

  it('refuses an acknowledgement beyond the durable log, or in a term that is not durable', () => {
    const { ghost, write } = fixture();
    breaks('S3', () => ghost.emitted(1, acknowledgement(1, 1, 0)));
    write(1, { hardState: { term: 1, vote: null }, entries: [entry(1, 1)] });
    ghost.emitted(1, acknowledgement(1, 1, 1));
    breaks('S13', () => ghost.emitted(1, acknowledgement(1, 1, 2)));
  });

  it('refuses that an acknowledged entry goes within its term, and lets it go in a later one', () => {
    const { ghost, write } = fixture();
    write(1, { hardState: { term: 1, vote: null }, entries: [entry(1, 1)] });
    ghost.emitted(1, acknowledgement(1, 1, 1));
    breaks('S13', () => write(1, { truncateFrom: 1 }));
    write(1, { truncateFrom: 1, hardState: { term: 2, vote: null } });
  });

  it('refuses two entries of one index and term, or one after two predecessors', () => {
    const { write } = fixture();
    write(0, { entries: [entry(1, 1, 'a')] });
    breaks('S6', () => write(1, { entries: [entry(1, 1, 'b')] }));
    write(0, { entries: [entry(2, 3)] });
    breaks('S6', () => write(2, { entries: [entry(1, 2), entry(2, 3)] }));
  });

  it('refuses a commit that no majority holds, or by an entry of an earlier term', () => {
    const { ghost, write } = fixture();
    write(0, { entries: [entry(1, 1)] });
    breaks('S8', () => ghost.leaderCommitted(0, 1, 1, CONFIGURATION));
    write(1, { entries: [entry(1, 1)] });
    breaks('S8', () => ghost.leaderCommitted(0, 2, 1, CONFIGURATION));
    ghost.leaderCommitted(0, 1, 1, CONFIGURATION);
    assert.equal(ghost.commit, 1);
  });

  it('wants a majority of both halves of a joint configuration', () => {
    const { ghost, write } = fixture();
    const joint = { ...CONFIGURATION, voters: [IDS[2]!], outgoing: IDS.slice(0, 2) };
    for (const who of [0, 1]) write(who, { entries: [entry(1, 1)] });
    breaks('S8', () => ghost.leaderCommitted(0, 1, 1, joint));
    write(2, { entries: [entry(1, 1)] });
    ghost.leaderCommitted(0, 1, 1, joint);
  });

  it('refuses to truncate or to apply otherwise than committed', () => {
    const { ghost, write } = fixture();
    for (const who of [0, 1]) write(who, { entries: [entry(1, 1)] });
    ghost.leaderCommitted(0, 1, 1, CONFIGURATION);
    breaks('S9', () => write(1, { truncateFrom: 1, hardState: { term: 9, vote: null } }));
    breaks('S10', () => ghost.applied(0, 1, 2));
    breaks('S11', () => ghost.applied(0, 2, 1));
    breaks('S9', () => ghost.applied(2, 1, 1));
    ghost.applied(0, 1, 1);
  });

  it('wants a new leader to hold what leaders of earlier terms committed, not later ones', () => {
    const { ghost, write } = fixture();
    for (const who of [0, 1]) write(who, { entries: [entry(1, 1), entry(2, 4)] });
    ghost.leaderCommitted(0, 4, 2, CONFIGURATION);
    ghost.complete(2, 3, 0, () => null);
    breaks('S7', () => ghost.complete(2, 5, 0, () => null));
    ghost.complete(2, 5, 0, () => 4);
    ghost.complete(2, 5, 2, () => null);
  });
});
