import { ByteWriter, memberOf, must, type ErrorCode, type MemberId, type NodeId } from '../base/index.js';
import { RaftNode, RAFT_DEFAULTS, type Configuration, type Ready } from '../raft/index.js';
import { Machine, type StateEvent } from '../state/index.js';
import type { CutMeta, InstalledState, RaftLog } from '../storage/types.js';
import type { Frame, PeerDown, PeerHello, SnapshotStart, Transport } from '../transport/types.js';
import { decodeMessages } from '../wire/raft-codec.js';
import { comparePoints } from '../storage/index.js';
import { AcknowledgedGate } from './acknowledged-gate.js';
import { Applier } from './applier.js';
import { Cuts } from './cuts.js';
import { LaneIntake } from './intake.js';
import {
  decodeLaneFrame,
  decodeLaneReply,
  encodeLaneFrame,
  encodeLaneReply,
  type Invitation,
  type LaneReply,
} from './lane-frames.js';
import { Lane } from './lane.js';
import { LeadershipTracker } from './leadership.js';
import { loadMachine } from './load.js';
import { Outgoing } from './outgoing.js';
import { Persister } from './persist.js';
import type { ReplicaOptions } from './ports.js';
import { Reads } from './reads.js';
import type { Roster } from './roster.js';
import { SnapshotIntake } from './snapshot-receiver.js';
import { SnapshotSender } from './snapshot-sender.js';
import type { LeadershipView } from './types.js';

/** What the running member tells its owner. */
export interface RunningHooks {
  readonly events: (events: readonly StateEvent[], revision: number) => void;
  readonly view: (view: LeadershipView) => void;
  readonly reset: (machine: Machine) => void;
  /** Entries were applied; waiters for revisions may go. */
  readonly applied: (revision: number) => void;
  /** A cut at a checkpoint is durable. */
  readonly cut: (meta: CutMeta) => void;
}

interface Installing {
  readonly meta: CutMeta;
  readonly state: InstalledState;
  readonly done: (installed: boolean) => void;
}

const HALT_NOTE = 'halted';
const EMPTY = new Uint8Array(0);

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
  private readonly gate: AcknowledgedGate;
  private readonly persister: Persister;
  private readonly applier: Applier;
  private readonly cuts: Cuts;
  private readonly sender: SnapshotSender;
  private readonly receiver: SnapshotIntake;
  private readonly tracker: LeadershipTracker;
  readonly lane: Lane;
  readonly reads: Reads;
  private readonly intake: LaneIntake;

  private machineNow: Machine;
  private machineLoaded = false;
  private installing: Installing | null = null;
  private gateOpen = false;
  private recovering = false;
  private laneReplies: LaneReply[] = [];
  private readonly laneWriter = new ByteWriter(64 << 10);
  private scheduled = false;
  private stopped = false;

  constructor(options: ReplicaOptions, transport: Transport, roster: Roster, hooks: RunningHooks) {
    const { disk, limits, clock, timers, logger, fatal } = options;
    const log = must(disk.log, 'a running member needs a formed folder');
    const { nodeId: node, boot } = disk.identity;
    this.options = options;
    this.transport = transport;
    this.roster = roster;
    this.hooks = hooks;
    this.outgoing = new Outgoing(transport);
    this.log = log;
    this.machineNow = new Machine(options.machineLimits);
    const applied = disk.state.meta?.index ?? 0;
    this.raft = new RaftNode(
      {
        ...RAFT_DEFAULTS,
        id: node,
        heartbeatTicks: options.heartbeatTicks,
        electionTicks: limits.electionTicks,
        random: options.random,
        applied,
      },
      log,
      log.hardState,
      log.configuration,
    );
    this.raft.setCampaignAllowed(false);
    this.gate = new AcknowledgedGate(node, log.configuration.voters);
    this.recovering = log.health.kind === 'log-damaged';
    const nowMs = () => clock.monotonicMs();
    const trouble = () => this.trouble();
    this.persister = new Persister({ log, done: (installed) => this.persisted(installed), fatal });
    this.lane = new Lane({
      node,
      boot,
      limits,
      nowMs,
      trouble,
      send: (invitation, bytes) => this.sendSubBatch(invitation, bytes),
    });
    this.intake = new LaneIntake({
      machine: () => this.machineNow,
      propose: (datas) => this.raft.propose(datas),
      accepting: () => this.acceptsProposals(),
      answer: (lane, reply) => this.answerLane(lane, reply),
      stampMs: () => Math.floor(clock.wallMs()),
      pushBack: () => this.pushBack(),
      entryBytes: limits.entryBytes,
    });
    this.reads = new Reads({
      limits,
      boot,
      nowMs,
      trouble,
      request: (context) => this.raft.readIndex(context),
      appliedIndex: () => this.applier.appliedIndex,
    });
    this.applier = new Applier(
      {
        node,
        boot,
        lane: this.lane,
        events: (events) => this.applied(events),
        broke: (i, e) => this.broke(i, e),
      },
      applied,
      readHalt(log),
    );
    this.cuts = new Cuts({
      limits,
      clock,
      timers,
      machine: () => (this.machineLoaded ? this.machineNow : null),
      applied: () => ({ index: this.applier.appliedIndex, term: this.applier.appliedTerm }),
      store: () => disk.state,
      configurationAt: (index) => this.raft.configurationAt(index),
      chainAt: (index) => log.chainAt(index),
      written: (meta) => this.cutWritten(meta),
      fatal,
    });
    this.sender = new SnapshotSender({
      self: node,
      transport,
      store: () => disk.state,
      term: () => this.raft.status().term,
      sent: (peer) => this.stepLater(() => this.raft.snapshotSent(peer)),
      failed: (peer) => this.stepLater(() => this.raft.snapshotFailed(peer)),
      logger,
    });
    this.receiver = new SnapshotIntake({
      receive: (id, meta) => disk.receive(id, meta),
      appliedIndex: () => this.applier.appliedIndex,
      install: (start, meta, state) => this.install(start, meta, state),
      fatal,
      logger,
    });
    this.tracker = new LeadershipTracker(nowMs, (view, before) => this.viewChanged(view, before));
  }

  get machine(): Machine {
    return this.machineNow;
  }

  get view(): LeadershipView {
    return this.tracker.view;
  }

  get node(): NodeId {
    return this.options.disk.identity.nodeId;
  }

  get isRecovering(): boolean {
    return this.recovering;
  }

  get halted(): boolean {
    return this.applier.halted;
  }

  get raftStatus(): ReturnType<RaftNode['status']> {
    return this.raft.status();
  }

  get appliedIndex(): number {
    return this.applier.appliedIndex;
  }

  /** Loads the state; consensus already takes part meanwhile, but does not campaign. */
  start(founded: boolean): void {
    if (this.recovering) this.raft.setVoting(false);
    if (founded) this.gateOpen = true;
    else this.openGate();
    this.load(null).catch((error: unknown) => this.options.fatal(error));
  }

  stop(): void {
    this.stopped = true;
    this.lane.close();
    this.reads.close();
  }

  /** Runs a turn soon, after the events of this poll phase. */
  schedule(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.options.timers.soon(() => this.turn());
  }

  tick(gapMs: number): void {
    if (!this.gateOpen) return;
    const { tickMs, electionTicks } = this.options.limits;
    // A pause this long may have cost the leadership without anybody here noticing.
    if (gapMs > (tickMs * electionTicks) / 2) this.raft.stalled();
    this.raft.tick();
    this.lane.expire();
    this.askForInvitation();
    this.reads.tick();
    this.cuts.poll();
    this.schedule();
  }

  peerUp(hello: PeerHello, formerBoot: number | null): void {
    if (!this.gateOpen) {
      this.gate.heard(hello.nodeId, hello.acknowledged);
      this.openGate();
    }
    const view = this.view;
    const leads = view.kind === 'following' && view.leader === hello.memberId;
    if (leads && formerBoot !== null && hello.boot > formerBoot) this.raft.campaignHint();
    else if (leads) this.lane.resend();
    this.intake.invite(hello.nodeId);
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
    if (!this.gateOpen) return;
    if (frame.kind === 'raft') {
      // Null: meant for a folder that this member no longer has.
      for (const message of decodeMessages(frame.body, from.nodeId, this.node) ?? []) this.raft.step(message);
    } else if (frame.kind === 'lane') this.takeLaneFrame(from.nodeId, frame.body);
    else if (frame.kind === 'laneReply') this.laneReplies.push(decodeLaneReply(frame.body));
    this.schedule();
  }

  snapshotOffered(start: SnapshotStart): ReturnType<SnapshotIntake['offered']> {
    return this.gateOpen ? this.receiver.offered(start) : Promise.resolve(null);
  }

  quorumHeardWithin(ms: number): boolean {
    return this.raft.quorumActiveWithin(Math.ceil(ms / this.options.limits.tickMs));
  }

  transfer(to: NodeId): boolean {
    const started = this.raft.transferLeadership(to) === 'started';
    this.schedule();
    return started;
  }

  /** Why nothing is served, in numbers; null when a leader is known and the state is loaded. */
  trouble(): string {
    const reach = this.roster.reach(this.options.memberId, this.raft.status().configuration);
    const view = this.view;
    if (!this.gateOpen) return `waiting to hear from a majority after the restart: ${reach}`;
    if (this.recovering) return `the log of this member is damaged and being refilled: ${reach}`;
    if (this.applier.halted)
      return `halted before entry ${this.applier.appliedIndex + 1}, which broke this release`;
    if (!this.machineLoaded) return 'the state is being loaded';
    if (view.kind !== 'none') return `leader known, term ${view.term}: ${reach}`;
    const seconds = ((this.options.clock.monotonicMs() - view.since) / 1000).toFixed(1);
    return `no leader for ${seconds} s: ${reach}`;
  }

  get serving(): boolean {
    const { kind } = this.view;
    return (
      this.gateOpen &&
      this.machineLoaded &&
      !this.applier.halted &&
      (kind === 'following' || kind === 'leading')
    );
  }

  /** What this member knows `peer` to have acknowledged: told to it at every handshake. */
  acknowledgedBy(peer: NodeId): { term: number; index: number } {
    const stored = this.log.acknowledgedBy(peer);
    const known = this.roster.acknowledgedBy(peer);
    return known !== null && comparePoints(known, stored) > 0 ? known : stored;
  }

  // -------------------------------------------------------------------------------------------------------

  private turn(): void {
    this.scheduled = false;
    if (this.stopped) return;
    this.drain();
    this.takeLaneReplies();
    this.lane.flush();
    this.intake.flush();
    this.reads.flush();
    this.drain();
  }

  private drain(): void {
    while (this.raft.hasReady()) this.handle(this.raft.ready());
  }

  private handle(ready: Ready): void {
    if (ready.leadership !== null) this.tracker.consensus(ready.leadership);
    this.outgoing.send(ready.messages);
    if (ready.persist !== null) {
      if (this.view.kind === 'elected' || this.view.kind === 'leading') this.noteProgress();
      const installed =
        ready.persist.snapshot === null ? null : must(this.installing, 'snapshot without a folder');
      this.persister.write(ready.persist, installed?.state ?? null);
    }
    for (const peer of ready.snapshotsWanted) this.sender.send(peer);
    if (ready.committed.length > 0) this.commit(ready);
    if (ready.reads.length > 0) this.reads.resolve(ready.reads);
  }

  private commit(ready: Ready): void {
    this.applier.take(ready.committed);
    this.afterApply();
  }

  private afterApply(): void {
    this.raft.applied(this.applier.appliedIndex);
    this.tracker.applied(this.applier.appliedTerm);
    this.reads.serve();
    this.hooks.applied(this.machineNow.revision);
    if (this.lane.depth > 0) this.schedule();
  }

  private applied(events: readonly StateEvent[]): void {
    for (const event of events) if (event.kind === 'checkpoint') this.cuts.checkpoint();
    this.hooks.events(events, this.machineNow.revision);
  }

  private persisted(installed: InstalledState | null): void {
    if (this.stopped) return;
    this.raft.persisted();
    if (this.recovering) this.checkRecovered();
    if (installed !== null) this.adopt(installed);
    this.schedule();
  }

  /** For callbacks that come from outside a turn. */
  private stepLater(step: () => void): void {
    if (this.stopped) return;
    step();
    this.schedule();
  }

  private viewChanged(view: LeadershipView, before: LeadershipView): void {
    if (before.kind === 'leading') this.intake.close();
    if (view.kind !== 'elected') this.reads.leaderChanged();
    this.lane.hold();
    this.options.logger.info({ view }, 'leadership');
    if (view.kind === 'leading') this.intake.open(view.term, this.raft.status().configuration.voters);
    this.hooks.view(view);
    this.schedule();
  }

  private sendSubBatch(invitation: Invitation, bytes: Uint8Array): boolean {
    const view = this.view;
    if (view.kind === 'leading') {
      this.intake.take(this.node, invitation, bytes);
      return true;
    }
    if (view.kind !== 'following') return false;
    return this.transport.send(view.leader, 'lane', encodeLaneFrame(this.laneWriter, invitation, bytes));
  }

  private takeLaneFrame(from: NodeId, body: Uint8Array): void {
    const frame = decodeLaneFrame(body);
    if (frame === null) this.intake.invite(from);
    else this.intake.take(from, frame.invitation, frame.subBatch);
  }

  private answerLane(lane: NodeId, reply: LaneReply): boolean {
    if (lane !== this.node) return this.transport.send(memberOf(lane), 'laneReply', encodeLaneReply(reply));
    this.laneReply(reply);
    this.schedule();
    return true;
  }

  /** Half of the limit has to be free again, so that lanes are not invited for one entry each. */
  private acceptsProposals(): boolean {
    const { transferTo, uncommittedBytes } = this.raft.status();
    return transferTo === null && uncommittedBytes <= RAFT_DEFAULTS.maxUncommittedBytes / 2;
  }

  private laneReply(reply: LaneReply): void {
    const view = this.view;
    if (view.kind === 'none' || reply.term !== view.term) return;
    if (reply.kind === 'open') this.lane.invited(reply);
    else this.lane.refused(reply);
  }

  /** After consensus has had its say: a leader's invitation may arrive together with the news of its election. */
  private takeLaneReplies(): void {
    const replies = this.laneReplies;
    if (replies.length === 0) return;
    this.laneReplies = [];
    for (const reply of replies) this.laneReply(reply);
  }

  /** An invitation may have been lost: asks for another one, with an empty frame. */
  private askForInvitation(): void {
    const view = this.view;
    if (view.kind === 'following' && this.lane.waitsForInvitation)
      this.transport.send(view.leader, 'lane', EMPTY);
  }

  private pushBack(): ErrorCode | null {
    return this.log.sizeBytes() > this.options.limits.replayBytes && this.sender.transfers === 0
      ? 'OVERLOADED'
      : null;
  }

  /** Remembers how far peers have acknowledged: it rides along in the batch that is about to be written. */
  private noteProgress(): void {
    for (const { id, match } of this.raft.status().peers) {
      const term = match === 0 ? null : this.raft.view.termAt(match);
      if (term === null) continue;
      const point = { term, index: match };
      if (this.roster.noteAcknowledged(id, point)) this.persister.noteAcknowledged(id, point);
    }
  }

  // ------------------------------------------------------------------------------- start and installation

  private openGate(): void {
    if (this.gateOpen || !this.gate.open) return;
    this.gateOpen = true;
    const { promised } = this.gate;
    const lastIndex = this.log.lastIndex();
    const last = { term: this.log.termAt(lastIndex) ?? 0, index: lastIndex };
    if (comparePoints(promised, last) > 0) {
      this.recovering = true;
      this.raft.setVoting(false);
      this.options.logger.error(
        { promised, last },
        'the log is shorter than peers know it to have been: recovering',
      );
    }
    this.allowCampaigns();
    this.schedule();
  }

  private allowCampaigns(): void {
    this.raft.setCampaignAllowed(
      this.gateOpen && this.machineLoaded && !this.recovering && !this.applier.halted,
    );
  }

  /** A recovering member is whole again once its durable log holds all that the group had committed. */
  private checkRecovered(): void {
    const { leader, commit } = this.raft.status();
    const lastIndex = this.log.lastIndex();
    const last = { term: this.log.termAt(lastIndex) ?? 0, index: lastIndex };
    if (leader === null || lastIndex < commit || comparePoints(last, this.gate.promised) < 0) return;
    this.recovering = false;
    this.raft.setVoting(true);
    this.allowCampaigns();
    this.options.logger.info({ last }, 'recovered: the log holds everything the group committed');
    this.log.markRecovered().catch((error: unknown) => this.options.fatal(error));
  }

  private async load(installed: CutMeta | null): Promise<void> {
    const { disk, limits, timers, machineLimits } = this.options;
    const machine = await loadMachine(disk.state, machineLimits, limits.loadSliceBytes, timers);
    if (this.stopped) return;
    const meta = disk.state.meta;
    this.machineNow = machine;
    this.machineLoaded = true;
    if (installed !== null) {
      this.lane.reset(machine);
      this.hooks.reset(machine);
      this.cuts.resume();
    }
    this.applier.use(machine, meta?.index ?? 0, meta?.term ?? 0);
    this.allowCampaigns();
    this.afterApply();
    this.schedule();
  }

  private install(start: SnapshotStart, meta: CutMeta, state: InstalledState): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.stopped || meta.index <= this.applier.appliedIndex) return resolve(false);
      // No cut may be written while the folder in force is about to change.
      this.cuts.suspend(() => {
        this.installing = { meta, state, done: resolve };
        const { index, term, configuration } = meta;
        const to = this.node;
        const baseBefore = this.raft.view.baseIndex();
        this.raft.step({
          type: 'snapshot',
          from: start.from,
          to,
          term: start.term,
          meta: { index, term, configuration },
        });
        // Consensus takes it only when its log does not already reach there.
        if (this.raft.view.baseIndex() === baseBefore) this.declineInstall();
        this.schedule();
      });
    });
  }

  private declineInstall(): void {
    const { done } = must(this.installing, 'no installation to decline');
    this.installing = null;
    this.cuts.resume();
    done(false);
  }

  private adopt(installed: InstalledState): void {
    const { meta, done } = must(this.installing, 'a state became durable that nobody installs');
    this.installing = null;
    this.machineLoaded = false;
    this.applier.suspend();
    this.options.disk
      .switchState(installed.folder)
      .then(() => this.load(meta))
      .then(() => done(true))
      .catch((error: unknown) => this.options.fatal(error));
  }

  private cutWritten(meta: CutMeta): void {
    this.hooks.cut(meta);
    this.compact(meta);
  }

  /** Drops log entries that the cut covers, but for a tail and what a running transfer needs. */
  private compact(meta: CutMeta): void {
    const pinned = this.sender.pinnedIndex() ?? Infinity;
    const index = Math.min(meta.index - this.options.limits.logTailEntries, pinned);
    if (index - this.log.firstIndex() < this.options.limits.logTailEntries / 4) return;
    const term = must(this.log.termAt(index), () => `no term at ${index} to compact to`);
    const configuration: Configuration = this.raft.configurationAt(index);
    this.log.compact({ index, term, configuration }).catch((error: unknown) => this.options.fatal(error));
  }

  private broke(index: number, error: unknown): void {
    const note = new TextEncoder().encode(String(index));
    this.options.logger.error({ index, err: error }, 'apply broke: the member halts before this entry');
    this.log.writeNote(HALT_NOTE, note).then(
      () => this.options.fatal(error),
      (failure: unknown) => this.options.fatal(failure),
    );
    this.stopped = true;
  }
}

function readHalt(log: RaftLog): number | null {
  const note = log.note(HALT_NOTE);
  return note === null ? null : Number(new TextDecoder().decode(note));
}
