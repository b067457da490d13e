import { must, type MemberId, type NodeId } from '../base/index.js';
import type { Configuration, ProposeResult, RaftNode } from '../raft/index.js';
import type { Machine, Refusal, StateEvent } from '../state/index.js';
import { CommandLevels } from './command-levels.js';
import type { CutMeta, RaftLog } from '../storage/types.js';
import type { Frame, PeerDown, PeerHello, SnapshotStart, Transport } from '../transport/types.js';
import { decodeMessages } from '../wire/raft-codec.js';
import { Boots } from './boots.js';
import { Condition } from './condition.js';
import { makeConsensus } from './consensus.js';
import { LaneTraffic } from './lane-traffic.js';
import type { Lane } from './lane.js';
import { LeaderStream } from './leader-stream.js';
import { LeadershipTracker } from './leadership.js';
import { Lease } from './lease.js';
import { LoopGaps } from './loop-gaps.js';
import { Outgoing } from './outgoing.js';
import { PeerKnowledge } from './peer-knowledge.js';
import { Persister } from './persist.js';
import type { ReplicaOptions } from './ports.js';
import { Reads } from './reads.js';
import type { Roster } from './roster.js';
import type { SnapshotIntake } from './snapshot-receiver.js';
import { Standing } from './standing.js';
import { StateInForce } from './state-in-force.js';
import { Turn } from './turn.js';
import type { Interruptions, LeadershipView, LeaseStatus } from './types.js';

/** What the running member tells its owner. */
export interface RunningHooks {
  readonly event: (event: StateEvent) => void;
  readonly events: (events: readonly StateEvent[], revision: number) => void;
  readonly view: (view: LeadershipView) => void;
  readonly reset: (machine: Machine) => void;
  /** Entries were applied; waiters for revisions may go. */
  readonly applied: (revision: number) => void;
  /** A cut is durable. */
  readonly cut: (meta: CutMeta) => void;
  /** This folder has forgotten votes: another instance has to take its place. */
  readonly forgot: (message: string) => void;
  /** An entry broke in the middle. */
  readonly halted: () => void;
  /** The member cannot go on. */
  readonly fatal: (error: unknown) => void;
}

/** A member of a formed group: the parts of it, wired together, and what others ask of them. */
export class RunningMember {
  private readonly options: ReplicaOptions;
  private readonly transport: Transport;
  private readonly roster: Roster;
  private readonly hooks: RunningHooks;
  private readonly log: RaftLog;
  private readonly raft: RaftNode;
  private readonly gaps: LoopGaps;
  private readonly levels: CommandLevels = new CommandLevels({
    cluster: () => this.machine.cluster,
    nodes: () => this.whoApplies(),
  });
  private readonly lease: Lease;
  private readonly standing: Standing;
  private readonly tracker: LeadershipTracker;
  private readonly leaderStream: LeaderStream;
  private readonly traffic: LaneTraffic;
  private readonly state: StateInForce;
  private readonly condition: Condition;
  private readonly turn: Turn;
  readonly reads: Reads;
  readonly boots: Boots;
  readonly peers: PeerKnowledge;

  constructor(options: ReplicaOptions, transport: Transport, roster: Roster, hooks: RunningHooks) {
    const { disk, limits, clock, timers, logger } = options;
    const log = must(disk.log, 'a running member needs a formed folder');
    this.options = options;
    this.transport = transport;
    this.roster = roster;
    this.hooks = hooks;
    this.log = log;
    const nowMs = () => clock.monotonicMs();
    const view = () => this.view;
    this.boots = new Boots(log, hooks.fatal);
    this.raft = makeConsensus(options, log);
    const { raft, boots, node } = this;
    this.gaps = new LoopGaps(nowMs, (limits.tickMs * limits.electionTicks) / 2, (gapMs) =>
      this.paused(gapMs),
    );
    this.lease = new Lease(raft, nowMs);
    this.standing = this.makeStanding(nowMs);
    const persister = new Persister({
      log,
      done: (installed) => this.turn.persisted(installed),
      fatal: hooks.fatal,
    });
    const { gaps, standing } = this;
    this.peers = new PeerKnowledge({ node, log, raft, roster, boots, standing, persister });
    this.tracker = new LeadershipTracker(nowMs, (now, before) => this.viewChanged(now, before));
    this.leaderStream = new LeaderStream({ raft, transport, logger, view });
    this.traffic = this.makeTraffic(nowMs);
    this.reads = this.makeReads(nowMs);
    this.state = this.makeState();
    const { peers, tracker, traffic, reads, state } = this;
    const configuration = () => this.configuration;
    this.condition = new Condition({ node, roster, standing, state, configuration, view, nowMs });
    const outgoing = new Outgoing(transport);
    this.turn = new Turn({
      timers,
      raft,
      gaps,
      tracker,
      outgoing,
      peers,
      persister,
      state,
      traffic,
      reads,
      standing,
      levels: this.levels,
      applied: hooks.applied,
    });
  }

  get machine(): Machine {
    return this.state.machine;
  }

  get lane(): Lane {
    return this.traffic.lane;
  }

  get view(): LeadershipView {
    return this.tracker.view;
  }

  get node(): NodeId {
    return this.options.disk.identity.nodeId;
  }

  /** Where the log ends, and whether it was damaged and is not whole again. */
  get holds(): { readonly term: number; readonly index: number; readonly damaged: boolean } {
    const index = this.log.lastIndex();
    return { term: this.log.termAt(index) ?? 0, index, damaged: this.isRecovering };
  }

  /** Nobody is known to lead, and that is not for want of this member's own state. */
  get leaderless(): boolean {
    return this.view.kind === 'none' && this.configuration.voters.length > 0;
  }

  get isRecovering(): boolean {
    return this.standing.recovering;
  }

  get raftStatus(): ReturnType<RaftNode['status']> {
    return this.raft.status();
  }

  get interruptions(): Interruptions {
    const { count: loopGaps, longestMs: longestLoopGapMs } = this.gaps;
    return { loopGaps, longestLoopGapMs, ...this.raft.status().counters };
  }

  /** The configuration in force; the same object until it changes. */
  get configuration(): Configuration {
    return this.raft.view.configuration;
  }

  /** The configuration in force, and whether the group may never lose it again. */
  get membership(): { readonly configuration: Configuration; readonly committed: boolean } {
    const { configuration, configurationIndex, commit } = this.raft.view;
    return { configuration, committed: configurationIndex <= commit };
  }

  get leaseStatus(): LeaseStatus {
    const { leaseMs, held } = this.lease;
    return { leaseMs, held, reads: this.reads.underLease };
  }

  get appliedIndex(): number {
    return this.state.appliedIndex;
  }

  get serving(): boolean {
    return this.condition.serving;
  }

  /** The state of things, for people: why nothing is served, in numbers. */
  trouble(): string {
    return this.condition.trouble();
  }

  /** Loads the state; consensus already takes part meanwhile, but does not campaign. */
  start(founded: boolean): void {
    this.settleRights();
    if (founded) this.standing.founded();
    else this.standing.judge();
    this.state.load();
  }

  stop(): void {
    this.halt();
    this.lane.close();
    this.reads.close();
  }

  /** Nothing runs and nothing is answered any more. */
  halt(): void {
    this.turn.stop();
    this.state.stop();
  }

  /** Runs a turn soon, after the events of this poll phase. */
  schedule(): void {
    this.turn.schedule();
  }

  tick(): void {
    this.gaps.look();
    this.traffic.tick();
    this.reads.tick();
    if (!this.standing.open) return;
    this.lease.ticked();
    this.raft.tick();
    this.standing.tick();
    this.state.tick();
    this.schedule();
  }

  peerUp(hello: PeerHello, formerBoot: number | null): void {
    this.peers.meet(hello);
    this.leaderStream.up(hello, formerBoot);
    // What was on its way is lost.
    this.traffic.peerUp(hello.nodeId);
    this.raft.unreachable(hello.nodeId);
    this.schedule();
  }

  peerDown(member: MemberId, down: PeerDown): void {
    if (this.leaderStream.down(member, down)) this.schedule();
  }

  frame(from: PeerHello, frame: Frame): void {
    this.gaps.look();
    this.peers.meet(from);
    if (frame.kind === 'raft') this.standing.addressed();
    if (!this.standing.open) return;
    if (frame.kind === 'raft') {
      this.peers.isBound(from, true);
      this.leaderStream.heard(from);
      // Null: meant for a folder that this member no longer has.
      for (const message of decodeMessages(frame.body, from.nodeId, this.node) ?? []) this.raft.step(message);
    } else if (frame.kind === 'lane') this.traffic.arrived(from.nodeId, frame.body);
    else if (frame.kind === 'laneReply') this.traffic.replied(frame.body);
    this.schedule();
  }

  proposeConfiguration(next: Configuration): ProposeResult {
    const result = this.raft.proposeConfiguration(next);
    this.schedule();
    return result;
  }

  /** Why not every member could apply the command; asked where it is proposed. */
  proposalFault(command: Uint8Array): Refusal | null {
    const fault = this.levels.fault(command);
    // Who knows what is in the state: after a start it has yet to be loaded, and to catch up.
    if (fault === null || this.serving) return fault;
    return { code: 'NO_LEADER', message: this.trouble() };
  }

  snapshotOffered(start: SnapshotStart): ReturnType<SnapshotIntake['offered']> {
    return this.standing.open ? this.state.offered(start) : Promise.resolve(null);
  }

  quorumHeardWithin(ms: number): boolean {
    this.gaps.look();
    return this.raft.quorumActiveWithin(Math.ceil(ms / this.options.limits.tickMs));
  }

  transfer(to: NodeId): boolean {
    const started = this.raft.transferLeadership(to) === 'started';
    this.schedule();
    return started;
  }

  /** A pause this long may have cost the leadership without anybody here noticing. */
  private paused(gapMs: number): void {
    this.options.logger.warn({ gapMs: Math.round(gapMs) }, 'this process stood still');
    this.raft.stalled();
  }

  private viewChanged(view: LeadershipView, before: LeadershipView): void {
    this.options.logger.info({ view }, 'leadership');
    if (view.kind !== 'elected') this.reads.leaderChanged();
    this.traffic.viewChanged(view, before);
    this.hooks.view(view);
    this.schedule();
  }

  /** Whose knowledge counts. A learner that has told nothing yet is left out: if it is too old, it will stop. */
  private whoApplies(): NodeId[] {
    const { voters, outgoing, learners } = this.raft.status().configuration;
    const { cluster } = this.machine;
    return [...voters, ...outgoing, ...learners.filter((node) => cluster.member(node) !== null)];
  }

  /** Whether this member may vote, and whether it could lead. */
  private settleRights(): void {
    const { open, recovering } = this.standing;
    const { whole } = this.state;
    this.raft.setVoting(!recovering);
    this.raft.setCampaignAllowed(open && !recovering && whole);
  }

  private rightsChanged(): void {
    this.settleRights();
    this.schedule();
  }

  private loaded(): void {
    this.settleRights();
    this.turn.applied();
    this.schedule();
  }

  // ------------------------------------------------------------------------------------------------ the parts

  private makeStanding(nowMs: () => number): Standing {
    const { limits, logger } = this.options;
    const host = {
      node: this.node,
      log: this.log,
      logger,
      retryMs: limits.readRetryMs,
      nowMs,
      askIndex: () => {
        const context = this.reads.nextContext();
        this.raft.readIndex(context);
        return context;
      },
      commit: () => this.raft.status().commit,
      changed: () => this.rightsChanged(),
      forgot: this.hooks.forgot,
      fatal: this.hooks.fatal,
    };
    return new Standing(host, this.log.configuration);
  }

  private makeTraffic(nowMs: () => number): LaneTraffic {
    const { disk, limits, clock } = this.options;
    return new LaneTraffic({
      node: this.node,
      boot: disk.identity.boot,
      limits,
      raft: this.raft,
      transport: this.transport,
      answering: (member) => this.roster.answering(member),
      machine: () => this.machine,
      loaded: () => this.state.everLoaded,
      view: () => this.view,
      nowMs,
      stampMs: () => Math.floor(clock.wallMs()),
      trouble: () => this.trouble(),
      pushBack: () => (this.state.behind ? 'OVERLOADED' : null),
      schedule: () => this.schedule(),
    });
  }

  private makeReads(nowMs: () => number): Reads {
    const { disk, limits } = this.options;
    return new Reads({
      limits,
      boot: disk.identity.boot,
      nowMs,
      trouble: () => this.trouble(),
      request: (context) => this.raft.readIndex(context),
      leasedIndex: () => (this.lease.held ? this.raft.view.commit : null),
      appliedIndex: () => this.state.readableIndex,
    });
  }

  private makeState(): StateInForce {
    const { options, transport, roster, raft, log, lane, hooks } = this;
    return new StateInForce({
      options,
      transport,
      roster,
      raft,
      log,
      lane,
      stopped: () => this.turn.stopped,
      event: hooks.event,
      events: hooks.events,
      cut: hooks.cut,
      reset: hooks.reset,
      restored: () => this.turn.renewTerm(),
      loaded: () => this.loaded(),
      rightsChanged: () => this.rightsChanged(),
      schedule: () => this.schedule(),
      halt: () => {
        this.halt();
        hooks.halted();
      },
      fatal: hooks.fatal,
    });
  }
}
