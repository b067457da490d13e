import assert from 'node:assert/strict';
import type { NodeId } from '../../../lib/base/index.js';
import { checkConfiguration, isJoint, leaveJoint, type Configuration } from '../../../lib/raft/index.js';
import { towards } from '../../../lib/raft/membership.js';
import { majority, quorumIndex, voteOutcome } from '../../../lib/raft/quorum.js';
import { parseConfiguration } from './parse.js';

/**
 * Facts about configurations and quorums that need no group. The subject says it all, with `_` for spaces:
 *
 *     expect index(m1_m2_m3|m1:5_m2:7): reached=5
 *     expect votes(m1_m2_m3|m1:yes_m2:no): outcome=pending
 *     expect change(m1_m2|m1_m3): first=m1+m3_outgoing:m1+m2 then=m1+m3
 *
 * Null for any other subject.
 */
export function pureObservation(subject: string, key: string): string | null {
  const match = /^(index|votes|change)\((.*)\|(.*)\)$/.exec(subject);
  if (match === null) return null;
  const [, kind, left, right] = match as unknown as [string, string, string, string];
  const configuration = parseConfiguration(words(left));
  if (kind === 'index' && key === 'reached') return reached(configuration, pairs(right));
  if (kind === 'votes' && key === 'outcome') return outcome(configuration, pairs(right));
  if (kind === 'change') return change(configuration, parseConfiguration(words(right)), key);
  throw new Error(`${kind} has no ${key}`);
}

function words(text: string): string[] {
  return text.split('_').filter((word) => word !== '');
}

function pairs(text: string): Map<string, string> {
  return new Map(words(text).map((pair) => pair.split(':') as [string, string]));
}

function reached(configuration: Configuration, acknowledged: ReadonlyMap<string, string>): string {
  const of = (id: NodeId): number => Number(acknowledged.get(id) ?? 0);
  const index = quorumIndex(configuration, of);
  assert.equal(index, slowIndex(configuration, of), 'the slow reference says otherwise');
  return String(index);
}

/** By trying every index from above: is it acknowledged by a majority of each half? */
function slowIndex({ voters, outgoing }: Configuration, of: (id: NodeId) => number): number {
  const halves = [voters, outgoing].filter((half) => half.length > 0);
  if (halves.length === 0) return Infinity;
  const highest = Math.max(...halves.flat().map(of));
  for (let index = highest; index > 0; index--) {
    const enough = halves.every(
      (half) => half.filter((id) => of(id) >= index).length >= majority(half.length),
    );
    if (enough) return index;
  }
  return 0;
}

function outcome(configuration: Configuration, said: ReadonlyMap<string, string>): string {
  const votes = new Map([...said].map(([id, vote]) => [id as NodeId, vote === 'yes']));
  const result = voteOutcome(configuration, votes);
  assert.equal(result, slowOutcome(configuration, votes), 'the slow reference says otherwise');
  return result;
}

/** By filling in every way in which the missing votes might go. */
function slowOutcome(configuration: Configuration, votes: ReadonlyMap<NodeId, boolean>): string {
  const halves = [configuration.voters, configuration.outgoing];
  const silent = [...new Set(halves.flat())].filter((id) => !votes.has(id));
  const wins = (all: ReadonlyMap<NodeId, boolean>): boolean =>
    halves.every(
      (half) => half.length === 0 || half.filter((id) => all.get(id)).length >= majority(half.length),
    );
  let won = 0;
  const ways = 2 ** silent.length;
  for (let way = 0; way < ways; way++) {
    const all = new Map(votes);
    silent.forEach((id, i) => all.set(id, (way & (1 << i)) !== 0));
    if (wins(all)) won++;
  }
  if (won === ways) return 'won';
  return won === 0 ? 'lost' : 'pending';
}

function change(from: Configuration, to: Configuration, key: string): string {
  const first = towards(from, to);
  checkConfiguration(first);
  if (key === 'first') return render(first);
  if (key === 'then') return isJoint(first) ? render(leaveJoint(first)) : 'none';
  throw new Error(`a change has no ${key}`);
}

function render({ voters, outgoing, learners, learnersNext }: Configuration): string {
  const part = (name: string, ids: readonly NodeId[]): string[] =>
    ids.length === 0 ? [] : [`${name}:${[...ids].sort().join('+')}`];
  return [
    ...part('voters', voters),
    ...part('outgoing', outgoing),
    ...part('learners', learners),
    ...part('next', learnersNext),
  ].join('_');
}
