import type { NodeId } from '../../lib/base/index.js';
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  Message,
  Persist,
  Term,
} from '../../lib/raft/types.js';
import type { SimDisk } from './disk.js';
import { entryWord } from './machine.js';
import { check } from './violation.js';

/** Largest term a run may reach: keys of (index, term) pack into one safe integer. */
const TERM_LIMIT = 1 << 20;

/** One entry as the first node to make it durable knew it. */
interface Known {
  readonly word: number;
  readonly previousTerm: Term;
}

/**
 * What no node knows: the history of the whole group, kept over crashes, fed only with what leaves a core
 * (messages, writes, commit index). It shares no code with the core, so that a defect there cannot hide here.
 * Rule names are those of the catalogue in docs/simulator.md.
 */
export class Ghost {
  private readonly disks: readonly SimDisk[];
  private readonly numberOf: ReadonlyMap<NodeId, number>;
  private readonly leaders = new Map<Term, number>();
  private readonly grants = new Map<number, NodeId>();
  private readonly entries = new Map<number, Known>();
  /** Term of each committed entry; index 0 stands for the start. */
  private readonly committed: Term[] = [0];
  /** Term of the leader that committed it: the same or a later one. */
  private readonly committedBy: Term[] = [0];
  /** Per node: the highest acknowledgement it gave to a leader, and the leader's term. */
  private readonly promised: { term: Term; index: LogIndex }[];

  constructor(disks: readonly SimDisk[], numberOf: ReadonlyMap<NodeId, number>) {
    this.disks = disks;
    this.numberOf = numberOf;
    this.promised = disks.map(() => ({ term: 0, index: 0 }));
  }

  /** Highest index that some leader has committed. */
  get commit(): LogIndex {
    return this.committed.length - 1;
  }

  /** S1: at most one leader per term, over all incarnations. */
  leads(who: number, term: Term): void {
    const other = this.leaders.get(term);
    check(
      other === undefined || other === who,
      'S1',
      () => `n${who + 1} and n${other! + 1} lead term ${term}`,
    );
    this.leaders.set(term, who);
  }

  /** S2, S3, S13: a message that promises durability leaves only when the disk can keep the promise. */
  emitted(who: number, message: Message): void {
    const disk = this.disks[who]!;
    switch (message.type) {
      case 'vote':
        if (!message.pre) this.requestedVote(who, message.term, message.from, disk.hardState);
        return;
      case 'vote-reply':
        if (message.granted && !message.pre) this.granted(who, message.term, message.to, disk.hardState);
        return;
      case 'append-reply':
        this.answered(who, message.term, disk);
        if (!message.rejected) this.acknowledged(who, message.term, message.index, disk);
        return;
      case 'append':
        this.served(who, message);
        return;
      case 'heartbeat':
        this.leads(who, message.term);
        return;
      case 'heartbeat-reply':
      case 'read':
      case 'read-reply':
      case 'snapshot':
      case 'timeout-now':
        return;
    }
  }

  /** Before a write is durable: what it removes must be nothing that anybody may rely on (S9, S13). */
  writes(who: number, batch: Persist): void {
    const disk = this.disks[who]!;
    const covered = batch.snapshot?.index ?? 0;
    if (batch.truncateFrom === null || batch.truncateFrom > disk.lastIndex()) return;
    const from = Math.max(batch.truncateFrom, covered + 1);
    for (let index = from; index <= Math.min(disk.lastIndex(), this.commit); index++) {
      check(
        disk.termAt(index) !== this.committed[index],
        'S9',
        () => `n${who + 1} truncates from ${from}, but ${index} of term ${disk.termAt(index)} is committed`,
      );
    }
    const { term, index } = this.promised[who]!;
    check(
      from > index || term < (batch.hardState ?? disk.hardState).term,
      'S13',
      () => `n${who + 1} truncates from ${from} after it acknowledged ${index} to the leader of term ${term}`,
    );
    if (from <= index) this.promised[who]!.index = from - 1;
  }

  /** S6: an index and a term name one entry with one predecessor; by induction whole logs match. */
  wrote(who: number, batch: Persist): void {
    const disk = this.disks[who]!;
    for (const entry of batch.entries) {
      const previousTerm = disk.termAt(entry.index - 1);
      check(previousTerm !== null, 'S11', () => `n${who + 1} holds ${entry.index} without its predecessor`);
      check(
        previousTerm! <= entry.term,
        'S11',
        () => `n${who + 1}: term falls from ${previousTerm} to ${entry.term} at ${entry.index}`,
      );
      this.matches(who, entry, previousTerm!);
    }
  }

  /**
   * S8, S9: a leader's commit index moved to `index`. The entry has the leader's own term and is durable at a
   * quorum of every part of `configuration`; what was committed before stays.
   */
  leaderCommitted(who: number, term: Term, index: LogIndex, configuration: Configuration): void {
    if (index <= this.commit) return;
    const { voters, outgoing } = configuration;
    for (const part of outgoing.length === 0 ? [voters] : [voters, outgoing]) {
      const holders = this.holders(part, index, term);
      check(
        holders.length * 2 > part.length,
        'S8',
        () =>
          `n${who + 1} of term ${term} commits ${index}, durable with that term at ` +
          `${holders.length} of ${part.length} voters`,
      );
    }
    const disk = this.disks[this.holders(voters, index, term)[0]!]!;
    for (let i = this.commit + 1; i <= index; i++) {
      this.committed.push(disk.termAt(i)!);
      this.committedBy.push(term);
    }
  }

  /** S8: nobody but a leader moves the commit index of the group. */
  followerCommitted(who: number, index: LogIndex): void {
    check(
      index <= this.commit,
      'S8',
      () => `n${who + 1} follows to commit ${index}, leaders are at ${this.commit}`,
    );
  }

  /**
   * S7: the log of a new leader holds every entry that a leader of an earlier term committed (a late winner of an
   * old term may miss newer ones). `termAt` reads the leader's log above `base`.
   */
  complete(who: number, term: Term, base: LogIndex, termAt: (index: LogIndex) => Term | null): void {
    const last = this.lastCommittedBefore(term);
    if (base >= last) return;
    const held = termAt(last);
    check(
      held === this.committed[last],
      'S7',
      () =>
        `n${who + 1} leads term ${term} with ${held ?? 'nothing'} at ${last}, ` +
        `where term ${this.committed[last]} is committed`,
    );
  }

  /** S9, S10, S11: what is applied is committed, and durable where it is applied. */
  applied(who: number, index: LogIndex, term: Term): void {
    check(index <= this.commit, 'S11', () => `n${who + 1} applies ${index}, commit is ${this.commit}`);
    check(
      this.committed[index] === term,
      'S10',
      () => `n${who + 1} applies ${term}/${index}, committed is term ${this.committed[index]}`,
    );
    const disk = this.disks[who]!;
    check(
      disk.termAt(index) === term || disk.base().index > index,
      'S9',
      () => `n${who + 1} applies ${term}/${index} before it is durable there`,
    );
  }

  private lastCommittedBefore(term: Term): LogIndex {
    let last = this.commit;
    while (last > 0 && this.committedBy[last]! >= term) last--;
    return last;
  }

  private requestedVote(who: number, term: Term, self: NodeId, durable: HardState): void {
    check(
      durable.term > term || (durable.term === term && durable.vote === self),
      'S2',
      () =>
        `n${who + 1} asks for votes in ${term}, durable is ${durable.term} for ${durable.vote ?? 'nobody'}`,
    );
    if (durable.term === term) this.oneVote(who, term, self);
  }

  private granted(who: number, term: Term, candidate: NodeId, durable: HardState): void {
    check(
      durable.term > term || (durable.term === term && durable.vote === candidate),
      'S2',
      () =>
        `n${who + 1} grants ${candidate} term ${term}, durable is ${durable.term} for ${durable.vote ?? 'nobody'}`,
    );
    this.oneVote(who, term, candidate);
  }

  private oneVote(who: number, term: Term, candidate: NodeId): void {
    const key = term * 64 + who;
    const other = this.grants.get(key);
    check(
      other === undefined || other === candidate,
      'S2',
      () => `n${who + 1} votes for ${candidate} and for ${other} in term ${term}`,
    );
    this.grants.set(key, candidate);
  }

  private answered(who: number, term: Term, disk: SimDisk): void {
    check(
      disk.hardState.term >= term,
      'S3',
      () => `n${who + 1} answers in term ${term}, durable is ${disk.hardState.term}`,
    );
  }

  private acknowledged(who: number, term: Term, index: LogIndex, disk: SimDisk): void {
    // A newer term may have removed the entries since the reply was made; only its own term's promise counts.
    if (disk.hardState.term > term) return;
    check(
      index <= disk.lastIndex(),
      'S13',
      () => `n${who + 1} acknowledges ${index}, durable up to ${disk.lastIndex()}`,
    );
    const promised = this.promised[who]!;
    if (term > promised.term || index > promised.index) this.promised[who] = { term, index };
  }

  private served(who: number, message: Message & { readonly type: 'append' }): void {
    this.leads(who, message.term);
    let previous = message.prevIndex;
    for (const entry of message.entries) {
      check(entry.index === previous + 1, 'S11', () => `n${who + 1} sends ${entry.index} after ${previous}`);
      previous = entry.index;
    }
  }

  private holders(part: readonly NodeId[], index: LogIndex, term: Term): number[] {
    return part
      .map((id) => this.numberOf.get(id)!)
      .filter((n) => this.disks[n]!.termAt(index) === term || this.disks[n]!.base().index > index);
  }

  private matches(who: number, entry: Entry, previousTerm: Term): void {
    check(entry.term < TERM_LIMIT, 'limit', () => `term ${entry.term} is beyond what a run may reach`);
    const key = entry.index * TERM_LIMIT + entry.term;
    const known = this.entries.get(key);
    if (known === undefined) {
      this.entries.set(key, { word: entryWord(entry), previousTerm });
      return;
    }
    check(
      known.word === entryWord(entry) && known.previousTerm === previousTerm,
      'S6',
      () =>
        `n${who + 1} holds another ${entry.term}/${entry.index}: after term ${previousTerm}, ` +
        `elsewhere after ${known.previousTerm}`,
    );
  }
}
