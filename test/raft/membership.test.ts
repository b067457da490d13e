import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MalformedError, type NodeId } from '../../lib/base/index.js';
import {
  checkConfiguration,
  decodeConfiguration,
  encodeConfiguration,
  isJoint,
  leaveJoint,
  membersOf,
  sameConfiguration,
  simpleConfiguration,
  votersOf,
  type Configuration,
} from '../../lib/raft/index.js';
import { towards } from '../../lib/raft/membership.js';
import { ids } from './harness.js';

const NAMES = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'];

/** Each member is a voter, a learner or absent; at least one voter. */
const configurations = fc
  .array(fc.constantFrom('voter', 'learner', 'absent'), { minLength: 6, maxLength: 6 })
  .filter((parts) => parts.includes('voter'))
  .map((parts) => {
    const of = (part: string): NodeId[] => ids(...NAMES.filter((_, i) => parts[i] === part));
    return simpleConfiguration(of('voter'), of('learner'));
  });

describe('configurations', () => {
  it('every change arrives where it should, through valid configurations whose quorums overlap', () => {
    fc.assert(
      fc.property(configurations, configurations, (from, to) => {
        const first = towards(from, to);
        checkConfiguration(first);
        const arrived = isJoint(first) ? leaveJoint(first) : first;
        checkConfiguration(arrived);
        assert.ok(sameConfiguration(arrived, to));
        if (isJoint(first)) assert.deepEqual([first.outgoing, first.voters], [from.voters, to.voters]);
        else assert.deepEqual(first.voters, from.voters);
      }),
    );
  });

  it('nobody is lost while joint: every old and new member still receives entries', () => {
    fc.assert(
      fc.property(configurations, configurations, (from, to) => {
        const first = towards(from, to);
        for (const member of to.learners) assert.ok(membersOf(first).includes(member));
        for (const member of [...from.voters, ...to.voters]) {
          assert.ok(membersOf(first).includes(member) || !isJoint(first));
        }
      }),
    );
  });

  it('a voter that becomes a learner decides until the joint phase ends', () => {
    const joint = towards(simpleConfiguration(ids('m1', 'm2')), simpleConfiguration(ids('m1'), ids('m2')));
    assert.deepEqual(joint.learners, []);
    assert.deepEqual(joint.learnersNext, ['m2']);
    assert.deepEqual(votersOf(joint), ['m1', 'm2']);
  });

  it('broken ones are refused', () => {
    const good = simpleConfiguration(ids('m1', 'm2'));
    const broken: Configuration[] = [
      { ...good, voters: [] },
      { ...good, voters: ids('m1', 'm1') },
      { ...good, learners: ids('m2') },
      { ...good, learnersNext: ids('m3') },
    ];
    for (const configuration of broken) assert.throws(() => checkConfiguration(configuration));
    assert.throws(() => leaveJoint(good));
  });
});

describe('the bytes of a configuration', () => {
  const all = fc
    .tuple(configurations, configurations, fc.boolean(), fc.nat(10_000))
    .map(([from, to, autoLeave, leaseMs]): Configuration => ({ ...towards(from, to), autoLeave, leaseMs }));

  it('are read back as what was written', () => {
    fc.assert(
      fc.property(all, (configuration) => {
        assert.deepEqual(decodeConfiguration(encodeConfiguration(configuration)), configuration);
      }),
    );
  });

  it('are refused when they end early, go on, or have another format', () => {
    fc.assert(
      fc.property(all, fc.nat(1000), (configuration, at) => {
        const bytes = encodeConfiguration(configuration);
        assert.throws(() => decodeConfiguration(bytes.subarray(0, at % bytes.length)), MalformedError);
        assert.throws(() => decodeConfiguration(Uint8Array.from([...bytes, 0])), MalformedError);
        assert.throws(() => decodeConfiguration(Uint8Array.from([0, ...bytes.subarray(1)])), MalformedError);
        // Of a newer release: not damage, so that nobody throws it away.
        const newer = Uint8Array.from([9, ...bytes.subarray(1)]);
        assert.throws(() => decodeConfiguration(newer), { code: 'NEWER_FORMAT' });
      }),
    );
  });
});
