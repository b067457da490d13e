import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SessionId } from '../../../lib/base/index.js';
import { Coverage } from '../../../lib/coordination/connections/coverage.js';

const S = '00000000000000a1' as SessionId;
const T = '00000000000000b2' as SessionId;
const TIMEOUT_MS = 6000;

describe('What a member may tell a session', () => {
  let coverage: Coverage;

  beforeEach(() => {
    coverage = new Coverage();
    coverage.attached(S, 1000);
  });

  function phase(nowMs: number): string {
    if (coverage.mustClose(S, TIMEOUT_MS, nowMs)) return 'close';
    return coverage.mayAnswer(S, TIMEOUT_MS, nowMs) ? 'answer' : 'wait';
  }

  function report(sentAtMs: number): void {
    coverage.reported(sentAtMs, coverage.takeHeard());
  }

  it('is anything for a third of its timeout, nothing for another, and then that the connection is closed', () => {
    assert.deepEqual([2999, 3000, 4999, 5000].map(phase), ['answer', 'wait', 'wait', 'close']);
  });

  it('counts from when an acknowledged report left, not from when it was acknowledged', () => {
    coverage.heard(S);
    report(2000);
    assert.equal(phase(3500), 'wait');
    coverage.acknowledged(2000);
    assert.deepEqual([3999, 4000].map(phase), ['answer', 'wait']);
  });

  it('counts for the sessions that the report named only', () => {
    coverage.heard(T);
    report(2000);
    coverage.acknowledged(2000);
    assert.equal(phase(3500), 'wait');
  });

  it('does not count a report that may be lost because a later one arrived', () => {
    coverage.heard(S);
    report(2000);
    coverage.heard(T);
    report(2500);
    coverage.acknowledged(2500);
    coverage.acknowledged(2000);
    assert.equal(phase(3500), 'wait');
  });

  it('names a session again that has to be answered only if the report that named it may be lost', () => {
    const named = (): readonly SessionId[] => [...coverage.takeHeard()];
    coverage.again(S);
    assert.deepEqual(named(), []);
    coverage.heard(S);
    report(2000);
    coverage.again(S);
    assert.deepEqual(named(), [S]);
    coverage.heard(S);
    report(2500);
    coverage.acknowledged(2000);
    coverage.again(S);
    assert.deepEqual(named(), [S]);
    coverage.acknowledged(2500);
    coverage.again(S);
    assert.deepEqual(named(), []);
  });

  it('is nothing to a session that is not attached here', () => {
    coverage.detached(S);
    assert.equal(phase(1001), 'close');
  });

  it('never reaches beyond a third after a report that the leader had, whatever arrives', () => {
    const step = fc.constantFrom('hear', 'report', 'lose', 'acknowledge', 'tick');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const one = new Coverage();
        let nowMs = 0;
        let leaderHeardMs = 0;
        const onTheWay: { sentAtMs: number; named: boolean }[] = [];
        one.attached(S, 0);
        for (const what of steps) {
          nowMs += 250;
          if (what === 'hear') one.heard(S);
          else if (what === 'report') {
            const heard = one.takeHeard();
            one.reported(nowMs, heard);
            onTheWay.push({ sentAtMs: nowMs, named: heard.has(S) });
          } else if (what === 'lose') onTheWay.shift();
          else if (what === 'acknowledge') {
            const arrived = onTheWay.shift();
            if (arrived === undefined) continue;
            if (arrived.named) leaderHeardMs = arrived.sentAtMs;
            one.acknowledged(arrived.sentAtMs);
          }
          if (one.mayAnswer(S, TIMEOUT_MS, nowMs)) assert.ok(nowMs < leaderHeardMs + TIMEOUT_MS / 3);
          if (!one.mustClose(S, TIMEOUT_MS, nowMs)) assert.ok(nowMs < leaderHeardMs + (TIMEOUT_MS * 2) / 3);
        }
      }),
    );
  });
});
