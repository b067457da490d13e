import { SeededRandom, type NodeId, type Random } from '../../lib/base/index.js';
import {
  RAFT_DEFAULTS,
  RaftNode,
  checkNode,
  encodeConfiguration,
  simpleConfiguration,
  type AppendReply,
  type Configuration,
  type Entry,
  type Message,
  type Persist,
  type RaftOptions,
  type ReadState,
  type VoteReply,
} from '../../lib/raft/index.js';
import { data, id, ids, type Settings } from './harness.js';
import { MemoryLog } from './memory-log.js';

type Fields<M extends Message> = Partial<Omit<M, 'type' | 'from' | 'to'>>;

export interface SoloOptions {
  /** Members besides m1, which is the one tested. */
  readonly others?: readonly string[];
  readonly configuration?: Configuration;
  /** Terms of the entries that are in the log already, from index 1. */
  readonly log?: readonly number[];
  /** The whole durable log, in place of `log`, `term` and `configuration`. */
  readonly disk?: MemoryLog;
  readonly term?: number;
  readonly vote?: string | null;
  readonly commit?: number;
  readonly settings?: Settings;
  readonly random?: Random;
  readonly seed?: number;
  readonly options?: RaftOptions;
}

/** Entries with the given terms; the data tells index and term. */
export function entriesOf(terms: readonly number[], first: number = 1): Entry[] {
  return terms.map((term, i) => ({
    term,
    index: first + i,
    kind: 'normal',
    data: data(`${first + i}@${term}`),
  }));
}

export function configurationEntry(term: number, index: number, configuration: Configuration): Entry {
  return { term, index, kind: 'configuration', data: encodeConfiguration(configuration) };
}

/** A write of nothing, to be filled in. */
export const NO_CHANGE: Persist = {
  truncateFrom: null,
  snapshot: null,
  entries: [],
  hardState: null,
  configuration: null,
};

/** A durable log that holds entries of the given terms. */
export function logOf(
  configuration: Configuration,
  terms: readonly number[],
  term: number = terms.at(-1) ?? 0,
  vote: string | null = null,
): MemoryLog {
  const log = new MemoryLog(configuration);
  const hardState = { term, vote: vote === null ? null : id(vote) };
  log.apply({ ...NO_CHANGE, entries: entriesOf(terms), hardState });
  return log;
}

/** One node alone with a test that plays all others: messages are forged and inspected, writes are instant. */
export class Solo {
  readonly node: RaftNode;
  readonly log: MemoryLog;
  readonly others: readonly NodeId[];
  readonly reads: ReadState[] = [];
  readonly committed: Entry[] = [];
  slowDisk = false;

  constructor(options: SoloOptions = {}) {
    const others = options.others ?? ['m2', 'm3'];
    const configuration = options.configuration ?? simpleConfiguration(ids('m1', ...others));
    this.others = ids(...others);
    this.log = options.disk ?? logOf(configuration, options.log ?? [], options.term, options.vote ?? null);
    const config = {
      ...RAFT_DEFAULTS,
      ...options.settings,
      id: id('m1'),
      random: options.random ?? new SeededRandom(options.seed ?? 1),
      applied: options.commit ?? 0,
    };
    this.node = new RaftNode(config, this.log, this.log.hardState, this.log.configuration, options.options);
  }

  get view() {
    return this.node.view;
  }

  get terms(): number[] {
    const { firstIndex, lastIndex } = this.view;
    return Array.from({ length: lastIndex - firstIndex + 1 }, (_, i) => this.view.termAt(firstIndex + i)!);
  }

  /** Does everything the node asks for; returns what it sent meanwhile. */
  settle(): Message[] {
    const sent: Message[] = [];
    while (this.node.hasReady()) {
      const ready = this.node.ready();
      sent.push(...ready.messages);
      this.reads.push(...ready.reads);
      this.committed.push(...ready.committed);
      if (ready.committed.length > 0) this.node.applied(ready.committed.at(-1)!.index);
      if (ready.persist !== null && !this.slowDisk) {
        this.log.apply(ready.persist);
        this.node.persisted();
      }
      checkNode(this.view);
    }
    return sent;
  }

  tick(count: number = 1): Message[] {
    const sent: Message[] = [];
    for (let i = 0; i < count; i++) {
      this.node.tick();
      sent.push(...this.settle());
    }
    return sent;
  }

  step(message: Message): Message[] {
    this.node.step(message);
    return this.settle();
  }

  /** An append from `from`, by default empty, after the end of the log, in the present term. */
  append(from: string, fields: Fields<Extract<Message, { type: 'append' }>> = {}): Message[] {
    const { term, lastIndex } = this.view;
    const prevIndex = fields.prevIndex ?? lastIndex;
    const prevTerm = fields.prevTerm ?? this.view.termAt(prevIndex) ?? 0;
    return this.step({
      type: 'append',
      from: id(from),
      to: id('m1'),
      term,
      entries: [],
      commit: 0,
      ...fields,
      prevIndex,
      prevTerm,
    });
  }

  heartbeat(from: string, fields: Fields<Extract<Message, { type: 'heartbeat' }>> = {}): Message[] {
    const { term } = this.view;
    return this.step({
      type: 'heartbeat',
      from: id(from),
      to: id('m1'),
      term,
      commit: 0,
      round: 0,
      ...fields,
    });
  }

  askVote(from: string, fields: Fields<Extract<Message, { type: 'vote' }>> = {}): Message[] {
    const { term, lastIndex } = this.view;
    const lastTerm = this.view.termAt(lastIndex) ?? 0;
    const common = { from: id(from), to: id('m1'), term: term + 1, pre: false, transfer: false };
    return this.step({ type: 'vote', ...common, lastIndex, lastTerm, ...fields });
  }

  /** `from` answers what the node asks as a (pre-)candidate. */
  vote(from: string, granted: boolean = true): Message[] {
    const pre = this.view.role === 'pre-candidate';
    const term = this.view.term + (pre && granted ? 1 : 0);
    return this.step({ type: 'vote-reply', from: id(from), to: id('m1'), term, pre, granted });
  }

  acknowledge(from: string, index: number, fields: Fields<AppendReply> = {}): Message[] {
    const { term } = this.view;
    const reply = { rejected: false, hintIndex: 0, hintTerm: 0, term, ...fields };
    return this.step({ type: 'append-reply', from: id(from), to: id('m1'), index, ...reply });
  }

  heartbeatReply(from: string, round: number = 0): Message[] {
    return this.step({ type: 'heartbeat-reply', from: id(from), to: id('m1'), term: this.view.term, round });
  }

  propose(...texts: string[]): Message[] {
    const result = this.node.propose(texts.map(data));
    if (!result.ok) throw new Error(`refused: ${result.reason}`);
    return this.settle();
  }

  /** Lets the election timer run out. */
  timeOut(): Message[] {
    const sent: Message[] = [];
    const { role, term } = this.view;
    for (let i = 0; i < 100 && this.view.role === role && this.view.term === term; i++)
      sent.push(...this.tick());
    return sent;
  }

  /** Makes the node a candidate whose own vote is durable. */
  campaign(): Message[] {
    return this.step({ type: 'timeout-now', from: id('m2'), to: id('m1'), term: this.view.term });
  }

  /** Makes the node leader, with the votes of all others. */
  lead(): Message[] {
    const sent = this.campaign();
    for (const other of this.others) sent.push(...this.vote(other));
    if (this.view.role !== 'leader') throw new Error(`not elected: ${this.view.role}`);
    return sent;
  }

  /** Leads, and all others hold the whole log. */
  leadAndCommit(): void {
    this.lead();
    for (const other of this.others) this.acknowledge(other, this.view.lastIndex);
    this.settle();
  }
}

/** The messages of one type, for short assertions. */
export function only<T extends Message['type']>(
  messages: readonly Message[],
  type: T,
): Extract<Message, { type: T }>[] {
  return messages.filter((message): message is Extract<Message, { type: T }> => message.type === type);
}

export function granted(messages: readonly Message[]): boolean {
  const replies: VoteReply[] = only(messages, 'vote-reply');
  return replies.some((reply) => reply.granted);
}
