import assert from 'node:assert/strict';
import { ledCluster } from './harness.js';

describe('replication', () => {
  it('applies a proposal on every member without waiting for a heartbeat', () => {
    const cluster = ledCluster(3);
    cluster.propose('m1', 'a', 'b');
    for (const member of cluster.members.values()) assert.deepEqual(member.texts, ['a', 'b']);
  });
});
