import { SeededRandom, must, type NodeId } from '../../lib/base/index.js';
import {
  ClusterChecker,
  RAFT_DEFAULTS,
  RaftNode,
  decodeConfiguration,
  sameConfiguration,
  simpleConfiguration,
  type Configuration,
  type Entry,
  type LogIndex,
  type Message,
  type Persist,
  type RaftConfig,
  type RaftOptions,
  type ReadState,
} from '../../lib/raft/index.js';
import { MemoryLog } from './memory-log.js';

export function id(name: string): NodeId {
  return name as NodeId;
}

export function ids(...names: string[]): NodeId[] {
  return names.map(id);
}

export function data(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(entry: Entry): string {
  return entry.kind === 'normal' ? new TextDecoder().decode(entry.data) : entry.kind;
}

export type Settings = Partial<Omit<RaftConfig, 'id' | 'random' | 'applied'>>;

/** One member: the node, its durable log, and a state machine that only remembers. */
export class Member {
  readonly id: NodeId;
  readonly log: MemoryLog;
  node: RaftNode;
  /** Writes complete at once unless this is set; then `completeWrite` completes them. */
  slowDisk = false;
  pendingWrite: Persist | null = null;
  /** Committed entries are applied at once unless this is set; then `applyPending` applies them. */
  slowApply = false;
  pendingApply: Entry[] = [];
  applied: Entry[] = [];
  appliedIndex: LogIndex = 0;
  appliedConfiguration: Configuration;
  reads: ReadState[] = [];
  snapshotsWanted: NodeId[] = [];

  constructor(nodeId: NodeId, log: MemoryLog, node: RaftNode) {
    this.id = nodeId;
    this.log = log;
    this.node = node;
    this.appliedConfiguration = log.base().configuration;
    this.appliedIndex = log.base().index;
  }

  get role(): string {
    return this.node.view.role;
  }

  get term(): number {
    return this.node.view.term;
  }

  get texts(): string[] {
    return this.applied.filter((entry) => entry.kind === 'normal').map(text);
  }

  /** "term:text" of every entry kept, for comparing whole logs. */
  get entries(): string[] {
    const { firstIndex, lastIndex } = this.node.view;
    const list: string[] = [];
    for (let i = firstIndex; i <= lastIndex; i++) {
      const entry = this.node.view.entryAt(i);
      list.push(`${entry.term}:${text(entry)}`);
    }
    return list;
  }
}

export interface ClusterOptions {
  readonly seed?: number;
  readonly settings?: Settings;
  readonly nodeOptions?: RaftOptions;
  /** Starting configuration; all of `names` are voters unless given. */
  readonly configuration?: Configuration;
}

/**
 * A group in one process with an instant, lossless network and disk, both of which a test may spoil. Nothing
 * happens by itself: `pump` carries messages until all is quiet; ticks are given one by one. Every event is
 * shown to a `ClusterChecker`.
 */
export class Cluster {
  readonly checker: ClusterChecker = new ClusterChecker();
  readonly members = new Map<NodeId, Member>();
  /** Every message that was sent, delivered or not; tests clear it. */
  sent: Message[] = [];
  /** A message is delivered only if this says so. */
  filter: (message: Message) => boolean = () => true;
  /** With this set, messages and writes wait for the test: only `drain`, `step` and `completeWrite` move them. */
  manual = false;
  private readonly settings: Settings;
  private readonly options: ClusterOptions;
  private readonly random: SeededRandom;
  private readonly cuts = new Set<string>();
  /** Messages under way. */
  readonly wire: Message[] = [];

  constructor(names: readonly string[], options: ClusterOptions = {}) {
    this.options = options;
    this.settings = options.settings ?? {};
    this.random = new SeededRandom(options.seed ?? 1);
    const configuration = options.configuration ?? simpleConfiguration(ids(...names));
    for (const name of names) this.add(name, new MemoryLog(configuration));
  }

  /** Starts a further member on `log`. */
  add(name: string, log: MemoryLog): Member {
    const member = new Member(id(name), log, this.construct(id(name), log, log.base().index));
    this.members.set(member.id, member);
    this.checker.started(member.node.view, log);
    return member;
  }

  member(name: string): Member {
    return must(this.members.get(id(name)), `no member ${name}`);
  }

  node(name: string): RaftNode {
    return this.member(name).node;
  }

  /** The member that leads the highest term. */
  get leader(): Member {
    const leaders = [...this.members.values()].filter((member) => member.role === 'leader');
    return must(leaders.sort((a, b) => b.term - a.term)[0], 'nobody leads');
  }

  /** Makes `name` lead: its timer runs out while nobody else's does. */
  elect(name: string): void {
    const { node } = this.member(name);
    for (let i = 0; i < 200 && node.view.role !== 'leader'; i++) this.tick(name);
    if (node.view.role !== 'leader') throw new Error(`${name} was not elected: ${node.view.role}`);
    this.pump();
  }

  /** Makes `name` campaign at once, as after a transfer of leadership. */
  timeoutNow(name: string): void {
    const member = this.member(name);
    const from = id('operator');
    this.step({ type: 'timeout-now', from, to: member.id, term: member.term });
    this.pump();
  }

  /** Ticks one member and carries what follows. */
  tick(name: string, count: number = 1): void {
    const { node, id: nodeId } = this.member(name);
    for (let i = 0; i < count; i++) {
      node.tick();
      this.checker.stepped(nodeId, { type: 'tick' });
      if (!this.manual) this.pump();
    }
  }

  /** Ticks every member in turn. */
  tickAll(count: number = 1): void {
    for (let i = 0; i < count; i++) for (const member of this.members.values()) this.tick(member.id);
  }

  propose(name: string, ...texts: string[]): void {
    const member = this.member(name);
    const result = member.node.propose(texts.map(data));
    if (!result.ok) throw new Error(`${name} refused: ${result.reason}`);
    this.checker.stepped(member.id, { type: 'other' });
    if (!this.manual) this.pump();
  }

  /** Hands a message to its receiver without the network. */
  step(message: Message): void {
    const member = this.members.get(message.to);
    if (member === undefined) return;
    member.node.step(message);
    this.checker.stepped(member.id, { type: 'message', message });
  }

  /** Carries messages and completes writes until nothing is left to do. */
  pump(): void {
    for (let round = 0; round < 10_000; round++) {
      let busy = false;
      for (const member of this.members.values()) busy = this.drain(member) || busy;
      for (let message = this.wire.shift(); message !== undefined; message = this.wire.shift()) {
        busy = true;
        this.step(message);
      }
      if (!busy) return;
    }
    throw new Error('the group never becomes quiet');
  }

  /** Takes everything `member` has to do and does it. */
  drain(member: Member): boolean {
    let busy = false;
    while (member.node.hasReady()) {
      busy = true;
      const ready = member.node.ready();
      this.checker.stepped(member.id, { type: 'other' });
      this.checker.emitted(member.id, ready.messages);
      for (const message of ready.messages) this.send(message);
      member.reads.push(...ready.reads);
      member.snapshotsWanted.push(...ready.snapshotsWanted);
      if (member.slowApply) member.pendingApply.push(...ready.committed);
      else this.apply(member, ready.committed);
      if (ready.persist === null) continue;
      member.pendingWrite = ready.persist;
      if (!member.slowDisk && !this.manual) this.completeWrite(member.id);
    }
    return busy;
  }

  /** The disk of `name` finishes the write in flight. */
  completeWrite(name: string): void {
    const member = this.member(name);
    const write = must(member.pendingWrite, `${name} writes nothing`);
    member.pendingWrite = null;
    member.log.apply(write);
    member.node.persisted();
    this.checker.persisted(member.id);
    if (write.snapshot === null) return;
    member.appliedIndex = write.snapshot.index;
    member.appliedConfiguration = write.snapshot.configuration;
    member.node.applied(write.snapshot.index);
    this.checker.installed(member.id, write.snapshot.index);
  }

  /** `name` applies what was handed to it. */
  applyPending(name: string): void {
    const member = this.member(name);
    const entries = member.pendingApply;
    member.pendingApply = [];
    this.apply(member, entries);
  }

  /** Cuts the link between two members, both ways. */
  cut(a: string, b: string): void {
    this.cutOneWay(a, b);
    this.cutOneWay(b, a);
  }

  cutOneWay(from: string, to: string): void {
    this.cuts.add(`${from}>${to}`);
  }

  isolate(name: string): void {
    for (const other of this.members.keys()) if (other !== name) this.cut(name, other);
  }

  heal(): void {
    this.cuts.clear();
    this.filter = () => true;
  }

  /** Everything volatile at `name` is lost, a write in flight included; it starts again at once. */
  restart(name: string, options: RaftOptions = {}): void {
    const member = this.member(name);
    this.checker.stopped(member.id);
    member.pendingWrite = null;
    member.pendingApply = [];
    member.node = this.construct(member.id, member.log, member.appliedIndex, options);
    this.checker.started(member.node.view, member.log);
  }

  /** Drops the log of `name` up to what it applied. */
  compact(name: string, trailing: number = 0): void {
    const member = this.member(name);
    const index = member.appliedIndex;
    const term = must(member.log.termAt(index), `no term at ${index}`);
    if (!sameConfiguration(member.node.configurationAt(index), member.appliedConfiguration)) {
      throw new Error(`${name} names the wrong configuration at ${index}`);
    }
    member.log.compact({ index, term, configuration: member.appliedConfiguration }, trailing);
    this.checker.stepped(member.id, { type: 'other' });
  }

  /** Carries the state of leader `from` to `to`, as the host does beside consensus. */
  sendSnapshot(from: string, to: string): void {
    const sender = this.member(from);
    const index = sender.appliedIndex;
    const term = must(sender.node.view.termAt(index), `no term at ${index}`);
    const meta = { index, term, configuration: sender.appliedConfiguration };
    const receiver = this.member(to);
    receiver.applied = [...sender.applied];
    this.step({ type: 'snapshot', from: sender.id, to: receiver.id, term: sender.term, meta });
    sender.node.snapshotSent(receiver.id);
    this.checker.stepped(sender.id, { type: 'other' });
    if (!this.manual) this.pump();
  }

  private send(message: Message): void {
    this.sent.push(message);
    if (this.cuts.has(`${message.from}>${message.to}`) || !this.filter(message)) return;
    this.wire.push(message);
  }

  private apply(member: Member, entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.checker.applied(member.id, entry);
      member.applied.push(entry);
      member.appliedIndex = entry.index;
      if (entry.kind === 'configuration') member.appliedConfiguration = decodeConfiguration(entry.data);
    }
    if (entries.length > 0) {
      member.node.applied(member.appliedIndex);
      this.checker.stepped(member.id, { type: 'other' });
    }
  }

  private construct(nodeId: NodeId, log: MemoryLog, applied: LogIndex, options: RaftOptions = {}): RaftNode {
    const config = { ...RAFT_DEFAULTS, ...this.settings, id: nodeId, random: this.random.split(), applied };
    return new RaftNode(config, log, log.hardState, log.configuration, {
      ...this.options.nodeOptions,
      ...options,
    });
  }
}

/** A group of `size` members m1, m2, … led by m1. */
export function ledCluster(size: number, options: ClusterOptions = {}): Cluster {
  const names = Array.from({ length: size }, (_, i) => `m${i + 1}`);
  const cluster = new Cluster(names, options);
  cluster.elect('m1');
  cluster.sent = [];
  return cluster;
}
