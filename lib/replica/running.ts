import { must, type MemberId, type NodeId } from '../base/index.js';
import { RaftNode, type Configuration, type ProposeResult, type Ready } from '../raft/index.js';
import { Machine, proposalFault, type Refusal, type StateEvent } from '../state/index.js';
import type { CutMeta, InstalledState, RaftLog } from '../storage/types.js';
import type { Frame, PeerDown, PeerHello, SnapshotStart, Transport } from '../transport/types.js';
import { decodeMessages } from '../wire/raft-codec.js';
import { Applier } from './applier.js';
import { Boots } from './boots.js';
import { Compaction } from './compaction.js';
import { makeConsensus } from './consensus.js';
import { Cuts } from './cuts.js';
import { Halting } from './halting.js';
import { LaneTraffic } from './lane-traffic.js';
import type { Lane } from './lane.js';
import { LeadershipTracker } from './leadership.js';
import { Loading } from './loading.js';
import { LeaseClock } from './lease-clock.js';
import { LoopGaps } from './loop-gaps.js';
import { Outgoing } from './outgoing.js';
import { PeerKnowledge } from './peer-knowledge.js';
import { Persister } from './persist.js';
import type { ReplicaOptions } from './ports.js';
import { Reads } from './reads.js';
import type { Roster } from './roster.js';
import type { SnapshotIntake } from './snapshot-receiver.js';
import { Snapshots } from './snapshots.js';
import { Standing } from './standing.js';
import type { Interruptions, LeadershipView, LeaseStatus } from './types.js';

/** What the running member tells its owner. */
export interface RunningHooks {
  readonly events: (events: readonly StateEvent[], revision: number) => void;
  readonly view: (view: LeadershipView) => void;
  readonly reset: (machine: Machine) => void;
  /** Entries were applied; waiters for revisions may go. */
  readonly applied: (revision: number) => void;
  /** A cut is durable. */
  readonly cut: (meta: CutMeta) => void;
  /** This folder has forgotten votes: another instance has to take its place. */
  readonly forgot: (message: string) => void;
  /** The member cannot go on. */
  readonly fatal: (error: unknown) => void;
}

/**
 * A member of a formed group: one turn of its loop takes what arrived (messages, proposals, reads, a finished
 * write), steps consensus, and carries out what that hands back. Everything happens in the loop's turns, in
 * this order, so nothing here is ever re-entered.
 */
export class RunningMember {
  private readonly options: ReplicaOptions;
  private readonly transport: Transport;
  private readonly roster: Roster;
  private readonly hooks: RunningHooks;
  private readonly outgoing: Outgoing;
  private readonly log: RaftLog;
  private readonly raft: RaftNode;
  private readonly standing: Standing;
  private readonly persister: Persister;
  private readonly applier: Applier;
  private readonly halting: Halting;
  private readonly cuts: Cuts;
  private readonly compaction: Compaction;
  private readonly snapshots: Snapshots;
  private readonly loading: Loading;
  private readonly tracker: LeadershipTracker;
  private readonly traffic: LaneTraffic;
  private readonly gaps: LoopGaps;
  private readonly leaseClock = new LeaseClock();
  readonly reads: Reads;
  readonly boots: Boots;
  readonly peers: PeerKnowledge;

  private machineNow: Machine;
  private scheduled = false;
  private stopped = false;

  constructor(options: ReplicaOptions, transport: Transport, roster: Roster, hooks: RunningHooks) {
    const { disk, limits, clock } = options;
    const log = must(disk.log, 'a running member needs a formed folder');
    this.options = options;
    this.transport = transport;
    this.roster = roster;
    this.hooks = hooks;
    this.outgoing = new Outgoing(transport);
    this.log = log;
    this.machineNow = new Machine(options.machineLimits);
    const nowMs = () => clock.monotonicMs();
    const trouble = () => this.trouble();
    this.boots = new Boots(log, hooks.fatal);
    this.raft = makeConsensus(options, log);
    this.gaps = new LoopGaps(nowMs, (limits.tickMs * limits.electionTicks) / 2, (gapMs) =>
      this.paused(gapMs),
    );
    this.standing = this.makeStanding(nowMs);
    this.persister = new Persister({
      log,
      done: (installed) => this.persisted(installed),
      fatal: hooks.fatal,
    });
    const { raft, boots, standing, persister, node } = this;
    this.peers = new PeerKnowledge({ node, log, raft, roster, boots, standing, persister });
    this.traffic = this.makeTraffic(nowMs, trouble);
    this.reads = new Reads({
      limits,
      boot: disk.identity.boot,
      nowMs,
      trouble,
      request: (context) => this.raft.readIndex(context),
      leasedIndex: () => (this.holdsLease() ? this.raft.view.commit : null),
      appliedIndex: () => (this.applier.ready ? this.applier.appliedIndex : -1),
    });
    this.halting = new Halting({
      log,
      release: options.release,
      logger: options.logger,
      stop: () => this.halt(),
      fatal: hooks.fatal,
    });
    this.applier = this.makeApplier();
    this.cuts = this.makeCuts();
    this.compaction = new Compaction({
      limits,
      log,
      appliedBytes: () => this.applier.appliedBytes,
      pinned: () => this.snapshots.pinnedIndex(),
      configurationAt: (index) => this.raft.configurationAt(index),
      fatal: hooks.fatal,
    });
    this.loading = new Loading({
      options,
      stopped: () => this.stopped,
      loaded: (machine, meta, replaced) => this.loaded(machine, meta, replaced),
      fatal: hooks.fatal,
    });
    this.snapshots = new Snapshots({
      options,
      transport,
      roster,
      raft: this.raft,
      cuts: this.cuts,
      stopped: () => this.stopped,
      appliedIndex: () => this.applier.appliedIndex,
      changed: () => this.rightsChanged(),
      suspend: () => this.applier.suspend(),
      load: () => this.loading.load(),
      schedule: () => this.schedule(),
      fatal: hooks.fatal,
    });
    this.tracker = new LeadershipTracker(nowMs, (view, before) => this.viewChanged(view, before));
  }

  get machine(): Machine {
    return this.machineNow;
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

  proposeConfiguration(next: Configuration): ProposeResult {
    const result = this.raft.proposeConfiguration(next);
    this.schedule();
    return result;
  }

  get lease(): LeaseStatus {
    const { leaseMs } = this.raft.view.configuration;
    return { leaseMs, held: this.holdsLease(), reads: this.reads.underLease };
  }

  get appliedIndex(): number {
    return this.applier.appliedIndex;
  }

  /** Loads the state; consensus already takes part meanwhile, but does not campaign. */
  start(founded: boolean): void {
    this.settleRights();
    if (founded) this.standing.founded();
    else this.standing.judge();
    void this.loading.load();
  }

  stop(): void {
    this.halt();
    this.lane.close();
    this.reads.close();
  }

  /** Nothing runs and nothing is answered any more. */
  halt(): void {
    this.stopped = true;
    this.cuts.stop();
  }

  /** Runs a turn soon, after the events of this poll phase. */
  schedule(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.options.timers.soon(() => this.turn());
  }

  tick(): void {
    this.gaps.look();
    this.traffic.tick();
    this.reads.tick();
    if (!this.standing.open) return;
    this.leaseClock.ticked(this.options.clock.monotonicMs());
    this.raft.tick();
    this.standing.tick();
    this.cuts.poll();
    this.schedule();
  }

  peerUp(hello: PeerHello, formerBoot: number | null): void {
    this.peers.meet(hello);
    const view = this.view;
    const leads = view.kind === 'following' && view.leader === hello.memberId;
    if (leads && formerBoot !== null && hello.boot > formerBoot) this.raft.campaignHint();
    else this.traffic.peerUp(hello.nodeId);
    // What was on its way is lost.
    this.raft.unreachable(hello.nodeId);
    this.schedule();
  }

  peerDown(member: MemberId, down: PeerDown): void {
    const view = this.view;
    if (view.kind !== 'following' || view.leader !== member) return;
    if (down.kind === 'ended-by-peer') this.transport.redial(member);
    if (down.kind === 'refused') {
      this.options.logger.info({ leader: member }, 'the leader process is gone: campaigning soon');
      this.raft.campaignHint();
      this.schedule();
    }
  }

  frame(from: PeerHello, frame: Frame): void {
    this.gaps.look();
    this.peers.meet(from);
    if (!this.standing.open) return;
    if (frame.kind === 'raft') {
      this.peers.isBound(from, true);
      // Null: meant for a folder that this member no longer has.
      for (const message of decodeMessages(frame.body, from.nodeId, this.node) ?? []) this.raft.step(message);
    } else if (frame.kind === 'lane') this.traffic.arrived(from.nodeId, frame.body);
    else if (frame.kind === 'laneReply') this.traffic.replied(frame.body);
    this.schedule();
  }

  /** Why not every member could apply the command; asked where it is proposed. */
  proposalFault(command: Uint8Array): Refusal | null {
    return proposalFault(this.machineNow.cluster, this.whoApplies, command);
  }

  snapshotOffered(start: SnapshotStart): ReturnType<SnapshotIntake['offered']> {
    return this.standing.open ? this.snapshots.offered(start) : Promise.resolve(null);
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

  /** The state of things, for people: why nothing is served, in numbers. */
  trouble(): string {
    if (this.configuration.voters.length === 0)
      return 'let into the group: waiting for its log from the leader';
    const reach = this.roster.reach(this.node, this.configuration);
    const view = this.view;
    if (!this.standing.open) return `waiting to hear from a majority after the restart: ${reach}`;
    if (this.standing.recovering)
      return `the log of this member lacks what it once acknowledged and is being refilled: ${reach}`;
    if (this.applier.halted)
      return `halted before entry ${this.applier.appliedIndex + 1}, which broke this release${this.halting.why}`;
    if (!this.applier.ready) return 'the state is being loaded';
    if (view.kind !== 'none') return `leader known, term ${view.term}: ${reach}`;
    const seconds = ((this.options.clock.monotonicMs() - view.since) / 1000).toFixed(1);
    return `no leader for ${seconds} s: ${reach}`;
  }

  get serving(): boolean {
    const { kind } = this.view;
    const led = kind === 'following' || kind === 'leading';
    return led && this.standing.open && this.applier.ready && !this.applier.halted;
  }

  // ------------------------------------------------------------------------------------------------ the turn

  private turn(): void {
    this.scheduled = false;
    if (this.stopped) return;
    this.gaps.look();
    const newsOwed = this.raft.newsHeld;
    this.drain();
    this.traffic.turn();
    this.reads.flush();
    this.drain();
    if (newsOwed) this.tellNews();
    else if (this.raft.newsHeld) this.schedule();
  }

  /**
   * While own proposals wait, news of the commit index alone are kept for the next turn, which follows at once: who
   * waited for that commit often proposes again, and the entry takes the news along. Each message costs more than all
   * the rest of a small commit.
   */
  private drain(): void {
    const holdNews = this.lane.depth > 0;
    while (!this.stopped && this.raft.hasReady()) this.handle(this.raft.ready(holdNews));
  }

  private tellNews(): void {
    this.raft.releaseNews();
    while (!this.stopped && this.raft.hasReady()) this.handle(this.raft.ready());
  }

  private handle(ready: Ready): void {
    if (ready.leadership !== null) this.tracker.consensus(ready.leadership);
    this.outgoing.send(ready.messages);
    if (ready.persist !== null) {
      if (this.view.kind === 'elected' || this.view.kind === 'leading') this.peers.noteProgress();
      this.persister.write(ready.persist, ready.persist.snapshot === null ? null : this.snapshots.installed);
    }
    for (const peer of ready.snapshotsWanted) this.snapshots.send(peer);
    if (ready.committed.length > 0) this.applier.take(ready.committed);
    if (ready.committed.length > 0) this.afterApply();
    if (ready.reads.length > 0) this.readsAnswered(ready.reads);
  }

  private afterApply(): void {
    // An entry that broke the machine left it half changed: nothing may be read or answered from it.
    if (this.stopped) return;
    this.raft.applied(this.applier.appliedIndex);
    this.tracker.applied(this.applier.appliedTerm);
    this.reads.serve();
    this.hooks.applied(this.machineNow.revision);
    if (this.lane.depth > 0) this.schedule();
  }

  private readsAnswered(states: Ready['reads']): void {
    for (const { context, index } of states) this.standing.indexGiven(context, index);
    this.reads.resolve(states);
  }

  private applied(events: readonly StateEvent[]): void {
    for (const event of events) if (event.kind === 'checkpoint') this.cuts.checkpoint();
    this.hooks.events(events, this.machineNow.revision);
  }

  private persisted(installed: InstalledState | null): void {
    if (this.stopped) return;
    this.raft.persisted();
    if (installed !== null) this.snapshots.committed();
    this.standing.check();
    this.schedule();
  }

  /** Whether nobody else can lead, or have answered anything, by the clock of this process. */
  private holdsLease(): boolean {
    const age = this.raft.leaseAgeTicks();
    if (age === null) return false;
    const { leaseMs } = this.raft.view.configuration;
    return this.leaseClock.holds(age, leaseMs, this.options.clock.monotonicMs());
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
  private readonly whoApplies = (): NodeId[] => {
    const { voters, outgoing, learners } = this.raft.status().configuration;
    const { cluster } = this.machineNow;
    return [...voters, ...outgoing, ...learners.filter((node) => cluster.member(node) !== null)];
  };

  // --------------------------------------------------------------------------------------- rights, load, halt

  /** Whether this member may vote, and whether it could lead. */
  private settleRights(): void {
    const { open, recovering } = this.standing;
    const whole = this.applier.ready && !this.applier.mustHalt && !this.snapshots.installing;
    this.raft.setVoting(!recovering);
    this.raft.setCampaignAllowed(open && !recovering && whole);
  }

  private rightsChanged(): void {
    this.settleRights();
    this.schedule();
  }

  private loaded(machine: Machine, meta: CutMeta | null, replaced: boolean): void {
    this.machineNow = machine;
    if (replaced) {
      this.compaction.installed();
      this.lane.reset(machine);
      this.hooks.reset(machine);
    }
    this.applier.use(machine, meta?.index ?? 0, meta?.term ?? 0);
    this.settleRights();
    this.afterApply();
    this.schedule();
  }

  private cutWritten(meta: CutMeta): void {
    this.hooks.cut(meta);
    this.compaction.covered(meta);
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

  private makeTraffic(nowMs: () => number, trouble: () => string): LaneTraffic {
    const { disk, limits, clock } = this.options;
    return new LaneTraffic({
      node: this.node,
      boot: disk.identity.boot,
      limits,
      raft: this.raft,
      transport: this.transport,
      answering: (member) => this.roster.answering(member),
      machine: () => this.machineNow,
      view: () => this.view,
      nowMs,
      stampMs: () => Math.floor(clock.wallMs()),
      trouble,
      pushBack: () => (this.compaction.behind ? 'OVERLOADED' : null),
      schedule: () => this.schedule(),
    });
  }

  private makeApplier(): Applier {
    const { disk } = this.options;
    const host = {
      node: this.node,
      boot: disk.identity.boot,
      lane: this.lane,
      events: (events: readonly StateEvent[]) => this.applied(events),
      broke: (index: number, error: unknown) => this.halting.broke(index, error),
      passed: () => this.halting.passed(),
    };
    return new Applier(host, disk.state.meta?.index ?? 0, this.halting.at);
  }

  private makeCuts(): Cuts {
    const { limits, clock, timers, disk } = this.options;
    return new Cuts({
      limits,
      clock,
      timers,
      machine: () => (this.applier.ready ? this.machineNow : null),
      applied: () => ({ index: this.applier.appliedIndex, term: this.applier.appliedTerm }),
      store: () => disk.state,
      configurationAt: (index) => this.raft.configurationAt(index),
      chainAt: (index) => this.log.chainAt(index),
      begins: (index) => this.compaction.cutBegins(index),
      written: (meta) => this.cutWritten(meta),
      fatal: this.hooks.fatal,
    });
  }
}
