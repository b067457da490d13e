import { assert, must, type NodeId } from '../../base/index.js';
import { checkNode } from '../invariants.js';
import { isMember, isVoter } from '../membership.js';
import { hasQuorum } from '../quorum.js';
import type { Entry, LogIndex, Message } from '../types.js';
import type { NodeView } from '../view.js';
import { checkEmitted } from './emissions.js';
import { GroupHistory } from './history.js';
import { checkConfigurationRule, followLog, readWholeLog } from './log-mirror.js';
import { holds, newWitness, preVoteKey, type DurableView, type Witness } from './witness.js';

/** What a node was just given. `other`: a proposal, a report of the host, `ready()`. */
export type Cause =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'tick' }
  | { readonly type: 'other' };

/**
 * Checks a whole group from outside, with a memory of everything that ever happened (S1 to S20). The host of
 * the nodes, a simulator or a test, reports each event at once, before the next one; every violation throws
 * an `InvariantError` that names the property.
 *
 * ```
 *   started ─► { stepped | emitted | persisted | applied | installed }* ─► stopped ─► started …
 * ```
 */
export class ClusterChecker {
  private readonly history = new GroupHistory();
  private readonly witnesses = new Map<NodeId, Witness>();

  /** The highest index known to be committed. */
  get lastCommitted(): LogIndex {
    return this.history.lastCommitted;
  }

  /** A node was constructed from `durable`. Call before its first input. */
  started(node: NodeView, durable: DurableView): void {
    const witness = this.witnesses.get(node.id) ?? newWitness(node.id, durable);
    this.witnesses.set(node.id, witness);
    const { hardState } = durable;
    assert(
      witness.damaged || hardState.term >= witness.promisedTerm,
      () => `S3 ${node.id} restarts in term ${hardState.term} after promises of term ${witness.promisedTerm}`,
    );
    assert(
      hardState.term === node.term,
      () => `S3 ${node.id} starts in term ${node.term}, durable is ${hardState.term}`,
    );
    witness.durable = durable;
    witness.view = node;
    restart(witness, node);
    readWholeLog(witness, node, this.history);
    this.check(witness, node, { type: 'other' });
  }

  /** The node crashed or stopped: only what is durable remains. */
  stopped(id: NodeId): void {
    this.witness(id).view = null;
  }

  /** The disk of `id` was damaged within what the fault plan allows: its durable promises no longer count. */
  damaged(id: NodeId): void {
    this.witness(id).damaged = true;
  }

  /** The disk of `id` holds all it promised again. */
  repaired(id: NodeId): void {
    this.witness(id).damaged = false;
  }

  /** After every input, and after every `ready()`. */
  stepped(id: NodeId, cause: Cause): void {
    const witness = this.witness(id);
    this.check(witness, must(witness.view, `${id} is down`), cause);
  }

  /** Before any of `messages`, as taken from a `Ready`, is delivered; durable state is as of now. */
  emitted(id: NodeId, messages: readonly Message[]): void {
    const witness = this.witness(id);
    for (const message of messages) checkEmitted(witness, message, this.history);
  }

  /** After the write was completed and reported by `persisted()`. */
  persisted(id: NodeId): void {
    const witness = this.witness(id);
    const view = must(witness.view, `${id} is down`);
    const { durable } = witness;
    assert(
      durable.hardState.term <= view.term,
      () => `S3 ${id}: durable term ${durable.hardState.term} above ${view.term}`,
    );
    const stable = view.stableIndex;
    assert(
      stable === 0 || durable.termAt(stable) === view.termAt(stable),
      () =>
        `S14 ${id} counts ${stable} as durable: term ${durable.termAt(stable)} on disk, ${view.termAt(stable)} in memory`,
    );
    this.check(witness, view, { type: 'other' });
  }

  /** Entry by entry, as the state machine takes them. */
  applied(id: NodeId, entry: Entry): void {
    const witness = this.witness(id);
    assert(
      entry.index === witness.applied + 1,
      () => `S11 ${id} applies ${entry.index} after ${witness.applied}: a gap or a repetition`,
    );
    witness.applied = entry.index;
    this.history.applied(id, entry);
  }

  /** The state machine was replaced by a snapshot that ends at `index`. */
  installed(id: NodeId, index: LogIndex): void {
    const witness = this.witness(id);
    assert(index >= witness.applied, () => `S12 ${id}: state goes back from ${witness.applied} to ${index}`);
    witness.applied = index;
  }

  /** Digest of the state of `id` after it applied `index`. */
  digest(id: NodeId, index: LogIndex, digest: string): void {
    this.history.digest(id, index, digest);
  }

  /** S9, costly, for the end of a run: the last committed entry is durable on a quorum of `view`'s configuration. */
  checkDurability(view: NodeView): void {
    const index = this.history.lastCommitted;
    const term = this.history.committedTerm(index) ?? 0;
    assert(
      index === 0 || hasQuorum(view.configuration, (id) => holds(this.witnesses.get(id), index, term)),
      () => `S9 entry ${index} of term ${term} was committed and is no longer durable on a quorum`,
    );
  }

  private witness(id: NodeId): Witness {
    return must(this.witnesses.get(id), () => `${id} was never started`);
  }

  private check(witness: Witness, view: NodeView, cause: Cause): void {
    checkNode(view);
    checkTermAndVote(witness, view);
    if (cause.type === 'message') noteMessage(witness, view, cause.message);
    followLog(witness, view, this.history);
    this.checkCommit(witness, view);
    checkConfigurationRule(witness, view);
    if (view.role === 'leader') this.checkLeader(witness, view, cause);
    remember(witness, view);
  }

  /** S8, S9, S12. */
  private checkCommit(witness: Witness, view: NodeView): void {
    if (view.commit === witness.commit) return;
    const { id, commit } = view;
    assert(commit > witness.commit, () => `S12 ${id}: commit falls from ${witness.commit} to ${commit}`);
    let news = false;
    for (let index = witness.commit + 1; index <= commit; index++) {
      const term = view.termAt(index);
      if (term !== null && this.history.commit(id, index, term, view.term)) news = true;
    }
    if (news) this.checkFirstCommit(witness, view);
  }

  /** S8: the first to commit is a leader, by an entry of its own term that a quorum holds durably. */
  private checkFirstCommit(witness: Witness, view: NodeView): void {
    const { id, commit, term } = view;
    // A leader that commits its own removal has stepped down by the time we look.
    const led = view.role === 'leader' || (witness.role === 'leader' && witness.term === term);
    assert(led, () => `S8 ${id}, a ${view.role}, is the first to commit ${commit}`);
    const entryTerm = view.termAt(commit);
    assert(
      entryTerm === term,
      () => `S8 leader ${id} of term ${term} commits ${commit} of term ${entryTerm} by counting`,
    );
    assert(
      hasQuorum(view.configuration, (node) => holds(this.witnesses.get(node), commit, term)),
      () => `S8 leader ${id} commits ${commit} of term ${term} that no quorum holds durably`,
    );
    for (const other of this.witnesses.values()) {
      const leader = other.view;
      if (leader === null || leader.role !== 'leader' || leader.term <= term) continue;
      const complete = leader.termAt(commit) === term || leader.baseIndex() >= commit;
      assert(
        complete,
        () => `S7 ${leader.id} leads term ${leader.term} without ${commit}, committed in ${term}`,
      );
    }
  }

  private checkLeader(witness: Witness, view: NodeView, cause: Cause): void {
    if (witness.role !== 'leader' || witness.term !== view.term) this.checkElected(witness, view);
    const { id, configuration } = view;
    assert(
      isVoter(configuration, id) || view.configurationIndex > view.commit,
      () => `S18 ${id} still leads although a configuration without it is committed`,
    );
    this.checkMatch(witness, view);
    // A peer that left and came back is given an election timeout again.
    for (const peer of witness.heard.keys()) if (!isMember(configuration, peer)) witness.heard.delete(peer);
    if (cause.type === 'tick') checkQuorumHeard(witness, view);
  }

  /** S1, S7. */
  private checkElected(witness: Witness, view: NodeView): void {
    const { id, term } = view;
    this.history.led(id, term);
    const index = this.history.lastCommittedBefore(term);
    const expected = this.history.committedTerm(index);
    assert(
      index === 0 || view.baseIndex() >= index || view.termAt(index) === expected,
      () =>
        `S7 ${id} leads term ${term} with term ${view.termAt(index)} at ${index}, committed was ${expected}`,
    );
    witness.heard.clear();
    witness.match.clear();
  }

  /** S15: what the leader counts as held by a peer is there, unless a later leader has taken over since. */
  private checkMatch(witness: Witness, view: NodeView): void {
    for (const peer of view.peers()) {
      if (peer.match <= (witness.match.get(peer.id) ?? 0)) continue;
      witness.match.set(peer.id, peer.match);
      const other = this.witnesses.get(peer.id);
      const term = view.termAt(peer.match);
      if (other === undefined || term === null || other.durable.hardState.term > view.term) continue;
      assert(
        holds(other, peer.match, term),
        () => `S15 ${view.id} counts ${peer.match} of term ${term} as durable at ${peer.id}, where it is not`,
      );
    }
  }
}

function restart(witness: Witness, node: NodeView): void {
  witness.role = 'follower';
  witness.term = node.term;
  witness.vote = node.vote;
  witness.commit = 0;
  witness.applied = node.applied;
  witness.heard.clear();
  witness.grantable.clear();
  witness.match.clear();
}

/** S3, S4. */
function checkTermAndVote(witness: Witness, view: NodeView): void {
  const { id, term, vote } = view;
  assert(term >= witness.term, () => `S3 ${id}: term falls from ${witness.term} to ${term}`);
  assert(
    term > witness.term || witness.vote === null || vote === witness.vote,
    () => `S4 ${id} changes its vote in term ${term} from ${witness.vote} to ${vote}`,
  );
}

/** S19, and what S20 counts. */
function noteMessage(witness: Witness, view: NodeView, message: Message): void {
  if (message.term === view.term) witness.heard.set(message.from, witness.ticks);
  if (message.type !== 'vote' || !message.pre) return;
  const { id, term, vote, electionElapsed } = view;
  assert(
    term === witness.term && vote === witness.vote && electionElapsed === witness.electionElapsed,
    () => `S19 a pre-vote changed ${id}: term ${witness.term} to ${term}, vote ${witness.vote} to ${vote}`,
  );
  const lastTerm = view.termAt(view.lastIndex) ?? 0;
  const complete =
    message.lastTerm > lastTerm || (message.lastTerm === lastTerm && message.lastIndex >= view.lastIndex);
  const leaderHeard = view.leader !== null && electionElapsed < view.electionTicks;
  if (complete && !leaderHeard) witness.grantable.add(preVoteKey(message.from, message.term));
}

/** S20: nobody leads longer than an election timeout and a tick without hearing a quorum. */
function checkQuorumHeard(witness: Witness, view: NodeView): void {
  const limit = view.electionTicks + 1;
  const heard = hasQuorum(view.configuration, (id) => {
    if (id === view.id) return true;
    const tick = witness.heard.get(id);
    if (tick === undefined) witness.heard.set(id, witness.ticks);
    return witness.ticks - (tick ?? witness.ticks) <= limit;
  });
  assert(heard, () => `S20 ${view.id} has led for more than ${limit} ticks without hearing a quorum`);
  witness.ticks++;
}

function remember(witness: Witness, view: NodeView): void {
  witness.role = view.role;
  witness.term = view.term;
  witness.vote = view.vote;
  witness.commit = view.commit;
  witness.electionElapsed = view.electionElapsed;
}
