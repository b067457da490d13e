import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { NodeId } from '../../lib/base/index.js';
import {
  checkConfiguration,
  isJoint,
  leaveJoint,
  sameConfiguration,
  simpleConfiguration,
  votersOf,
  type Configuration,
} from '../../lib/raft/index.js';
import { towards } from '../../lib/raft/membership.js';
import { hasQuorum } from '../../lib/raft/quorum.js';
import { Cluster, data, id, ids, type Member } from './harness.js';
import { MemoryLog } from './memory-log.js';

const NAMES = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'];

/** Each member is a voter, a learner or absent; at least one voter; leases of some length or none. */
const targets: fc.Arbitrary<Configuration> = fc
  .record({
    parts: fc
      .array(fc.constantFrom('voter', 'learner', 'absent'), { minLength: 6, maxLength: 6 })
      .filter((parts) => parts.includes('voter')),
    leaseMs: fc.constantFrom(0, 0, 100, 300),
    autoLeave: fc.boolean(),
  })
  .map(({ parts, leaseMs, autoLeave }) => {
    const of = (part: string): NodeId[] => ids(...NAMES.filter((_, i) => parts[i] === part));
    return { ...simpleConfiguration(of('voter'), of('learner'), leaseMs), autoLeave };
  });

/** Every configuration in force on the way through `stops`, in order. */
function wayThrough(stops: readonly Configuration[]): Configuration[] {
  const way = [stops[0]!];
  for (const stop of stops.slice(1)) {
    const first = towards(way.at(-1)!, stop);
    way.push(first);
    if (isJoint(first)) way.push(leaveJoint(first));
  }
  return way;
}

function subsets(names: readonly string[]): Set<NodeId>[] {
  return Array.from({ length: 2 ** names.length }, (_, bits) => {
    return new Set(ids(...names.filter((_name, i) => (bits & (1 << i)) !== 0)));
  });
}

/** Two sets of members that are quorums of `a` and `b` and have nobody in common; null when there are none. */
function splitOf(a: Configuration, b: Configuration): Set<NodeId> | null {
  const apart = subsets(NAMES).find((one) => {
    return hasQuorum(a, (node) => one.has(node)) && hasQuorum(b, (node) => !one.has(node));
  });
  return apart ?? null;
}

describe('any sequence of changes of membership', () => {
  const journeys = fc.array(targets, { minLength: 2, maxLength: 6 });

  it('goes through valid configurations of which each two in a row share a member in all their quorums', () => {
    fc.assert(
      fc.property(journeys, (stops) => {
        const way = wayThrough(stops);
        for (const configuration of way) checkConfiguration(configuration);
        for (const [i, next] of way.slice(1).entries()) {
          const split = splitOf(way[i]!, next);
          assert.equal(split, null, `${JSON.stringify([way[i], next])}: ${[...(split ?? [])].join(', ')}`);
        }
      }),
    );
  });

  it('arrives at each of its stops', () => {
    fc.assert(
      fc.property(journeys, (stops) => {
        const settled = wayThrough(stops).filter((configuration) => !isJoint(configuration));
        assert.equal(settled.length, stops.length);
        for (const [i, stop] of stops.entries()) {
          assert.ok(sameConfiguration(settled[i]!, { ...stop, autoLeave: settled[i]!.autoLeave }));
        }
      }),
    );
  });

  it('would not be safe without the joint phase: this is what the first property sees', () => {
    const [one, other] = [
      simpleConfiguration(ids('m1', 'm2', 'm3')),
      simpleConfiguration(ids('m1', 'm4', 'm5')),
    ];
    assert.notEqual(splitOf(one, other), null);
    assert.equal(splitOf(one, towards(one, other)), null);
  });

  it('never lets a learner decide, nor a member of one half alone', () => {
    fc.assert(
      fc.property(journeys, fc.subarray(NAMES), (stops, present) => {
        for (const configuration of wayThrough(stops)) {
          const has = (node: NodeId): boolean => present.includes(node);
          const counts = (node: NodeId): boolean => has(node) && votersOf(configuration).includes(node);
          assert.equal(hasQuorum(configuration, has), hasQuorum(configuration, counts));
          const alone = (half: readonly NodeId[]): Configuration => ({
            ...configuration,
            voters: half,
            outgoing: [],
          });
          const halves = [configuration.voters, configuration.outgoing].filter((half) => half.length > 0);
          assert.equal(
            hasQuorum(configuration, has),
            halves.every((half) => hasQuorum(alone(half), has)),
          );
        }
      }),
    );
  });
});

type Step =
  | { readonly kind: 'change'; readonly to: Configuration }
  | {
      readonly kind: 'propose' | 'elect' | 'restart' | 'isolate' | 'heal' | 'tick' | 'lose';
      readonly who: number;
    };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: targets.map((to): Step => ({ kind: 'change', to })) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('propose', 'elect', 'restart', 'isolate', 'heal', 'tick', 'lose'),
      who: fc.nat(NAMES.length - 1),
    }),
  },
);

/** A group of six processes of which three begin as voters, under changes and faults; every step is checked. */
class Journey {
  readonly cluster = new Cluster([], { settings: { electionTicks: 10, heartbeatTicks: 2 } });
  /** Texts whose commit somebody saw. */
  readonly committed = new Set<string>();
  private count = 0;
  private lossy = false;

  constructor() {
    for (const name of NAMES)
      this.cluster.add(name, new MemoryLog(simpleConfiguration(ids('m1', 'm2', 'm3'))));
  }

  take(step: Step): void {
    const { cluster } = this;
    if (step.kind === 'change') this.change(step.to);
    else {
      const name = NAMES[step.who]!;
      if (step.kind === 'propose') this.propose();
      else if (step.kind === 'elect') cluster.timeoutNow(name);
      else if (step.kind === 'restart') cluster.restart(name);
      else if (step.kind === 'isolate') cluster.isolate(name);
      else if (step.kind === 'lose') this.lossy = !this.lossy;
      else if (step.kind === 'heal') cluster.heal();
      else cluster.tickAll(3);
    }
    let n = 0;
    cluster.filter = () => !this.lossy || n++ % 3 !== 0;
    cluster.pump();
    this.note();
  }

  /**
   * Everybody can talk again: a leader, and everything that is joint and leaves by itself is left. Agreement counts
   * once it has lasted, since who campaigned while it was alone still has a later term to tell of.
   */
  settle(): void {
    this.lossy = false;
    this.cluster.heal();
    let lasted = 0;
    for (let n = 0; n < 500 && lasted < 20; n++) {
      this.cluster.tickAll();
      lasted = this.agreed ? lasted + 1 : 0;
    }
    assert.ok(lasted >= 20, 'no lasting agreement 500 ticks after the heal');
    this.note();
  }

  private get agreed(): boolean {
    const { leader } = this;
    if (leader === null) return false;
    const { configuration, commit, lastIndex } = leader.node.view;
    return commit === lastIndex && !(isJoint(configuration) && configuration.autoLeave);
  }

  get leader(): Member | null {
    const leaders = [...this.cluster.members.values()].filter(({ role }) => role === 'leader');
    return leaders.sort((a, b) => b.term - a.term)[0] ?? null;
  }

  private change(to: Configuration): void {
    this.leader?.node.proposeConfiguration(to);
  }

  private propose(): void {
    this.leader?.node.propose([data(`e${++this.count}`)]);
  }

  private note(): void {
    for (const member of this.cluster.members.values())
      for (const one of member.texts) this.committed.add(one);
  }
}

/** A voter is removed while it is alone, and its later term ends the leader's one after the heal. */
const LATER_TERM_OF_A_REMOVED_VOTER: Step[] = [
  { kind: 'elect', who: 0 },
  { kind: 'isolate', who: 1 },
  { kind: 'change', to: simpleConfiguration(ids('m1', 'm3', 'm4', 'm5', 'm6'), [], 300) },
  { kind: 'elect', who: 1 },
];

describe('a group whose membership changes under faults', () => {
  it('keeps what it committed, agrees on who is in it, and always finds its way out of a joint phase', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), (history) => {
        const journey = new Journey();
        for (const step of history) journey.take(step);
        journey.settle();
        const leader = journey.leader!;
        const { configuration } = leader.node.view;
        for (const text of journey.committed) assert.ok(leader.texts.includes(text), `${text} is lost`);
        for (const name of votersOf(configuration)) {
          const member = journey.cluster.member(name);
          assert.ok(
            sameConfiguration(member.node.view.configuration, configuration),
            `${name} believes otherwise`,
          );
          assert.deepEqual(member.texts, leader.texts);
        }
        assert.ok(votersOf(configuration).includes(id(leader.id)), 'it leads without a vote');
      }),
      { numRuns: 150, examples: [[LATER_TERM_OF_A_REMOVED_VOTER]] },
    );
  });
});
