import assert from 'node:assert/strict';
import { encodeConfiguration, type Configuration } from '../../lib/raft/index.js';
import { Cluster, ids } from './harness.js';
import { MemoryLog } from './memory-log.js';

function configuration(voters: string[], outgoing: string[] = []): Configuration {
  const parts = { voters: ids(...voters), outgoing: ids(...outgoing) };
  return { ...parts, learners: [], learnersNext: [], autoLeave: false, leaseMs: 0 };
}

/** m1 leaves in entry 3; entry 4 begins the next change, in whose joint phase it has no part either. */
function logWithTwoChanges(): MemoryLog {
  const first = configuration(['m1', 'm2', 'm3']);
  const changes = [
    configuration(['m2', 'm3'], ['m1', 'm2', 'm3']),
    configuration(['m2', 'm3']),
    configuration(['m2'], ['m2', 'm3']),
  ];
  const log = new MemoryLog(first);
  log.apply({
    truncateFrom: null,
    snapshot: null,
    entries: changes.map((change, i) => {
      return { term: 1, index: i + 1, kind: 'configuration', data: encodeConfiguration(change) };
    }),
    hardState: { term: 1, vote: null },
    configuration: changes.at(-1)!,
  });
  return log;
}

describe('a leader without a vote (thesis §4.2.2)', () => {
  it('steps down once a joint configuration without it is committed', () => {
    const cluster = new Cluster([]);
    for (const name of ['m1', 'm2', 'm3']) cluster.add(name, logWithTwoChanges());
    cluster.tick('m1', 50);
    const { view } = cluster.node('m1');
    assert.equal(view.termAt(4), 2, 'it led term 2');
    assert.ok(view.commit >= 4, 'and committed its first entry');
    assert.notEqual(view.leader, view.id);
  });
});
