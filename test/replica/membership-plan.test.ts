import assert from 'node:assert/strict';
import { memberOf, SeededRandom, type MemberId, type NodeId } from '../../lib/base/index.js';
import { simpleConfiguration, type Configuration } from '../../lib/raft/index.js';
import { AddressBook } from '../../lib/replica/membership/addresses.js';
import { judgeChange } from '../../lib/replica/membership/changes.js';
import { quorumFault } from '../../lib/replica/membership/arithmetic.js';
import { planStep, type Situation, type Step } from '../../lib/replica/membership/plan.js';
import { hashOf, makeToken, parseToken } from '../../lib/replica/membership/tokens.js';
import { UPKEEP_DEFAULTS } from '../../lib/state/index.js';

function node(member: string, folder = '1'): NodeId {
  return `${member}@${folder.padStart(16, '0')}` as NodeId;
}

const [A, B, C, D] = [node('m1'), node('m2'), node('m3'), node('m4')] as [NodeId, NodeId, NodeId, NodeId];
const B2 = node('m2', '2');

/** A quiet group led by m1: everybody is there and has kept up for a minute. */
function situation(configuration: Configuration, change: Partial<Situation> = {}): Situation {
  return {
    self: A,
    configuration,
    isActive: () => true,
    isUp: () => true,
    silentMs: () => 0,
    behind: () => 0,
    keptUpMs: (one) => (configuration.learners.includes(one) ? 60_000 : null),
    lossesWithin: () => 0,
    answering: () => null,
    replaces: () => null,
    isHeld: () => false,
    policy: UPKEEP_DEFAULTS,
    ...change,
  };
}

function votersOf(step: Step | null): readonly NodeId[] | null {
  return step?.kind === 'configure' ? step.next.voters : null;
}

describe('a change that an operator wants', () => {
  it('gives no second vote to a member whose new folder is about to get that of its former one', () => {
    const renewed = situation(simpleConfiguration([A, B, C], [B2]), { isActive: (one) => one !== B });
    const verdict = judgeChange(renewed, { kind: 'replace', member: memberOf(C), by: memberOf(B) });
    assert.deepEqual(verdict, {
      kind: 'refused',
      code: 'INVALID_ARGUMENT',
      message: 'm2 has a vote already',
    });
    const swap = judgeChange(renewed, { kind: 'replace', member: memberOf(B), by: memberOf(B) });
    assert.deepEqual(swap.kind === 'configure' && swap.next.voters, [A, B2, C]);
  });
});

describe('what upkeep does next', () => {
  it('is nothing where everything is well', () => {
    assert.equal(planStep(situation(simpleConfiguration([A, B, C]))), null);
  });

  it('swaps a renewed folder in, in one step, once the old one is silent', () => {
    const configuration = simpleConfiguration([A, B, C], [B2]);
    const silent = situation(configuration, { isActive: (one) => one !== B, isUp: (one) => one !== B });
    assert.deepEqual(votersOf(planStep(silent)), [A, B2, C]);
    assert.equal(planStep(situation(configuration)), null);
  });

  it('waits with the swap while the new folder does not keep up', () => {
    const configuration = simpleConfiguration([A, B, C], [B2]);
    assert.equal(
      planStep(situation(configuration, { isActive: (one) => one !== B, keptUpMs: () => null })),
      null,
    );
  });

  it('does not swap where too few would be up to agree', () => {
    const configuration = simpleConfiguration([A, B, C], [B2]);
    const few = (one: NodeId): boolean => one === A || one === B2;
    assert.equal(planStep(situation(configuration, { isActive: few, isUp: few })), null);
  });

  it('lets a renewed folder go when the old one answers again and the new one does not', () => {
    const configuration = simpleConfiguration([A, B, C], [B2]);
    const step = planStep(situation(configuration, { isActive: (one) => one !== B2, answering: () => B }));
    assert.deepEqual(step?.kind === 'configure' && step.next.learners, []);
    assert.deepEqual(votersOf(step), [A, B, C]);
  });

  it('promotes a learner that has kept up for long enough, unless it is held or that is off', () => {
    const configuration = simpleConfiguration([A, B, C], [D]);
    assert.deepEqual(votersOf(planStep(situation(configuration))), [A, B, C, D]);
    assert.equal(planStep(situation(configuration, { keptUpMs: () => 100 })), null);
    assert.equal(planStep(situation(configuration, { isHeld: () => true })), null);
    const off = { ...UPKEEP_DEFAULTS, promoteAfterMs: 0 };
    assert.equal(planStep(situation(configuration, { policy: off })), null);
  });

  it('hands over first when the leader itself is to be replaced', () => {
    const configuration = simpleConfiguration([A, B, C], [D]);
    const step = planStep(situation(configuration, { replaces: () => 'm1' as MemberId }));
    assert.equal(step?.kind, 'hand-over');
  });

  it('demotes an unstable voter and holds it, never below three voters', () => {
    const losses = (one: NodeId): number => (one === B ? 6 : 0);
    const step = planStep(situation(simpleConfiguration([A, B, C, D]), { lossesWithin: losses }));
    assert.deepEqual(votersOf(step), [A, C, D]);
    assert.equal(step?.kind === 'configure' && step.hold, B);
    assert.equal(planStep(situation(simpleConfiguration([A, B, C]), { lossesWithin: losses })), null);
  });

  it('removes the dead, never below three voters, learners always', () => {
    const dead = { silentMs: (one: NodeId) => (one === D ? 80 * 3_600_000 : 0), keptUpMs: () => null };
    assert.deepEqual(votersOf(planStep(situation(simpleConfiguration([A, B, C, D]), dead))), [A, B, C]);
    const learner = planStep(situation(simpleConfiguration([A, B, C], [D]), dead));
    assert.deepEqual(learner?.kind === 'configure' && learner.next.learners, []);
    assert.equal(planStep(situation(simpleConfiguration([A, B, D]), dead)), null);
  });

  it('keeps the length of leases', () => {
    const step = planStep(situation(simpleConfiguration([A, B, C], [D], 300)));
    assert.equal(step?.kind === 'configure' && step.next.leaseMs, 300);
  });
});

describe('the arithmetic of a quorum', () => {
  const isUp =
    (...up: NodeId[]) =>
    (one: NodeId) =>
      up.includes(one);

  it('counts the voters before and after', () => {
    const [three, two] = [simpleConfiguration([A, B, C]), simpleConfiguration([A, C])];
    assert.equal(quorumFault(three, two, isUp(A, C), 'removal of m2'), null);
    assert.equal(
      quorumFault(three, two, isUp(A, B), 'removal of m2'),
      '2 voters, 1 reachable after removal of m2, 2 needed (reachable: m1; not: m3)',
    );
    assert.equal(
      quorumFault(three, simpleConfiguration([A]), isUp(A), 'removal of m2'),
      '3 voters, 1 reachable at present, 2 needed (reachable: m1; not: m2, m3)',
    );
  });
});

describe('addresses of members', () => {
  const M2 = 'm2' as MemberId;
  let nowMs: number;
  let recorded: string | null;

  function book(configuredOnly = false): AddressBook {
    nowMs = 0;
    recorded = null;
    const configured = new Map([[M2, 'configured:1']]);
    return new AddressBook({ configured, configuredOnly, recorded: () => recorded, nowMs: () => nowMs });
  }

  function dialled(addresses: AddressBook, reached: boolean): string | undefined {
    return addresses.choose([M2], () => reached).get(M2);
  }

  it('stay in use while the member answers there', () => {
    const addresses = book();
    assert.equal(dialled(addresses, false), 'configured:1');
    addresses.heard(M2, 'told:1');
    nowMs = 60_000;
    assert.equal(dialled(addresses, true), 'configured:1');
  });

  it('are tried in turn while it does not', () => {
    const addresses = book();
    recorded = 'recorded:1';
    const tried = [dialled(addresses, false)];
    addresses.heard(M2, 'told:1');
    for (let i = 0; i < 3; i++) {
      nowMs += 1000;
      tried.push(dialled(addresses, false));
    }
    assert.deepEqual(new Set(tried), new Set(['configured:1', 'told:1', 'recorded:1']));
  });

  it('that a member tells anew are used at once', () => {
    const addresses = book();
    addresses.heard(M2, 'told:1');
    assert.equal(dialled(addresses, true), 'told:1');
    addresses.heard(M2, 'moved:1');
    assert.equal(dialled(addresses, false), 'moved:1');
  });

  it('are those of the configuration and no others where it says so', () => {
    const addresses = book(true);
    addresses.heard(M2, 'told:1');
    nowMs = 60_000;
    assert.equal(dialled(addresses, false), 'configured:1');
  });

  it('that nobody can dial are not taken', () => {
    const addresses = book();
    assert.equal(addresses.heard(M2, 'nonsense'), false);
    assert.equal(addresses.heard(M2, null), false);
    assert.equal(addresses.of(M2), 'configured:1');
  });
});

describe('a join token', () => {
  it('names its group, and its digest does not give the secret away', () => {
    const text = makeToken('c1' as never, new SeededRandom(1));
    const token = parseToken(text);
    assert.equal(token.clusterId, 'c1');
    assert.match(hashOf(token), /^[0-9a-f]{64}$/);
    assert(!text.includes(hashOf(token)));
    assert.notEqual(hashOf(token), hashOf(parseToken(makeToken('c1' as never, new SeededRandom(2)))));
  });

  it('is refused when it is none', () => {
    for (const text of ['', 'c1', 'c1.', '.abc', `c1.${'5'.repeat(47)}`, `c1.${'5'.repeat(48)}.x`]) {
      assert.throws(() => parseToken(text), { code: 'TOKEN_REFUSED' }, text);
    }
  });
});
