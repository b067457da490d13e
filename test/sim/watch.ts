import type { NodeId } from '../../lib/base/index.js';
import type { Cause } from '../../lib/raft/check/cluster-checker.js';
import type { Configuration, LogIndex, NodeView, Role, Term } from '../../lib/raft/index.js';
import type { Ghost } from './ghost.js';
import type { SimProcess } from './process.js';
import { check } from './violation.js';

/** What was seen of one incarnation at its last step. */
interface Seen {
  role: Role;
  term: Term;
  vote: NodeId | null;
  commit: LogIndex;
  applied: LogIndex;
  /** Ticks of this incarnation so far. */
  ticks: number;
  /** Tick since which the present quorum can be expected to be heard: elected, or the configuration changed. */
  quorumSince: number;
  configuration: Configuration | null;
  /** Per node: the tick at which it was last heard. */
  heardAt: number[];
  /** The write in flight, and the tick at which it was first seen. */
  write: number;
  writeSince: number;
}

/** Compares each core with itself one step earlier: what may never fall, and what each change has to satisfy. */
export class Watch {
  private readonly ghost: Ghost;
  private readonly processes: readonly SimProcess[];
  private readonly numberOf: ReadonlyMap<NodeId, number>;
  private readonly seen: Seen[];

  constructor(ghost: Ghost, processes: readonly SimProcess[], numberOf: ReadonlyMap<NodeId, number>) {
    this.ghost = ghost;
    this.numberOf = numberOf;
    this.processes = processes;
    this.seen = processes.map(() => fresh());
  }

  started(process: SimProcess): void {
    this.booted(process, process.node.view, this.seen[process.number]!);
  }

  stepped(process: SimProcess, cause: Cause): void {
    const seen = this.seen[process.number]!;
    const { view } = process.node;
    if (cause.type === 'message') seen.heardAt[this.numberOf.get(cause.message.from)!] = seen.ticks;
    const led = seen.role === 'leader' && seen.term === view.term;
    if (view.term !== seen.term || view.role !== seen.role) this.roleChanged(process, view, seen);
    if (view.vote !== seen.vote) this.voteChanged(process, view, seen);
    if (view.commit !== seen.commit) this.commitMoved(process, view, seen, led);
    if (view.applied !== seen.applied) this.appliedMoved(process, view, seen);
  }

  /** After each tick: what is too dear to look at after every step. */
  ticked(process: SimProcess): void {
    const { view } = process.node;
    const seen = this.seen[process.number]!;
    seen.ticks++;
    if (!process.disk.busy || process.disk.writes !== seen.write) {
      seen.write = process.disk.writes;
      seen.writeSince = seen.ticks;
    }
    if (view.role !== 'leader') return;
    this.matchesAreTrue(process, view);
    this.quorumIsHeard(process, view, seen);
    const stalled = seen.ticks - seen.writeSince;
    check(
      stalled <= view.electionTicks + 2 || view.configuration.voters.length < 2,
      'disk-stall',
      () => `${name(process)} goes on leading term ${view.term} with a write that takes ${stalled} ticks`,
    );
  }

  /** A restart begins from the durable image: nothing that was promised may be forgotten (S3, S4, S12). */
  private booted(process: SimProcess, view: NodeView, seen: Seen): void {
    const { term, vote } = process.disk.hardState;
    check(view.term === term, 'S3', () => `${name(process)} starts in term ${view.term}, durable is ${term}`);
    check(
      view.vote === vote,
      'S4',
      () => `${name(process)} starts with vote ${view.vote ?? 'none'}, durable is ${vote ?? 'none'}`,
    );
    const base = process.disk.base().index;
    check(
      view.commit >= base,
      'S12',
      () => `${name(process)} starts at commit ${view.commit}, base is ${base}`,
    );
    Object.assign(seen, fresh(), { term, vote, commit: view.commit, applied: view.applied });
    check(
      view.commit <= this.ghost.commit,
      'S12',
      () => `${name(process)} starts at commit ${view.commit}, the group is at ${this.ghost.commit}`,
    );
  }

  private roleChanged(process: SimProcess, view: NodeView, seen: Seen): void {
    check(
      view.term >= seen.term,
      'S3',
      () => `${name(process)}: term falls from ${seen.term} to ${view.term}`,
    );
    if (view.role === 'leader' && (seen.role !== 'leader' || seen.term !== view.term)) {
      seen.quorumSince = seen.ticks;
      this.ghost.leads(process.number, view.term);
      this.ghost.complete(process.number, view.term, view.firstIndex - 1, (index) => view.termAt(index));
    }
    if (view.term > seen.term) seen.vote = null;
    seen.role = view.role;
    seen.term = view.term;
  }

  private voteChanged(process: SimProcess, view: NodeView, seen: Seen): void {
    check(
      seen.vote === null,
      'S4',
      () =>
        `${name(process)} changes its vote in term ${view.term} from ${seen.vote} to ${view.vote ?? 'none'}`,
    );
    seen.vote = view.vote;
  }

  /** `led`: a leader that commits its own removal has stepped down when we look. */
  private commitMoved(process: SimProcess, view: NodeView, seen: Seen, led: boolean): void {
    const { commit } = view;
    check(
      commit >= seen.commit,
      'S12',
      () => `${name(process)}: commit falls from ${seen.commit} to ${commit}`,
    );
    seen.commit = commit;
    check(
      commit <= view.lastIndex,
      'S11',
      () => `${name(process)}: commit ${commit} beyond ${view.lastIndex}`,
    );
    if (led || view.role === 'leader') {
      this.ghost.leaderCommitted(process.number, view.term, commit, view.configuration);
    } else {
      this.ghost.followerCommitted(process.number, commit);
    }
  }

  private appliedMoved(process: SimProcess, view: NodeView, seen: Seen): void {
    const { applied, commit } = view;
    check(applied >= seen.applied, 'S12', () => `${name(process)}: applied falls to ${applied}`);
    check(applied <= commit, 'S11', () => `${name(process)}: applied ${applied} beyond commit ${commit}`);
    seen.applied = applied;
  }

  /** S15, S16: what a leader believes to be durable at a peer is. */
  private matchesAreTrue(process: SimProcess, view: NodeView): void {
    for (const { id, match, next } of view.peers()) {
      check(match < next, 'S16', () => `${name(process)}: match ${match} ≥ next ${next} of ${id}`);
      const peer = this.processes[this.numberOf.get(id)!]!;
      if (peer.disk.hardState.term > view.term || peer.disk.base().index >= match) continue;
      const [held, own] = [peer.disk.termAt(match), view.termAt(match)];
      check(
        own === null || held === own,
        'S15',
        () =>
          `${name(process)} believes ${own}/${match} durable at ${name(peer)}, which holds ${held ?? 'nothing'}`,
      );
    }
  }

  /** S20: a leader that hears no quorum for an election timeout no longer leads. */
  private quorumIsHeard(process: SimProcess, view: NodeView, seen: Seen): void {
    if (view.configuration !== seen.configuration) seen.quorumSince = seen.ticks;
    seen.configuration = view.configuration;
    const since = seen.ticks - view.electionTicks - 1;
    if (seen.quorumSince >= since) return;
    const { voters, outgoing } = view.configuration;
    for (const part of outgoing.length === 0 ? [voters] : [voters, outgoing]) {
      const heard = part.filter(
        (id) => id === view.id || (seen.heardAt[this.numberOf.get(id)!] ?? -1) >= since,
      );
      check(
        heard.length * 2 > part.length,
        'S20',
        () =>
          `${name(process)} leads term ${view.term}, but heard only ${heard.length} of ${part.length} lately`,
      );
    }
  }
}

function fresh(): Seen {
  return {
    role: 'follower',
    term: 0,
    vote: null,
    commit: 0,
    applied: 0,
    ticks: 0,
    quorumSince: 0,
    configuration: null,
    heardAt: [],
    write: 0,
    writeSince: 0,
  };
}

function name(process: SimProcess): string {
  return `n${process.number + 1}`;
}
