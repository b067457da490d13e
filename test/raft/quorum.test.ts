import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { NodeId } from '../../lib/base/index.js';
import { simpleConfiguration, type Configuration } from '../../lib/raft/index.js';
import { hasQuorum, majority, majorityIndex, quorumIndex, voteOutcome } from '../../lib/raft/quorum.js';
import { ids } from './harness.js';

const NODES = ids('a', 'b', 'c', 'd', 'e', 'f', 'g');

const someNodes = fc.uniqueArray(fc.constantFrom(...NODES), { minLength: 1, maxLength: 5 });
const configurations = fc
  .record({
    voters: someNodes,
    outgoing: fc.oneof(fc.constant<NodeId[]>([]), someNodes),
  })
  .map((parts): Configuration => ({ ...simpleConfiguration(parts.voters), outgoing: parts.outgoing }));
const values = fc
  .array(fc.nat({ max: 12 }), { minLength: NODES.length, maxLength: NODES.length })
  .map((list) => new Map(NODES.map((id, i) => [id, list[i]!])));

/** All ways to choose from `ids`. */
function subsets(list: readonly NodeId[]): NodeId[][] {
  return list.reduce<NodeId[][]>((all, id) => [...all, ...all.map((set) => [...set, id])], [[]]);
}

/** Whether `set` holds more than half of each half: by the definition, not by counting cleverly. */
function isQuorum(configuration: Configuration, set: readonly NodeId[]): boolean {
  return [configuration.voters, configuration.outgoing].every(
    (half) => half.length === 0 || 2 * half.filter((id) => set.includes(id)).length > half.length,
  );
}

describe('quorums', () => {
  it('a majority is the smallest number of which two always overlap', () => {
    for (let size = 1; size <= 9; size++) {
      assert.ok(2 * majority(size) > size);
      assert.ok(2 * (majority(size) - 1) <= size);
    }
  });

  it('the committed index is the largest that all of some quorum have reached', () => {
    fc.assert(
      fc.property(configurations, values, (configuration, match) => {
        const quorums = subsets(NODES).filter((set) => isQuorum(configuration, set));
        const slow = Math.max(
          ...quorums.map((set) => {
            const voters = set.filter((id) =>
              [...configuration.voters, ...configuration.outgoing].includes(id),
            );
            return Math.min(...voters.map((id) => match.get(id)!));
          }),
        );
        assert.equal(
          quorumIndex(configuration, (id) => match.get(id)!),
          slow,
        );
      }),
    );
  });

  it('no voters decide nothing: they never hold anything back', () => {
    assert.equal(
      majorityIndex([], () => 0),
      Infinity,
    );
    assert.equal(
      hasQuorum(simpleConfiguration(ids('a')), (id) => id === 'a'),
      true,
    );
  });

  it('two quorums of one configuration always share a voter', () => {
    fc.assert(
      fc.property(configurations, (configuration) => {
        const sets = subsets(NODES).filter((set) => hasQuorum(configuration, (id) => set.includes(id)));
        for (const one of sets) for (const two of sets) assert.ok(one.some((id) => two.includes(id)));
      }),
      { numRuns: 20 },
    );
  });

  it('an election is won or lost exactly when no missing vote can change it', () => {
    const votes = fc.dictionary(fc.constantFrom<string>(...NODES), fc.boolean());
    fc.assert(
      fc.property(configurations, votes, (configuration, given) => {
        const cast = new Map(Object.entries(given) as [NodeId, boolean][]);
        const missing = NODES.filter((id) => !cast.has(id));
        const endings = subsets(missing).map((granting) =>
          isQuorum(configuration, [...NODES.filter((id) => cast.get(id) === true), ...granting]),
        );
        const slow = endings.every(Boolean) ? 'won' : endings.some(Boolean) ? 'pending' : 'lost';
        assert.equal(voteOutcome(configuration, cast), slow);
      }),
    );
  });
});
