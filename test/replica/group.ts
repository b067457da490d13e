import assert from 'node:assert/strict';
import { SeededRandom, TepuiError, type MemberId } from '../../lib/base/index.js';
import {
  REPLICA_LIMITS,
  type ChangeReply,
  type MemberChange,
  type MemberChangeAnswer,
  type ReplicaLimits,
} from '../../lib/replica/index.js';
import { COMMAND_LEVEL, encodeCommand, type Command } from '../../lib/state/index.js';
import { MemoryDisk, type DiskAction } from '../../lib/storage/index.js';
import { MemoryNetwork } from '../../lib/transport/index.js';
import { VirtualTime } from '../support/virtual-time.js';
import { TestProcess, type Proposal } from './process.js';

export interface GroupOptions {
  readonly size?: number;
  readonly seed?: number;
  readonly limits?: Partial<ReplicaLimits>;
  /** Batches of each database that disks remember, for damage. */
  readonly keepBatches?: number;
}

/** A whole group in one process: virtual time, disks and network in memory, one seed. */
export class Group {
  readonly time: VirtualTime = new VirtualTime();
  readonly network: MemoryNetwork = new MemoryNetwork(this.time);
  readonly random: SeededRandom;
  /** Founders, and who joined later. */
  readonly ids: MemberId[];
  readonly processes: Map<MemberId, TestProcess> = new Map();
  readonly disks: Map<MemberId, MemoryDisk> = new Map();
  /** Processes that ended by themselves, and why. */
  readonly ends: { readonly id: MemberId; readonly error: unknown }[] = [];
  readonly proposals: Proposal[] = [];
  /** Milliseconds that a write to each member's disk takes; null: it hangs. */
  readonly diskMs: Map<MemberId, number | null> = new Map();
  /** Digest of the state at each index where somebody wrote a cut. */
  readonly digests: Map<number, string> = new Map();
  limits: ReplicaLimits;
  release = '0.1.0';
  /** What processes started from now on are configured with. */
  leaseMs: number | null = null;
  /** Time that each slice of a load takes, of processes started from now on. */
  loadMs = 0;
  private hung: { readonly id: MemberId; readonly go: () => void }[] = [];
  /** Where the founders are, as every founder is configured. */
  private readonly addresses: Map<MemberId, string>;
  /** How members that joined later found the group. */
  private readonly invitations = new Map<MemberId, { token: string; contacts: string[] }>();
  /** Members that are no longer where they were. */
  private readonly moved = new Map<MemberId, string>();
  private readonly keepBatches: number;
  /** Copies of the state are made to differ on purpose. */
  mayDiffer = false;
  private names = 0;

  constructor({ size = 3, seed = 1, limits = {}, keepBatches = 0 }: GroupOptions = {}) {
    this.keepBatches = keepBatches;
    this.random = new SeededRandom(seed);
    this.ids = Array.from({ length: size }, (_, i) => `m${i + 1}` as MemberId);
    this.addresses = new Map(this.ids.map((id) => [id, `${id}:1`]));
    this.limits = { ...REPLICA_LIMITS, ...limits };
    for (const id of this.ids) {
      this.diskMs.set(id, 1);
      this.disks.set(id, this.newDisk(id));
    }
  }

  /** A formed group that serves. */
  static async serving(options: GroupOptions = {}): Promise<Group> {
    const group = new Group(options);
    await group.startAll();
    await group.untilServing();
    return group;
  }

  async startAll(): Promise<void> {
    for (const id of this.ids) if (!this.processes.get(id)?.alive) await this.start(id);
  }

  async start(id: MemberId): Promise<TestProcess> {
    this.resumeDisk(id);
    const process = await TestProcess.start(id, this.disks.get(id)!, {
      time: this.time,
      network: this.network,
      random: this.random.split(),
      limits: this.limits,
      leaseMs: this.leaseMs,
      peers: this.invitations.has(id) ? new Map() : this.addresses,
      address: this.moved.get(id) ?? `${id}:1`,
      invitation: this.invitations.get(id) ?? null,
      release: this.release,
      loadMs: this.loadMs,
      cut: (member, index, digest) => this.cutSeen(member, index, digest),
      ended: (ended, error) => this.ends.push({ id: ended.id, error }),
    });
    this.processes.set(id, process);
    return process;
  }

  /** Starts a new member with a token. */
  async join(id: MemberId, token: string, contact: MemberId): Promise<TestProcess> {
    this.invitations.set(id, { token, contacts: [`${contact}:1`] });
    if (!this.ids.includes(id)) this.ids.push(id);
    if (!this.diskMs.has(id)) this.diskMs.set(id, 1);
    if (!this.disks.has(id)) this.disks.set(id, this.newDisk(id));
    return this.start(id);
  }

  /** The next process of `id` is found at another address. */
  move(id: MemberId, address: string): void {
    this.moved.set(id, address);
  }

  /** Asks `at` for a change of members, and waits for the answer; throws a refusal. */
  async change(at: MemberId, change: MemberChange): Promise<MemberChangeAnswer> {
    await this.announceAll();
    return this.changeAtOnce(at, change);
  }

  async changeAtOnce(at: MemberId, change: MemberChange): Promise<MemberChangeAnswer> {
    let reply: ChangeReply | null = null;
    this.at(at).member.changeMembers(change, (one) => (reply = one));
    await this.until(`an answer to ${change.kind}`, () => reply !== null);
    const answered = reply as ChangeReply | null;
    if (answered?.ok === true) return answered.answer;
    throw new TepuiError(answered!.code, answered!.message);
  }

  /** Has everybody who lives tell what it is, as masters do: what is newer than the first release waits for that. */
  async announceAll(): Promise<void> {
    const { leader } = this;
    if (leader === null) return;
    for (const process of this.alive) {
      const { nodeId } = process.disk.identity;
      if (leader.configuration.voters.includes(nodeId)) this.announce(process.id);
    }
    const known = (): boolean => this.alive.every((one) => this.isKnown(one));
    await this.until('everybody is on record', known, 20_000);
  }

  announce(id: MemberId | string, peer: string = `${id}:1`): void {
    const { nodeId } = this.at(id).disk.identity;
    const doors = { http: '', grpc: '', peer, zookeeper: '' };
    const info = { node: nodeId, member: id as MemberId, doors, release: this.release };
    const told = { ...info, commandLevel: COMMAND_LEVEL, memoryBudgetBytes: 1 << 30 };
    this.command(id, { kind: 'member-info', ...told }, { outcome: null });
  }

  private isKnown({ disk }: TestProcess): boolean {
    const leader = this.leader;
    if (leader === null) return false;
    const { nodeId } = disk.identity;
    return (
      !leader.configuration.voters.includes(nodeId) || leader.member.machine.cluster.member(nodeId) !== null
    );
  }

  /** A token for a new member, from `at`. */
  async token(at: MemberId, only: { member?: MemberId; replaces?: MemberId } = {}): Promise<string> {
    const { member = null, replaces = null } = only;
    return (await this.change(at, { kind: 'add', member, replaces })).token!;
  }

  /** The present process of a member. */
  at(id: MemberId | string): TestProcess {
    const process = this.processes.get(id as MemberId);
    assert(process !== undefined, `${id} was never started`);
    return process;
  }

  get alive(): TestProcess[] {
    return [...this.processes.values()].filter((process) => process.alive);
  }

  /** The complete leader of the highest term. */
  get leader(): TestProcess | null {
    const leaders = this.alive.filter((process) => process.leads);
    return leaders.sort((a, b) => b.member.leadership().term - a.member.leadership().term)[0] ?? null;
  }

  get followers(): TestProcess[] {
    const { leader } = this;
    return this.alive.filter((process) => process !== leader);
  }

  async untilLeader(limitMs?: number): Promise<TestProcess> {
    await this.until('a leader', () => this.leader !== null, limitMs);
    return this.leader!;
  }

  /** Everybody who lives knows the leader and serves. */
  async untilServing(): Promise<TestProcess> {
    await this.until(
      'everybody serves',
      () => this.leader !== null && this.alive.every((one) => one.member.status().trouble === null),
      60_000,
    );
    return this.leader!;
  }

  /** Everybody who lives has applied everything there is. */
  async untilLevel(): Promise<void> {
    await this.until('everybody has applied everything', () => {
      const statuses = this.alive.map((one) => one.member.status());
      const last = Math.max(...statuses.map(({ lastIndex }) => lastIndex));
      return statuses.every(({ appliedIndex }) => appliedIndex === last);
    });
  }

  async until(what: string, reached: () => boolean, limitMs?: number): Promise<void> {
    try {
      await this.time.until(what, reached, limitMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.describe()}`, { cause: error });
    }
  }

  /** Lets `ms` of virtual time go by. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.time.monotonicMs() + ms;
    this.time.after(ms, () => {});
    await this.until('time passes', () => this.time.monotonicMs() >= untilMs, ms + 1);
  }

  /** Proposes to create a node that nobody else creates. */
  propose(id: MemberId | string, path: string = `/${++this.names}`, data: string = ''): Proposal {
    const proposal: Proposal = { path, at: id as MemberId, life: this.at(id), outcome: null };
    this.proposals.push(proposal);
    this.command(id, { kind: 'tree-create', path, data: Buffer.from(data) }, proposal);
    return proposal;
  }

  command(id: MemberId | string, command: Command, proposal: Pick<Proposal, 'outcome'>): void {
    const { alive, member } = this.at(id);
    if (!alive) return;
    member.propose(encodeCommand(command), (outcome) => {
      if (proposal.outcome !== null) throw new Error(`${proposal.outcome.kind}, and then ${outcome.kind}`);
      proposal.outcome = outcome;
    });
  }

  /** Proposes, and waits for the end. */
  async create(id: MemberId | string, path?: string, data?: string): Promise<Proposal> {
    const proposal = this.propose(id, path, data);
    await this.until(`an end of ${proposal.path} at ${id}`, () => proposal.outcome !== null);
    return proposal;
  }

  /** Whether a linearizable read at `id` sees `path`; throws the code of a refusal. */
  async sees(id: MemberId | string, path: string): Promise<boolean> {
    const read = this.read(id, path);
    await this.until(`a read at ${id}`, () => read.end !== null);
    if (read.end === 'seen' || read.end === 'absent') return read.end === 'seen';
    throw new Error(`read refused: ${read.end}`);
  }

  /** Begins a linearizable read. */
  read(id: MemberId | string, path: string): { end: string | null } {
    const read: { end: string | null } = { end: null };
    const { member } = this.at(id);
    member.read((refusal) => {
      assert(read.end === null, 'a second end of a read');
      const seen = member.machine.tree.exists(path) !== null;
      read.end = refusal?.code ?? (seen ? 'seen' : 'absent');
    });
    return read;
  }

  has(id: MemberId | string, path: string): boolean {
    return this.at(id).member.machine.tree.exists(path) !== null;
  }

  async restart(id: MemberId | string, lands?: (action: DiskAction) => boolean): Promise<TestProcess> {
    this.at(id).crash(lands);
    return this.start(id as MemberId);
  }

  /** The folder is gone: the next start makes a new one. */
  wipe(id: MemberId | string): void {
    this.disks.set(id as MemberId, this.newDisk(id as MemberId));
  }

  /** What a member's disk holds, as it could be copied aside and put back. */
  image(id: MemberId | string): MemoryDisk {
    return this.disks.get(id as MemberId)!.image();
  }

  putBack(id: MemberId | string, image: MemoryDisk): void {
    this.disks.set(id as MemberId, image);
  }

  /** As `putBack`, for an image from another group: its disk follows this group's time. */
  adopt(id: MemberId | string, image: MemoryDisk): void {
    const disk = this.newDisk(id as MemberId);
    for (const [name, contents] of image.databases) disk.databases.set(name, contents.copy());
    for (const [name, bytes] of image.files) disk.files.set(name, bytes.slice());
    this.disks.set(id as MemberId, disk);
  }

  cut(from: MemberId | string, to: MemberId | string): void {
    this.network.cut(`${from}:1`, `${to}:1`);
  }

  heal(from: MemberId | string, to: MemberId | string): void {
    this.network.heal(`${from}:1`, `${to}:1`);
  }

  isolate(id: MemberId | string): void {
    for (const other of this.ids) {
      this.cut(id, other);
      this.cut(other, id);
    }
  }

  rejoin(id: MemberId | string): void {
    for (const other of this.ids) {
      this.heal(id, other);
      this.heal(other, id);
    }
  }

  healAll(): void {
    for (const id of this.ids) this.rejoin(id);
  }

  /** The disk of `id` answers no write until `resumeDisk`. */
  hangDisk(id: MemberId | string): void {
    this.diskMs.set(id as MemberId, null);
  }

  resumeDisk(id: MemberId | string): void {
    this.diskMs.set(id as MemberId, 1);
    const going = this.hung.filter((one) => one.id === id);
    this.hung = this.hung.filter((one) => one.id !== id);
    for (const { go } of going) go();
  }

  /** What must hold at the end: all alike, what was applied is there once, what was refused is nowhere. */
  check(): void {
    const machines = this.alive.map((one) => one.member.machine);
    for (const { path, outcome } of this.proposals) {
      for (const machine of machines) {
        const exists = machine.tree.exists(path) !== null;
        if (outcome?.kind === 'applied' && outcome.result.ok)
          assert(exists, `${path} was applied and is lost`);
        if (outcome?.kind === 'refused') assert(!exists, `${path} was refused and is there: ${outcome.code}`);
      }
    }
    const revisions = new Set(machines.map((machine) => machine.revision));
    assert.equal(revisions.size, 1, `revisions differ: ${[...revisions].join(', ')}`);
    const nodes = new Set(machines.map((machine) => machine.tree.size));
    assert.equal(nodes.size, 1, `trees differ in size: ${[...nodes].join(', ')}`);
  }

  describe(): string {
    const lines = [...this.processes.values()].map((process) => {
      if (!process.alive) return `${process.id}: gone`;
      const { self, members, ...status } = process.member.status();
      return `${process.id}: boot ${self.boot} ${JSON.stringify(status)} ${members.length} members`;
    });
    const ends = this.ends.map(({ id, error }) => `${id} ended: ${String((error as Error)?.stack ?? error)}`);
    return [...lines, ...ends].join('\n');
  }

  private newDisk(id: MemberId): MemoryDisk {
    return new MemoryDisk({ schedule: () => this.diskDelay(id), keepBatches: this.keepBatches });
  }

  private diskDelay(id: MemberId): Promise<void> {
    const ms = this.diskMs.get(id) ?? null;
    return new Promise((go) => {
      if (ms === null) this.hung.push({ id, go });
      else this.time.after(ms, go);
    });
  }

  private cutSeen(member: MemberId, index: number, digest: string): void {
    const known = this.digests.get(index);
    assert(
      this.mayDiffer || known === undefined || known === digest,
      `${member} differs at ${index}: ${digest}, not ${known}`,
    );
    this.digests.set(index, digest);
  }
}
