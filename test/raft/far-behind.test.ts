import assert from 'node:assert/strict';
import { ledCluster } from './harness.js';

describe('a follower behind the base of the log', () => {
  it('is not searched for one entry at a time by a new leader that has the entries in memory', () => {
    const cluster = ledCluster(3);
    cluster.isolate('m3');
    for (let i = 0; i < 100; i++) cluster.propose('m1', `entry ${i}`);
    cluster.compact('m2');
    for (let i = 0; i < 100; i++) cluster.propose('m1', `later ${i}`);
    cluster.timeoutNow('m2');
    cluster.sent = [];
    cluster.heal();
    cluster.tick('m2', 10);
    assert.deepEqual(cluster.member('m3').texts, cluster.member('m2').texts);
    const refusals = cluster.sent.filter((message) => message.type === 'append-reply' && message.rejected);
    assert.ok(refusals.length <= 2, `${refusals.length} refusals`);
  });
});
