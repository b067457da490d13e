import assert from 'node:assert/strict';
import { UnderLoad, lagOf } from './under-load.js';

const FIRST = Number(process.env['SEED'] ?? 1);
const COUNT = Number(process.env['SEEDS'] ?? 3);

/** The scenarios of the fuzzy tests of github.com/hashicorp/raft, each ended by the same comparison. */
function underLoad(title: string, size: number, spare: number, story: (load: UnderLoad) => void): void {
  it(title, () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
      try {
        const load = new UnderLoad(size, seed, spare);
        story(load);
        load.end();
        assert.ok(load.acknowledged.length > 50, `only ${load.acknowledged.length} proposals came through`);
      } catch (error) {
        throw new Error(`SEED=${seed} SEEDS=1: ${String(error)}`, { cause: error });
      }
    }
  });
}

describe('under load, in the end all logs are equal and nothing acknowledged is lost', () => {
  underLoad('when nothing goes wrong: and the leader never changes', 5, 0, (load) => {
    const { term } = load;
    load.pass(150);
    assert.equal(load.term, term);
  });

  underLoad('when leaders are cut off, one after the other', 5, 0, (load) => {
    for (let n = 0; n < 4; n++) {
      const leader = load.leaderName;
      load.cluster.isolate(leader);
      load.pass(50);
      assert.notEqual(load.leaderName, leader);
      load.cluster.heal();
      load.pass(20);
    }
  });

  underLoad('when one member is slow to send its votes', 5, 0, (load) => {
    const slow = load.follower();
    lagOf(load, 8, (message) => message.from === slow && message.type.startsWith('vote'));
    for (let n = 0; n < 4; n++) {
      load.cluster.isolate(load.leaderName);
      load.pass(60);
      load.cluster.heal();
      load.pass(20);
    }
  });

  underLoad('when one member is slow to get the votes of others', 5, 0, (load) => {
    const slow = load.follower();
    lagOf(load, 8, (message) => message.to === slow && message.type.startsWith('vote'));
    for (let n = 0; n < 4; n++) {
      load.cluster.isolate(load.leaderName);
      load.pass(60);
      load.cluster.heal();
      load.pass(20);
    }
  });

  underLoad('when members are added', 3, 2, (load) => {
    load.pass(20);
    load.changeTo('m1', 'm2', 'm3', 'm4');
    load.pass(20);
    load.changeTo('m1', 'm2', 'm3', 'm4', 'm5');
    load.pass(20);
  });

  underLoad('when members that do not lead are added and removed', 3, 2, (load) => {
    const leader = load.leaderName;
    for (let n = 0; n < 3; n++) {
      load.changeTo(...new Set([leader, 'm4', 'm5']));
      load.pass(10);
      load.changeTo(...new Set([leader, 'm1', 'm2', 'm3']));
      load.pass(10);
    }
    assert.equal(load.leaderName, leader, 'it never had to go');
  });

  underLoad('when the leader is removed', 5, 0, (load) => {
    for (let n = 0; n < 2; n++) {
      const leader = load.leaderName;
      const { voters } = load.cluster.member(leader).node.view.configuration;
      load.changeTo(...voters.filter((name) => name !== leader));
      load.pass(30);
      assert.notEqual(load.leaderName, leader);
    }
  });

  underLoad('when a member is removed that cannot be reached, and comes back', 5, 0, (load) => {
    const gone = load.follower();
    load.cluster.isolate(gone);
    load.pass(30);
    const { voters } = load.cluster.member(load.leaderName).node.view.configuration;
    load.changeTo(...voters.filter((name) => name !== gone));
    load.pass(20);
    const { term } = load;
    load.cluster.heal();
    load.pass(60);
    assert.equal(load.term, term, 'it disturbs nobody');
    assert.notEqual(load.leaderName, gone);
  });

  underLoad('when leadership is handed over all the time', 5, 0, (load) => {
    for (let n = 0; n < 10; n++) {
      load.transferTo(load.follower());
      load.pass(12);
    }
  });

  underLoad('when messages of all kinds are slow, and overtake each other', 5, 0, (load) => {
    lagOf(load, 3, () => true);
    load.pass(200);
  });
});
