import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { AgentId, FrameworkId } from '../../lib/base/index.js';
import { allocate } from '../../lib/master/allocator/allocate.js';
import { FairShares } from '../../lib/master/allocator/fair-shares.js';
import type {
  AllocationInput,
  OfferableAgent,
  OfferableFramework,
} from '../../lib/master/allocator/types.js';
import { NOTHING, add, covers, dominantShare } from '../../lib/master/resources/quantities.js';
import type { Resources } from '../../lib/state/index.js';
import { MIB, resources } from './world.js';

function framework(
  id: string,
  roles: readonly string[] = ['*'],
  held: Resources = NOTHING,
): OfferableFramework {
  return {
    frameworkId: id as FrameworkId,
    roles,
    gpus: false,
    held: new Map(roles.map((role) => [role, held])),
  };
}

function agent(id: string, free: Resources, hasGpus = false): OfferableAgent {
  return { agentId: id as AgentId, free, hasGpus };
}

function input(facts: Partial<AllocationInput>): AllocationInput {
  const agents = facts.agents ?? [];
  const heldByRole = new Map<string, Resources>();
  for (const { held } of facts.frameworks ?? []) {
    for (const [role, amount] of held) heldByRole.set(role, add(heldByRole.get(role) ?? NOTHING, amount));
  }
  return {
    total: agents.reduce((sum, one) => add(sum, one.free), NOTHING),
    agents,
    frameworks: [],
    heldByRole,
    weightMilli: () => 1000,
    refused: () => false,
    minimum: { cpuMilli: 10, memoryBytes: 32 * MIB },
    ...facts,
  };
}

/** Serves demands one by one, lowest share first, as long as they fit: "progressive filling". */
function fill(
  shares: FairShares,
  total: Resources,
  demands: ReadonlyMap<string, Resources>,
): Map<string, number> {
  const tasks = new Map<string, number>();
  let used = NOTHING;
  for (;;) {
    const next = shares.roles
      .flatMap(({ frameworks }, roleAt) =>
        frameworks.map(({ framework: one }, at) => ({ roleAt, at, id: one.frameworkId })),
      )
      .find(({ id }) => covers(total, add(used, demands.get(id)!)));
    if (next === undefined) return tasks;
    used = add(used, demands.get(next.id)!);
    shares.charge(next.roleAt, next.at, demands.get(next.id)!);
    tasks.set(next.id, (tasks.get(next.id) ?? 0) + 1);
  }
}

describe('dominant resource fairness', () => {
  it('gives three tasks of <1 CPU, 4 GB> and two of <3 CPUs, 1 GB> from <9 CPUs, 18 GB> (NSDI 2011, section 4.1)', () => {
    const total = resources(9, 18 * 1024);
    const shares = new FairShares(input({ total, frameworks: [framework('A'), framework('B')] }));
    const demands = new Map([
      ['A', resources(1, 4 * 1024)],
      ['B', resources(3, 1024)],
    ]);
    const tasks = fill(shares, total, demands);
    assert.deepEqual(
      [...tasks],
      [
        ['A', 3],
        ['B', 2],
      ],
    );
    const held = shares.roles[0]!.frameworks.map(({ share }) => share);
    assert.deepEqual(held, [2 / 3, 2 / 3], 'both end with a dominant share of two thirds');
  });

  it('gives a role of twice the weight twice the share', () => {
    const agents = Array.from({ length: 9 }, (_, i) => agent(`a${i}`, resources(1, 1024)));
    const frameworks = [framework('F', ['heavy']), framework('G', ['light'])];
    const weightMilli = (role: string): number => (role === 'heavy' ? 2000 : 1000);
    const grants = allocate(input({ agents, frameworks, weightMilli }));
    assert.equal(grants.filter(({ role }) => role === 'heavy').length, 6);
    assert.equal(grants.filter(({ role }) => role === 'light').length, 3);
  });

  it('divides a role among its frameworks before it looks at how many they are', () => {
    const agents = Array.from({ length: 8 }, (_, i) => agent(`a${i}`, resources(1, 1024)));
    const frameworks = [framework('F', ['one']), framework('G', ['two']), framework('H', ['two'])];
    const grants = allocate(input({ agents, frameworks }));
    const count = (id: string): number => grants.filter(({ frameworkId }) => frameworkId === id).length;
    assert.deepEqual([count('F'), count('G'), count('H')], [4, 2, 2]);
  });

  it('counts what tasks already hold', () => {
    const agents = [agent('a1', resources(1, 1024)), agent('a2', resources(1, 1024))];
    const frameworks = [framework('F', ['*'], resources(4, 4096)), framework('G')];
    const grants = allocate(input({ agents, frameworks, total: resources(6, 6144) }));
    assert.deepEqual(
      grants.map(({ frameworkId }) => frameworkId),
      ['G', 'G'],
    );
  });

  it('gives one framework all free resources of an agent', () => {
    const free = resources(4, 4096);
    const grants = allocate(
      input({ agents: [agent('a1', free)], frameworks: [framework('F'), framework('G')] }),
    );
    assert.deepEqual(grants, [{ frameworkId: 'F', role: '*', agentId: 'a1', resources: free }]);
  });

  it('makes no offer below 0.01 CPU and 32 MiB, and makes one with either', () => {
    const amounts = [resources(0.009, 31), resources(0.01, 0), resources(0, 32)];
    const agents = amounts.map((free, i) => agent(`a${i}`, free));
    const grants = allocate(input({ agents, frameworks: [framework('F')] }));
    assert.deepEqual(
      grants.map(({ agentId }) => agentId),
      ['a1', 'a2'],
    );
  });

  it('keeps agents with GPUs from frameworks that do not know them', () => {
    const agents = [agent('gpu', resources(4, 4096), true)];
    assert.deepEqual(allocate(input({ agents, frameworks: [framework('F')] })), []);
    const able = { ...framework('G'), gpus: true };
    assert.equal(allocate(input({ agents, frameworks: [framework('F'), able] }))[0]?.frameworkId, 'G');
  });

  it('passes an agent on to the next framework when the first has refused it', () => {
    const agents = [agent('a1', resources(4, 4096))];
    const refused: AllocationInput['refused'] = (frameworkId) => frameworkId === 'F';
    const grants = allocate(input({ agents, frameworks: [framework('F'), framework('G')], refused }));
    assert.deepEqual(
      grants.map(({ frameworkId }) => frameworkId),
      ['G'],
    );
  });

  it('never leaves two frameworks further apart than one agent, if both take everything (property)', () => {
    const cpus = fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(cpus, fc.integer({ min: 2, max: 5 }), (sizes, count) => {
        const agents = sizes.map((size, i) => agent(`a${i}`, resources(size, size * 512)));
        const frameworks = Array.from({ length: count }, (_, i) => framework(`F${i}`));
        const facts = input({ agents, frameworks });
        const grants = allocate(facts);
        assert.equal(grants.length, agents.length, 'nothing is left over');
        const shares = frameworks.map(({ frameworkId }) => {
          const own = grants.filter((grant) => grant.frameworkId === frameworkId);
          return dominantShare(
            own.reduce((sum, { resources: r }) => add(sum, r), NOTHING),
            facts.total,
          );
        });
        const largest = Math.max(...agents.map(({ free }) => dominantShare(free, facts.total)));
        assert.ok(Math.max(...shares) - Math.min(...shares) <= largest + 1e-9);
      }),
    );
  });
});
