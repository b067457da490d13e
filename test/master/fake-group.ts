import { must, nodeId, type ClusterId, type MemberId, type NodeId } from '../../lib/base/index.js';
import { Calls } from '../../lib/replica/calls.js';
import { REPLICA_LIMITS } from '../../lib/replica/index.js';
import type {
  CallHandler,
  CallReply,
  GroupMembers,
  LeadershipView,
  Outcome,
  Replica,
  ReplicaListeners,
  ReplicaStatus,
} from '../../lib/replica/types.js';
import {
  DEFAULT_LIMITS,
  Machine,
  encodeEntry,
  encodeSubBatch,
  proposalFault,
  type StateEvent,
} from '../../lib/state/index.js';
import type { PeerHello } from '../../lib/transport/types.js';
import { VirtualTime } from '../support/virtual-time.js';

interface Proposal {
  readonly from: FakeReplica;
  readonly command: Uint8Array;
  readonly done: (outcome: Outcome) => void;
}

const TICK_MS = 20;
const CLUSTER = 'cluster-1' as ClusterId;

/**
 * Members with real machines and one shared log, in virtual time. Commits at once (in the next turn) while there
 * is a leader; proposals can be held back, so that a leader is lost between a proposal and its commit. What waits
 * is committed by the next leader, as a lane's resending does.
 */
export class FakeGroup {
  readonly time: VirtualTime = new VirtualTime();
  readonly members: FakeReplica[];
  term = 0;
  leader: FakeReplica | null = null;
  /** What members tell of their doors for clients of ZooKeeper. */
  zk: string | null = null;
  /** Who is in the group; null: everybody, with a vote. */
  configured: GroupMembers | null = null;
  /** Proposals wait while this is true. */
  holding = false;
  private index = 0;
  private waiting: Proposal[] = [];
  private scheduled = false;

  constructor(size: number) {
    this.members = Array.from({ length: size }, (_, i) => new FakeReplica(this, `m${i + 1}` as MemberId));
    this.tick();
  }

  member(n: number): FakeReplica {
    return must(this.members[n - 1], `no member ${n}`);
  }

  /** Runs what is due now: a few turns of everybody's loop. */
  settle(): void {
    this.time.advance(0);
  }

  /** Everybody learns that member `n` leads a new term; it is complete at once. */
  elect(n: number): void {
    const leader = this.member(n);
    this.term++;
    this.leader = leader;
    leader.view = { kind: 'elected', term: this.term };
    for (const member of this.alive()) {
      if (member !== leader)
        member.changeView({ kind: 'following', term: this.term, leader: leader.memberId });
    }
    this.flush();
    leader.changeView({ kind: 'leading', term: this.term });
    this.settle();
  }

  /** The leader is lost: nobody leads. */
  lose(): void {
    this.leader = null;
    for (const member of this.alive()) {
      member.changeView({ kind: 'none', term: this.term, since: this.time.monotonicMs() });
    }
  }

  /** Member `n` ends as if by kill -9: nothing of it is heard any more. */
  kill(n: number): void {
    const victim = this.member(n);
    victim.alive = false;
    this.waiting = this.waiting.filter(({ from }) => from !== victim);
    if (this.leader === victim) this.lose();
    for (const member of this.alive()) member.peerLost(victim);
  }

  /** Whoever waits for a held proposal is told that its outcome is unknown; it stays on its way. */
  giveUp(): void {
    const proposals = this.waiting;
    this.waiting = proposals.map(({ from, command }) => ({ from, command, done: () => {} }));
    for (const { done } of proposals) done({ kind: 'unknown', message: 'it takes too long' });
  }

  release(): void {
    this.holding = false;
    this.flush();
  }

  propose(proposal: Proposal): void {
    this.waiting.push(proposal);
    if (this.scheduled) return;
    this.scheduled = true;
    this.time.soon(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  alive(): FakeReplica[] {
    return this.members.filter((member) => member.alive);
  }

  private flush(): void {
    if (this.leader === null || this.holding) return;
    const proposals = this.waiting;
    this.waiting = [];
    for (const { from, command, done } of proposals) {
      const data = encodeEntry(this.time.wallMs(), [from.subBatch(command)]);
      this.index++;
      for (const member of this.alive())
        member.apply(this.index, this.term, data, member === from ? done : null);
    }
  }

  private tick(): void {
    this.time.after(TICK_MS, () => {
      this.tick();
      for (const member of this.alive()) member.tick();
    });
  }
}

export class FakeReplica implements Replica {
  readonly memberId: MemberId;
  readonly node: NodeId;
  readonly machine: Machine = new Machine(DEFAULT_LIMITS);
  readonly laneLoad = 0;
  alive = true;
  /** Applies without telling its listeners, as when a snapshot brings the changes. */
  deaf = false;
  view: LeadershipView = { kind: 'none', term: 0, since: 0 };
  /** What `verifyLeadership` finds. */
  quorum = true;
  verifications = 0;
  memoryBudgetBytes: number = 1 << 30;
  /** Commands proposed here, oldest first. */
  readonly proposed: Uint8Array[] = [];
  private readonly group: FakeGroup;
  private readonly listeners = new Set<ReplicaListeners>();
  private readonly calls: Calls;
  private lane = 0;
  /** Committed entries that are not applied yet; null: it keeps up. */
  private behind: (() => void)[] | null = null;

  constructor(group: FakeGroup, memberId: MemberId) {
    this.group = group;
    this.memberId = memberId;
    this.node = nodeId(memberId, '0000000000000001');
    this.calls = new Calls({
      limits: REPLICA_LIMITS,
      memberId,
      firstId: 0,
      nowMs: () => group.time.monotonicMs(),
      soon: (callback) => group.time.soon(callback),
      view: () => this.view,
      send: (to, kind, body) => this.send(to, kind, body),
      waitRevision: (revision, done) => this.waitRevision(revision, done),
      trouble: () => 'no leader in this test',
    });
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  leadership(): LeadershipView {
    return this.view;
  }

  status(): ReplicaStatus {
    const members = this.group.members.map(({ memberId, alive, hello }) => {
      return { id: memberId, hello, voter: true, connected: alive };
    });
    return {
      role: this.view.kind === 'leading' ? 'leader' : 'follower',
      term: this.view.term,
      leader: this.group.leader?.memberId ?? null,
      lastIndex: 0,
      commitIndex: 0,
      appliedIndex: 0,
      revision: this.machine.revision,
      clusterId: CLUSTER,
      self: this.hello,
      voter: true,
      members,
      synced: [],
      group: this.group.configured ?? { voters: members.map(({ id }) => id), learners: [], changing: false },
      trouble: null,
      interruptions: { loopGaps: 0, longestLoopGapMs: 0, doubts: 0, diskHandOvers: 0, quorumLosses: 0 },
      lease: { leaseMs: 0, held: false, reads: 0 },
    };
  }

  get hello(): PeerHello {
    return {
      memberId: this.memberId,
      nodeId: this.node,
      boot: 1,
      clusterId: CLUSTER,
      release: '0.1.0',
      pid: 1,
      doors: { http: '127.0.0.1:5050', grpc: '127.0.0.1:5060', zk: this.group.zk, peer: '127.0.0.1:5070' },
      memoryBudgetBytes: this.memoryBudgetBytes,
      generation: 0,
      unbound: false,
      start: '00000000',
      acknowledged: { term: 0, index: 0, node: null },
      holds: { term: 0, index: 0, damaged: false },
    };
  }

  listen(listeners: ReplicaListeners): () => void {
    this.listeners.add(listeners);
    return () => this.listeners.delete(listeners);
  }

  propose(command: Uint8Array, done: (outcome: Outcome) => void): void {
    if (!this.alive) return;
    const nodes = (): NodeId[] => this.group.members.map(({ node }) => node);
    const fault = proposalFault(this.machine.cluster, nodes, command);
    if (fault !== null) return this.group.time.soon(() => done({ kind: 'refused', ...fault }));
    this.proposed.push(command);
    this.group.propose({ from: this, command, done });
  }

  read(done: (refusal: { code: 'NO_LEADER'; message: string } | null) => void): void {
    this.group.time.soon(() => {
      done(this.group.leader === null ? { code: 'NO_LEADER', message: 'no leader' } : null);
    });
  }

  waitRevision(revision: number, done: (reached: boolean) => void): void {
    if (this.machine.revision >= revision) this.group.time.soon(() => done(true));
    else this.group.time.after(1, () => this.waitRevision(revision, done));
  }

  callLeader(method: number, body: Uint8Array, done: (reply: CallReply) => void): void {
    this.calls.call(method, body, done);
  }

  handleCalls(method: number, handler: CallHandler): void {
    this.calls.handle(method, handler);
  }

  push(member: MemberId, topic: number, body: Uint8Array): void {
    this.group.time.soon(() => {
      const target = this.group.alive().find((one) => one.memberId === member);
      target?.each((one) => one.push?.(this.memberId, topic, body));
    });
  }

  reportLiveness(body: Uint8Array): number {
    const sentAtMs = this.group.time.monotonicMs();
    this.group.time.soon(() => {
      const { leader } = this.group;
      if (!this.alive || leader === null) return;
      leader.each((one) => one.liveness?.(this.memberId, body));
      if (leader.quorum) this.each((one) => one.livenessAcknowledged?.(sentAtMs));
    });
    return sentAtMs;
  }

  verifyLeadership(done: (confirmed: boolean) => void): void {
    this.verifications++;
    this.group.time.soon(() => done(this.quorum && this.view.kind === 'leading'));
  }

  changeMembers(): void {
    throw new Error('not faked');
  }

  transferLeadership(): void {
    throw new Error('not faked');
  }

  // ------------------------------------------------------------------------------------- driven by the group

  changeView(view: LeadershipView): void {
    this.view = view;
    this.each((one) => one.leadership?.(view));
    this.calls.leadershipChanged();
  }

  /** A stream between this member and `peer` broke. */
  peerLost(peer: FakeReplica): void {
    this.calls.streamLost(peer.memberId);
    this.each((one) => one.peerDown?.(peer.memberId));
  }

  peerFound(peer: FakeReplica): void {
    this.each((one) => one.peerUp?.(peer.hello));
  }

  subBatch(command: Uint8Array): Uint8Array {
    return encodeSubBatch(this.node, 1, ++this.lane, [command]);
  }

  /** Falls behind: what is committed from now on is applied by `catchUp`. */
  lag(): void {
    this.behind = [];
  }

  catchUp(): void {
    const entries = this.behind ?? [];
    this.behind = null;
    for (const apply of entries) apply();
  }

  /** In the order of the real driver: first who waits for the outcome, then who listens to events. */
  apply(index: number, term: number, data: Uint8Array, done: ((outcome: Outcome) => void) | null): void {
    if (this.behind !== null) return void this.behind.push(() => this.apply(index, term, data, done));
    const { batches, events } = this.machine.apply(index, term, data);
    const result = must(batches[0]?.results[0], 'the batch was skipped');
    done?.({ kind: 'applied', result, term });
    if (events.length > 0 && !this.deaf) this.each((one) => one.applied?.(events, this.machine.revision));
  }

  /** Events as they are told for an entry of several commands, whose last ones have changed the machine further. */
  tell(events: readonly StateEvent[]): void {
    this.each((one) => one.applied?.(events, this.machine.revision));
  }

  /** The machine was replaced by one that holds the same. */
  reset(): void {
    this.each((one) => one.reset?.(this.machine));
  }

  /** The driver's own cut of the state is durable. */
  cut(index: number, digest: string): void {
    this.each((one) => one.cut?.(index, digest, this.machine.revision));
  }

  tick(): void {
    this.calls.expire();
    this.calls.retry();
  }

  private send(to: MemberId, kind: 'call' | 'callReply', body: Uint8Array): boolean {
    const target = this.group.alive().find((one) => one.memberId === to);
    if (target === undefined || !this.alive) return false;
    this.group.time.soon(() => {
      if (!target.alive) return;
      if (kind === 'call') target.calls.arrived(this.memberId, body);
      else target.calls.answered(this.memberId, body);
    });
    return true;
  }

  private each(call: (listeners: ReplicaListeners) => void): void {
    if (this.alive) for (const listeners of this.listeners) call(listeners);
  }
}
