import assert from 'node:assert/strict';
import { nodeId, type MemberId, type NodeId } from '../../lib/base/index.js';
import { simpleConfiguration, type Configuration } from '../../lib/raft/index.js';
import { Standing } from '../../lib/replica/standing.js';
import type { LogHealth, LogPoint, RaftLog } from '../../lib/storage/index.js';
import { quiet } from '../support/quiet.js';

const [N1, N2, N3, N4] = ['m1', 'm2', 'm3', 'm4'].map((id) => nodeId(id as MemberId, '0000000000000001')) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];

class Case {
  last: LogPoint = { term: 1, index: 10 };
  commit = 0;
  asked = 0;
  recoveries = 0;
  readonly forgotten: string[] = [];
  nowMs = 0;
  readonly standing: Standing;

  constructor(health: LogHealth = { kind: 'intact' }, configuration?: Configuration) {
    const log = {
      health,
      hardState: { term: 2, vote: null },
      lastIndex: () => this.last.index,
      termAt: () => this.last.term,
      markRecovered: () => {
        this.recoveries++;
        return Promise.resolve();
      },
    } as unknown as RaftLog;
    this.standing = new Standing(
      {
        node: N1,
        log,
        logger: quiet,
        retryMs: 100,
        nowMs: () => this.nowMs,
        askIndex: () => ++this.asked,
        commit: () => this.commit,
        changed: () => {},
        forgot: (message) => this.forgotten.push(message),
        fatal: (error) => assert.fail(String(error)),
      },
      configuration ?? simpleConfiguration([N1, N2, N3]),
    );
    this.standing.judge();
  }
}

const DAMAGED: LogHealth = {
  kind: 'log-damaged',
  found: { term: 1, index: 10 },
  promised: { term: 1, index: 20 },
  detail: 'entry 11 is missing',
};

describe('replica: the standing of a restarted member', () => {
  it('waits for a majority, itself included', () => {
    const { standing } = new Case();
    assert(!standing.open);
    standing.heard(N2, { term: 0, index: 0 });
    assert(standing.open && !standing.recovering);
  });

  it('waits for majorities of both halves of a joint configuration', () => {
    const joint = { ...simpleConfiguration([N1, N2, N3]), outgoing: [N1, N3, N4] };
    const { standing } = new Case({ kind: 'intact' }, joint);
    standing.heard(N2, { term: 0, index: 0 });
    assert(!standing.open);
    standing.heard(N4, { term: 0, index: 0 });
    assert(standing.open);
  });

  it('recovers when too few of those whom its log names are left to answer, and the group writes to it', () => {
    const joint = { ...simpleConfiguration([N1, N2, N3]), outgoing: [N1, N3, N4] };
    const one = new Case({ kind: 'intact' }, joint);
    const { standing } = one;
    standing.heard(N2, { term: 0, index: 0 });
    standing.addressed();
    assert(!standing.open, 'at once it only waits');
    one.nowMs = 2000;
    standing.addressed();
    assert(standing.open && standing.recovering);
    standing.tick();
    one.commit = 30;
    one.last = { term: 1, index: 30 };
    standing.indexGiven(one.asked, 30);
    assert(!standing.recovering);
  });

  it('recovers no longer when enough answer after all, unless they know of more', () => {
    for (const [known, recovering] of [
      [10, false],
      [11, true],
    ] as const) {
      const one = new Case();
      one.nowMs = 2000;
      one.standing.addressed();
      assert(one.standing.recovering);
      one.standing.heard(N2, { term: 1, index: known });
      assert.equal(one.standing.recovering, recovering);
    }
  });

  it('recovers when a peer knows its log to have been longer, even one that speaks late', () => {
    const { standing } = new Case();
    standing.heard(N2, { term: 1, index: 10 });
    assert(!standing.recovering);
    standing.heard(N3, { term: 1, index: 11 });
    assert(standing.recovering);
  });

  it('ends as this instance when a peer knows it from a later term than it remembers', () => {
    const { standing, forgotten } = new Case();
    standing.heard(N2, { term: 2, index: 10 });
    assert.deepEqual(forgotten, []);
    standing.heard(N3, { term: 3, index: 11 });
    assert.match(forgotten[0]!, /m3 knows that this member held entry 11 of term 3, .* no term above 2/);
  });

  it('is whole only with everything that was committed when it asked', () => {
    const one = new Case(DAMAGED);
    one.standing.heard(N2, { term: 0, index: 0 });
    one.standing.tick();
    one.standing.indexGiven(one.asked, 30);
    one.last = { term: 1, index: 25 };
    one.commit = 25;
    one.standing.check();
    assert(one.standing.recovering, 'it lacks 26 to 30');
    one.last = { term: 1, index: 30 };
    one.standing.check();
    assert(one.standing.recovering, 'it does not know whether its 30 is the one that was committed');
    one.commit = 30;
    one.standing.check();
    assert(!one.standing.recovering);
    assert.equal(one.recoveries, 1);
  });

  it('is whole only with everything that it is known to have acknowledged', () => {
    const one = new Case(DAMAGED);
    one.standing.heard(N2, { term: 0, index: 0 });
    one.standing.tick();
    one.commit = 10;
    one.standing.indexGiven(one.asked, 10);
    assert(one.standing.recovering, 'it had 20 once');
    one.last = { term: 2, index: 15 };
    one.standing.check();
    assert(!one.standing.recovering, 'what it had of term 1 above 14 was never committed');
  });

  it('asks again when the question or its answer was lost or refused, and takes no older answer', () => {
    const one = new Case(DAMAGED);
    one.standing.heard(N2, { term: 0, index: 0 });
    one.standing.tick();
    one.standing.tick();
    assert.equal(one.asked, 1);
    one.nowMs = 100;
    one.standing.tick();
    assert.equal(one.asked, 2);
    one.last = { term: 1, index: 20 };
    one.commit = 20;
    one.standing.indexGiven(1, 20);
    one.standing.indexGiven(2, -1);
    assert(one.standing.recovering);
    one.nowMs = 200;
    one.standing.tick();
    one.standing.indexGiven(3, 20);
    assert(!one.standing.recovering);
  });
});
