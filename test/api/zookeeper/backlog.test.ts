import assert from 'node:assert/strict';
import { dropSlowest } from '../../../lib/api/zookeeper/backlog.js';

/** Which of the connections that owe so much are closed. */
function closed(limit: number, ...debts: readonly number[]): number[] {
  const dropped: number[] = [];
  dropSlowest(
    debts.map((unsentBytes) => ({ unsentBytes, drop: () => void dropped.push(unsentBytes) })),
    limit,
  );
  return dropped;
}

describe('Connections whose clients do not take what they are told', () => {
  it('are left alone as long as they owe little in all', () => {
    assert.deepEqual(closed(100, 50, 50), []);
  });

  it('are closed beyond that, those that owe most first, and no more than needed', () => {
    assert.deepEqual(closed(100, 10, 60, 20, 70), [70]);
    assert.deepEqual(closed(100, 90, 99, 91), [99, 91]);
  });
});
