import { assert, crc32c, type NodeId } from '../../base/index.js';
import { decodeConfiguration } from '../configuration-codec.js';
import { isJoint, sameNodes } from '../membership.js';
import type { Configuration, Entry, LogIndex, Term } from '../types.js';

/** One entry as the group ever held it. */
interface KnownEntry {
  readonly fingerprint: number;
  /** Null when the entry before it was compacted at the node that showed it. */
  prevTerm: Term | null;
}

interface Committed {
  readonly term: Term;
  /** Term of the leader that first committed it. */
  readonly byTerm: Term;
}

/** What the group as a whole has ever done: no node knows it, every node must agree with it. */
export class GroupHistory {
  private readonly leaders = new Map<Term, NodeId>();
  private readonly votes = new Map<string, NodeId>();
  private readonly entries = new Map<LogIndex, Map<Term, KnownEntry>>();
  private readonly committed = new Map<LogIndex, Committed>();
  private readonly digests = new Map<LogIndex, string>();
  private highest: LogIndex = 0;

  /** The highest index ever committed. */
  get lastCommitted(): LogIndex {
    return this.highest;
  }

  /** S1: at most one leader a term, over all restarts. */
  led(id: NodeId, term: Term): void {
    const known = this.leaders.get(term) ?? id;
    assert(known === id, () => `S1 election safety: ${known} and ${id} both led term ${term}`);
    this.leaders.set(term, id);
  }

  /** S2: all grants of `voter` in a term name one candidate. */
  granted(voter: NodeId, term: Term, candidate: NodeId): void {
    const key = `${voter} ${term}`;
    const known = this.votes.get(key) ?? candidate;
    assert(
      known === candidate,
      () => `S2 one vote: ${voter} voted for ${known} and ${candidate} in term ${term}`,
    );
    this.votes.set(key, candidate);
  }

  /**
   * S6: entries with equal index and term are equal, and so are the ones before them; by induction one step
   * back is enough. True when the entry was never seen before.
   */
  saw(entry: Entry, prevTerm: Term | null): boolean {
    const terms = this.entries.get(entry.index) ?? new Map<Term, KnownEntry>();
    this.entries.set(entry.index, terms);
    const fingerprint = fingerprintOf(entry);
    const known = terms.get(entry.term);
    if (known === undefined) {
      terms.set(entry.term, { fingerprint, prevTerm });
      return true;
    }
    const where = (): string => `S6 log matching at ${entry.index} term ${entry.term}`;
    assert(known.fingerprint === fingerprint, () => `${where()}: two different entries`);
    assert(
      known.prevTerm === null || prevTerm === null || known.prevTerm === prevTerm,
      () => `${where()}: after terms ${known.prevTerm} and ${prevTerm}`,
    );
    known.prevTerm ??= prevTerm;
    return false;
  }

  /** S9: what was committed once stays. True when it is news. */
  commit(id: NodeId, index: LogIndex, term: Term, byTerm: Term): boolean {
    const known = this.committed.get(index);
    if (known !== undefined) {
      assert(
        known.term === term,
        () => `S9 ${id} commits term ${term} at ${index}, but term ${known.term} was committed there`,
      );
      return false;
    }
    this.committed.set(index, { term, byTerm });
    this.highest = Math.max(this.highest, index);
    return true;
  }

  committedTerm(index: LogIndex): Term | null {
    return this.committed.get(index)?.term ?? null;
  }

  /** The highest index committed by a leader of a term below `term`: its later leaders must hold it (S7). */
  lastCommittedBefore(term: Term): LogIndex {
    let index = this.highest;
    while (index > 0 && (this.committed.get(index)?.byTerm ?? 0) >= term) index--;
    return index;
  }

  /** S10: what is applied at an index is the same everywhere. */
  applied(id: NodeId, entry: Entry): void {
    const term = this.committedTerm(entry.index);
    assert(
      term === entry.term,
      () => `S10 ${id} applies ${entry.index} of term ${entry.term}, committed: ${term}`,
    );
    const known = this.entries.get(entry.index)?.get(entry.term);
    assert(
      known === undefined || known.fingerprint === fingerprintOf(entry),
      () => `S10 ${id} applies other data at ${entry.index} than was committed`,
    );
  }

  /** S10: after applying `index`, all states are alike. */
  digest(id: NodeId, index: LogIndex, digest: string): void {
    const known = this.digests.get(index) ?? digest;
    assert(known === digest, () => `S10 ${id} differs after ${index}: ${digest}, others have ${known}`);
    this.digests.set(index, digest);
  }
}

function fingerprintOf(entry: Entry): number {
  return crc32c(entry.data, entry.kind.length);
}

/** S17: consecutive configurations share quorums (thesis §4.3). */
export function checkStep(previous: Configuration, entry: Entry): void {
  const next = decodeConfiguration(entry.data);
  const allowed = isJoint(previous)
    ? !isJoint(next) && sameNodes(previous.voters, next.voters)
    : sameNodes(previous.voters, isJoint(next) ? next.outgoing : next.voters);
  assert(
    allowed,
    () => `S17 entry ${entry.index}: ${JSON.stringify(next)} can not follow ${JSON.stringify(previous)}`,
  );
}
