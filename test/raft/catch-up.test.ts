import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RAFT_DEFAULTS, simpleConfiguration } from '../../lib/raft/index.js';
import { CatchUp, PATIENCE_ROUNDS } from '../../lib/raft/catch-up.js';
import { Cluster, id, ids, ledCluster } from './harness.js';
import { Solo } from './solo.js';

const TIMEOUT = 20;

/** A peer that is in its first round, to entry 1, at tick 0. Each round leaves it one entry behind. */
function inRound(): { readonly catchUp: CatchUp; readonly end: (tick: number) => void } {
  const catchUp = new CatchUp();
  let target = 1;
  catchUp.observe(0, target, 0, TIMEOUT);
  return { catchUp, end: (tick) => catchUp.observe(target, ++target, tick, TIMEOUT) };
}

describe('catching up, in rounds (thesis §4.2.1)', () => {
  it('a peer that was never level is not caught up', () => {
    const catchUp = new CatchUp();
    assert.equal(catchUp.state(true, 0, TIMEOUT), 'catching-up');
    catchUp.observe(0, 5, 0, TIMEOUT);
    catchUp.observe(4, 5, 1, TIMEOUT);
    assert.equal(catchUp.state(true, 1, TIMEOUT), 'catching-up');
  });

  it('it is after a round that took less than an election timeout, whatever entered the log meanwhile', () => {
    const catchUp = new CatchUp();
    catchUp.observe(0, 5, 0, TIMEOUT);
    catchUp.observe(5, 900, TIMEOUT - 1, TIMEOUT);
    assert.equal(catchUp.state(true, TIMEOUT - 1, TIMEOUT), 'caught-up');
  });

  it('a round of an election timeout is too long', () => {
    const { catchUp, end } = inRound();
    end(TIMEOUT);
    assert.equal(catchUp.state(true, TIMEOUT, TIMEOUT), 'catching-up');
    assert.equal(catchUp.slowRounds, 1);
  });

  it('after ten such rounds it is too slow; a quick one makes up for all of them', () => {
    const { catchUp, end } = inRound();
    let tick = 0;
    for (let n = 1; n <= PATIENCE_ROUNDS; n++) {
      assert.equal(catchUp.state(true, tick, TIMEOUT), 'catching-up');
      end((tick += TIMEOUT));
    }
    assert.equal(catchUp.state(true, tick, TIMEOUT), 'too-slow');
    end(tick + 1);
    assert.equal(catchUp.state(true, tick + 1, TIMEOUT), 'caught-up');
    assert.equal(catchUp.slowRounds, 0);
  });

  it('one that stands still in the middle of a round is no longer caught up', () => {
    const { catchUp, end } = inRound();
    end(1);
    assert.equal(catchUp.state(true, TIMEOUT, TIMEOUT), 'caught-up');
    assert.equal(catchUp.state(true, TIMEOUT + 1, TIMEOUT), 'catching-up');
  });

  it('one that is not heard is unreachable, however level it is', () => {
    const { catchUp, end } = inRound();
    end(1);
    assert.equal(catchUp.state(false, 1, TIMEOUT), 'unreachable');
  });

  it('while nothing is written a level peer stays caught up', () => {
    const catchUp = new CatchUp();
    catchUp.observe(0, 5, 0, TIMEOUT);
    for (let tick = 1; tick < 1000; tick++) catchUp.observe(5, 5, tick, TIMEOUT);
    assert.equal(catchUp.state(true, 1000, TIMEOUT), 'caught-up');
  });

  it('is judged caught up only if an earlier end of the log was reached within an election timeout', () => {
    const steps = fc.array(fc.record({ grow: fc.nat(3), gain: fc.nat(4), ticks: fc.nat(TIMEOUT) }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (history) => {
        const catchUp = new CatchUp();
        const seen: { tick: number; last: number; match: number }[] = [];
        let [tick, last, match] = [0, 1, 0];
        for (const { grow, gain, ticks } of history) {
          tick += ticks;
          last += grow;
          match = Math.min(last, match + gain);
          seen.push({ tick, last, match });
          catchUp.observe(match, last, tick, TIMEOUT);
          if (catchUp.state(true, tick, TIMEOUT) !== 'caught-up') continue;
          // Two rounds back at most, each shorter than an election timeout, plus the time until the look.
          const known = seen.filter((one) => match >= one.last);
          const aheadSince = seen.find((one) => match < one.last)?.tick ?? tick;
          assert.ok(known.length > 0, `${match} of ${last}`);
          assert.ok(tick - aheadSince < 2 * TIMEOUT, `behind since ${aheadSince}, now ${tick}`);
        }
      }),
    );
  });
});

describe('a leader that counts rounds', () => {
  const configuration = simpleConfiguration(ids('m1', 'm2'), ids('m3'));
  const progress = (cluster: Cluster, name: string) =>
    cluster.leader.node.status().peers.find((peer) => peer.id === name)!;

  it('finds a learner that follows caught up', () => {
    const cluster = ledCluster(3, { configuration });
    cluster.propose('m1', 'x');
    assert.equal(progress(cluster, 'm3').catchUp, 'caught-up');
    assert.equal(progress(cluster, 'm3').learner, true);
  });

  it('finds one that was never heard unreachable, after an election timeout', () => {
    const cluster = ledCluster(2, {
      configuration: simpleConfiguration(ids('m1', 'm2'), ids('m9')),
    });
    assert.equal(progress(cluster, 'm9').catchUp, 'catching-up');
    cluster.tickAll(RAFT_DEFAULTS.electionTicks + 1);
    assert.equal(progress(cluster, 'm9').catchUp, 'unreachable');
  });

  it('does not call a learner caught up that answers heartbeats but stores nothing', () => {
    const cluster = ledCluster(3, { configuration });
    cluster.filter = (message) => message.to !== 'm3' || message.type !== 'append';
    cluster.propose('m1', 'x');
    cluster.tickAll(RAFT_DEFAULTS.electionTicks + 1);
    assert.equal(progress(cluster, 'm3').recentlyActive, true);
    assert.equal(progress(cluster, 'm3').catchUp, 'catching-up');
  });

  it('does not call one caught up that needs the state, until it follows behind it', () => {
    const cluster = ledCluster(3, { configuration, nodeOptions: { cacheBytes: 0 } });
    cluster.isolate('m3');
    cluster.propose('m1', 'x', 'y');
    cluster.compact('m1');
    cluster.tickAll(RAFT_DEFAULTS.electionTicks + 1);
    cluster.heal();
    cluster.tickAll(RAFT_DEFAULTS.heartbeatTicks);
    assert.equal(progress(cluster, 'm3').state, 'snapshot');
    assert.equal(progress(cluster, 'm3').catchUp, 'catching-up');
    cluster.sendSnapshot('m1', 'm3');
    cluster.propose('m1', 'z');
    assert.equal(progress(cluster, 'm3').catchUp, 'caught-up');
  });

  it('calls a learner too slow that keeps falling behind for ten rounds', () => {
    const solo = new Solo({ others: ['m2', 'm3'], configuration });
    solo.leadAndCommit();
    for (let n = 0; n < PATIENCE_ROUNDS; n++) {
      const target = solo.view.lastIndex + 1;
      solo.propose(`e${n}`);
      for (let tick = 0; tick <= RAFT_DEFAULTS.electionTicks; tick++) {
        solo.tick();
        solo.heartbeatReply('m2');
      }
      solo.propose(`f${n}`);
      solo.acknowledge('m2', solo.view.lastIndex);
      solo.acknowledge('m3', target);
      solo.settle();
    }
    const m3 = solo.node.status().peers.find((peer) => peer.id === 'm3')!;
    assert.deepEqual([m3.catchUp, m3.slowRounds], ['too-slow', PATIENCE_ROUNDS]);
  });

  it('counts from the start after another election: a leader knows only what it saw itself', () => {
    const cluster = ledCluster(3, { configuration });
    cluster.leader.node.transferLeadership(id('m2'));
    cluster.filter = (message) => message.to !== 'm3';
    cluster.pump();
    assert.equal(cluster.leader.id, 'm2');
    assert.equal(progress(cluster, 'm3').catchUp, 'catching-up');
  });
});
