import assert from 'node:assert/strict';
import type { FaultKind } from '../../chaos/faults/plan.js';
import type { HistoryEvent } from '../../chaos/history/history.js';
import { ratesOf } from '../../chaos/judges/rates.js';

const SECOND = 1e9;

function acknowledgements(...seconds: number[]): HistoryEvent[] {
  return seconds.map((at, id) => ({ ns: at * SECOND, type: 'ok', id, index: 1 }));
}

function fault(number: number, kind: FaultKind, from: number, to: number) {
  return { number, kind, beginNs: from * SECOND, endNs: to * SECOND };
}

describe('the rates of a run', () => {
  it('count what was acknowledged outside faults, in the time outside faults', () => {
    const events = acknowledgements(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const rates = ratesOf(events, [fault(1, 'kill-one', 3.5, 8.5)], 0, 10 * SECOND);
    assert.equal(rates.ok, 9);
    assert.equal(rates.quietPerSecond, 4 / 5);
    assert.equal(rates.quietShare, 0.5);
  });

  it('count the time of faults that meet once', () => {
    const windows = [fault(1, 'kill-one', 1, 6), fault(2, 'pause-one', 2, 5), fault(3, 'wipe-one', 4, 8)];
    assert.equal(ratesOf([], windows, 0, 10 * SECOND).quietShare, 0.3);
  });

  it('name the faults in the longest time without an acknowledgement', () => {
    const windows = [fault(1, 'kill-one', 1, 2), fault(2, 'kill-all', 4.5, 6), fault(3, 'grow', 8, 9)];
    const rates = ratesOf(acknowledgements(1, 2, 3, 4, 7, 8, 9), windows, 0, 10 * SECOND);
    assert.equal(rates.longestGapMs, 3000);
    assert.deepEqual(rates.longestGapDuring, ['2 kill-all']);
  });

  it('know no quiet time in a run that was all fault', () => {
    const rates = ratesOf(acknowledgements(1), [fault(1, 'grow', 0, 2)], 0, 2 * SECOND);
    assert.equal(rates.quietPerSecond, 0);
  });
});
