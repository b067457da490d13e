import assert from 'node:assert/strict';
import { announce, serves } from '../../../lib/node/dev/announcement.js';
import { agentRow, masterRow, picture, silentRow } from './pictures.js';

describe('a dev cluster serves', () => {
  it('once its leader has applied an entry of its own term and every agent is registered', () => {
    assert.equal(serves(picture()), true);
  });

  it('without agents too, if none were asked for', () => {
    assert.equal(serves(picture({ agents: [] })), true);
  });

  it('with a master that is down: a majority is enough', () => {
    assert.equal(
      serves(picture({ masters: [masterRow('m1'), masterRow('m2'), silentRow('m3', 'down')] })),
      true,
    );
  });

  it('not while nobody leads', () => {
    assert.equal(serves(picture({ leader: null })), false);
  });

  it('not while the leader itself does not say that it serves', () => {
    const progress = { term: 4, appliedIndex: 3, lag: 1, healthy: false };
    assert.equal(serves(picture({ masters: [masterRow('m1', { progress })] })), false);
    assert.equal(serves(picture({ masters: [silentRow('m1', 'unreachable'), masterRow('m2')] })), false);
  });

  it('not while the one that is said to lead calls itself a follower', () => {
    assert.equal(serves(picture({ leader: 'm2' })), false);
  });

  it('not while an agent is missing', () => {
    const missing = agentRow('a2', { state: 'not registered', use: null });
    assert.equal(serves(picture({ agents: [agentRow('a1'), missing] })), false);
  });
});

describe('the announcement of dev', () => {
  it('names every process, its doors and the leader; doors that do not exist yet are null', () => {
    const doors = { peer: '127.0.0.1:5070', zookeeper: '127.0.0.1:2181', http: '127.0.0.1:5050' };
    const one = picture({ masters: [masterRow('m1')], agents: [agentRow('a1')] });
    assert.deepEqual(
      announce(one, () => doors),
      {
        masters: [
          {
            id: 'm1',
            pid: 101,
            http: '127.0.0.1:5050',
            grpc: '127.0.0.1:5060',
            peer: '127.0.0.1:5070',
            zk: '127.0.0.1:2181',
          },
        ],
        agents: [{ id: 'a1', pid: 201, http: null }],
        leader: 'm1',
      },
    );
  });
});
