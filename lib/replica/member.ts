import { assert, type ErrorCode, type MemberId } from '../base/index.js';
import { simpleConfiguration, type ProposeResult } from '../raft/index.js';
import { Machine } from '../state/index.js';
import type {
  FormReply,
  FormRequest,
  FrameKind,
  PeerHello,
  Transport,
  TransportHandlers,
} from '../transport/types.js';
import { Acquaintance } from './acquaintance.js';
import { Calls } from './calls.js';
import { Formation } from './formation.js';
import { Founders } from './founders.js';
import { HandOver } from './hand-over.js';
import { LeaseOption } from './lease-option.js';
import { checkLimits } from './limits.js';
import type { MemberChange } from './membership/changes.js';
import { Membership } from './membership/membership.js';
import type { ChangeReply } from './membership/requests.js';
import { News } from './news.js';
import { PeerFrames } from './peer-frames.js';
import type { ReplicaOptions } from './ports.js';
import { Requests } from './requests.js';
import { RevisionWaiters } from './revisions.js';
import { Roster } from './roster.js';
import { RunningMember } from './running.js';
import { describeMember } from './status.js';
import { Survey } from './survey.js';
import { Ticker } from './ticker.js';
import type {
  AnswerTime,
  CallHandler,
  CallMethod,
  CallReply,
  LeadershipView,
  Outcome,
  ProposalOrder,
  Replica,
  ReplicaListeners,
  ReplicaStatus,
} from './types.js';

type Refusal = { readonly code: ErrorCode; readonly message: string };

type Phase =
  | { readonly kind: 'new' }
  /** The folder is empty: nothing is served until the group has formed. */
  | { readonly kind: 'forming'; readonly formation: Formation }
  | { readonly kind: 'running'; readonly running: RunningMember }
  | { readonly kind: 'stopped' };

/** The `Replica` of one process: forms or joins the group, then runs as its member. */
export class Member implements Replica {
  readonly memberId: MemberId;
  private readonly options: ReplicaOptions;
  private readonly transport: Transport;
  private readonly roster: Roster;
  private readonly calls: Calls;
  private readonly revisions = new RevisionWaiters();
  private readonly requests: Requests;
  private readonly news: News;
  private readonly handOver: HandOver;
  private readonly founders: Founders;
  private readonly membership: Membership;
  private readonly acquaintance: Acquaintance;
  private readonly peerFrames: PeerFrames;
  private readonly survey: Survey;
  private readonly ticker: Ticker;
  private readonly leaseOption: LeaseOption;
  private readonly listeners = new Set<ReplicaListeners>();
  private readonly emptyMachine: Machine;
  private readonly startedMs: number;
  private readonly tellFatal: (error: unknown) => void;
  private phase: Phase = { kind: 'new' };

  constructor(given: ReplicaOptions) {
    checkLimits(given.limits);
    const options = { ...given, fatal: (error: unknown) => this.fail(error) };
    this.options = options;
    this.tellFatal = given.fatal;
    this.memberId = options.memberId;
    this.emptyMachine = new Machine(options.machineLimits);
    this.startedMs = options.clock.monotonicMs();
    this.roster = new Roster(options.peers.keys());
    this.membership = this.makeMembership();
    this.acquaintance = new Acquaintance({
      options,
      membership: this.membership,
      running: () => this.running(),
      ended: () => this.ended,
    });
    this.transport = options.transport(this.handlers());
    this.calls = new Calls({
      limits: options.limits,
      memberId: options.memberId,
      firstId: options.disk.identity.boot * 2 ** 32,
      nowMs: () => options.clock.monotonicMs(),
      soon: (callback) => options.timers.soon(callback),
      view: () => this.leadership(),
      send: (to, kind, body) => this.tell(to, kind, body),
      waitRevision: (revision, done) => this.waitRevision(revision, done),
      trouble: () => this.trouble(),
    });
    this.news = this.makeNews();
    this.peerFrames = new PeerFrames({
      running: () => this.running(),
      calls: this.calls,
      membership: this.membership,
      news: this.news,
    });
    this.requests = new Requests({
      running: () => this.running(),
      leadership: () => this.leadership(),
      ended: () => this.ended,
      soon: (callback) => options.timers.soon(callback),
      trouble: () => this.trouble(),
    });
    this.handOver = new HandOver({
      memberId: options.memberId,
      leader: () => (this.leadership().kind === 'leading' ? this.running() : null),
      nowMs: () => options.clock.monotonicMs(),
      soon: (callback) => options.timers.soon(callback),
      patienceMs: (options.limits.tickMs * options.limits.electionTicks * 3) / 2,
    });
    this.survey = new Survey({
      transport: this.transport,
      addressOf: (member) => this.membership.addressOf(member),
      nowMs: () => options.clock.monotonicMs(),
      self: () => this.acquaintance.hello(null),
    });
    this.founders = new Founders({
      transport: this.transport,
      addressOf: (member) => this.membership.addressOf(member),
      logger: options.logger,
      clusterId: () => options.disk.identity.clusterId,
      voters: () => this.running()?.configuration.voters ?? [],
      bound: (hello) => this.running()?.peers.isBound(hello, true),
    });
    this.membership.serve(this.calls);
    this.leaseOption = new LeaseOption({
      wantedMs: options.leaseMs ?? null,
      nowMs: () => options.clock.monotonicMs(),
      led: () => (this.leadership().kind === 'leading' ? (this.running()?.membership ?? null) : null),
      set: (leaseMs) => this.setLease(leaseMs),
    });
    this.ticker = new Ticker(options.timers, options.limits.tickMs, () => this.tick());
  }

  get laneLoad(): number {
    return this.running()?.lane.load ?? 0;
  }

  get machine(): Machine {
    return this.phase.kind === 'running' ? this.phase.running.machine : this.emptyMachine;
  }

  async start(): Promise<void> {
    const { disk } = this.options;
    assert(this.phase.kind === 'new', `started while ${this.phase.kind}`);
    if (disk.log === null) this.phase = { kind: 'forming', formation: this.formation() };
    await this.transport.start();
    if (disk.log === null) {
      if (this.phase.kind === 'forming') this.phase.formation.start();
    } else this.run(false);
    if (this.ended) return;
    this.membership.start();
    this.ticker.start();
  }

  async stop(): Promise<void> {
    const { phase } = this;
    if (this.ended) return;
    this.ticker.stop();
    if (phase.kind === 'forming') phase.formation.stop();
    if (phase.kind === 'running') phase.running.stop();
    this.membership.rest();
    this.phase = { kind: 'stopped' };
    this.calls.close();
    this.revisions.close();
    this.handOver.close();
    await this.transport.stop();
    await this.options.disk.close();
  }

  listen(listeners: ReplicaListeners): () => void {
    this.listeners.add(listeners);
    return () => this.listeners.delete(listeners);
  }

  leadership(): LeadershipView {
    if (this.phase.kind === 'running') return this.phase.running.view;
    return { kind: 'none', term: 0, since: this.startedMs };
  }

  status(): ReplicaStatus {
    const running = this.phase.kind === 'running' ? this.phase.running : null;
    return describeMember(
      this.options,
      this.acquaintance.hello(null),
      this.membership.others,
      this.roster,
      running,
      this.trouble(),
    );
  }

  propose(
    command: Uint8Array,
    done: (outcome: Outcome) => void,
    when?: AnswerTime,
    order?: ProposalOrder,
  ): void {
    this.requests.propose(command, done, when, order);
  }

  read(done: (refusal: Refusal | null) => void): void {
    this.requests.read(false, done);
  }

  verifyLeadership(done: (confirmed: boolean) => void): void {
    this.requests.verifyLeadership(done);
  }

  waitRevision(revision: number, done: (reached: boolean) => void): void {
    if (this.machine.revision >= revision) return this.options.timers.soon(() => done(true));
    if (!this.revisions.open) return this.options.timers.soon(() => done(false));
    this.revisions.add(revision, this.options.clock.monotonicMs() + this.options.limits.callDeadlineMs, done);
  }

  callLeader(method: CallMethod, body: Uint8Array, done: (reply: CallReply) => void): void {
    this.calls.call(method, body, done);
  }

  handleCalls(method: CallMethod, handler: CallHandler): void {
    this.calls.handle(method, handler);
  }

  push(member: MemberId, topic: number, body: Uint8Array): void {
    this.news.push(member, topic, body);
  }

  reportLiveness(body: Uint8Array): number {
    return this.news.reportLiveness(body);
  }

  /**
   * Leader only: turns leader leases on for the whole group, off (0), or changes their length. Longer than an election
   * timeout they make every failover wait. Refused while the configuration changes: ask again.
   */
  setLease(leaseMs: number): ProposeResult {
    const running = this.running();
    if (running === null) return { ok: false, reason: 'not-leader' };
    const { voters, learners } = running.configuration;
    return running.proposeConfiguration(simpleConfiguration(voters, learners, leaseMs));
  }

  changeMembers(change: MemberChange, done: (reply: ChangeReply) => void): void {
    this.membership.change(change, done);
  }

  transferLeadership(to: MemberId | null, done: (error: Refusal | null) => void): void {
    this.handOver.ask(to, done);
  }

  // -------------------------------------------------------------------------------------------------------

  /** Stopped, or failed. */
  private get ended(): boolean {
    return this.phase.kind === 'stopped';
  }

  /** Called by whoever finds that this member cannot go on. What waits is not answered: the process ends. */
  private fail(error: unknown): void {
    if (this.ended) {
      this.options.logger.warn({ err: error }, 'after the end');
      return;
    }
    this.ticker.stop();
    if (this.phase.kind === 'running') this.phase.running.halt();
    if (this.phase.kind === 'forming') this.phase.formation.stop();
    this.phase = { kind: 'stopped' };
    this.tellFatal(error);
  }

  private running(): RunningMember | null {
    return this.phase.kind === 'running' ? this.phase.running : null;
  }

  private trouble(): string {
    if (this.phase.kind === 'running') {
      const { running } = this.phase;
      const remains = running.leaderless ? this.survey.describe(running.configuration) : null;
      return remains === null ? running.trouble() : `${running.trouble()}. ${remains}`;
    }
    if (this.phase.kind === 'forming') return this.phase.formation.trouble;
    return `this member is ${this.phase.kind === 'new' ? 'starting' : 'stopping'}`;
  }

  private each(call: (listeners: ReplicaListeners) => void): void {
    for (const listeners of this.listeners) call(listeners);
  }

  /** `founded`: the group was formed just now, so nobody can have acknowledged anything yet. */
  private run(founded: boolean): void {
    if (this.ended) return;
    const running = new RunningMember(this.options, this.transport, this.roster, {
      event: (event) => this.each((one) => one.changed?.(event)),
      events: (events, revision) => this.each((one) => one.applied?.(events, revision)),
      view: (view) => this.viewChanged(view),
      reset: (machine) => this.each((one) => one.reset?.(machine)),
      applied: (revision) => this.revisions.reached(revision),
      cut: (meta) => this.each((one) => one.cut?.(meta.index, meta.digest, meta.revision)),
      halted: () => this.each((one) => one.halted?.()),
      forgot: (message) => this.acquaintance.retire('DAMAGED', message),
      fatal: (error) => this.fail(error),
    });
    this.phase = { kind: 'running', running };
    this.membership.formed();
    running.start(founded);
    for (const hello of this.roster.connectedHellos()) {
      this.founders.met(hello);
      running.peerUp(hello, null);
    }
  }

  private viewChanged(view: LeadershipView): void {
    this.handOver.viewChanged(view);
    this.each((one) => one.leadership?.(view));
    this.calls.leadershipChanged();
  }

  private tick(): void {
    this.running()?.tick();
    this.membership.tick();
    this.leaseOption.tick();
    this.founders.tell();
    this.survey.tick(this.running()?.leaderless === true ? this.running()!.configuration : null);
    const now = this.options.clock.monotonicMs();
    this.calls.expire();
    this.calls.retry();
    this.revisions.expire(now);
    this.handOver.expire(now);
  }

  private quorumBehind(): boolean {
    const { tickMs, electionTicks } = this.options.limits;
    return this.running()?.quorumHeardWithin(tickMs * electionTicks) ?? false;
  }

  // ------------------------------------------------------------------------------------------- the peer door

  private handlers(): TransportHandlers {
    return {
      hello: (to, node) => this.acquaintance.hello(to, node),
      judge: (hello) => this.acquaintance.judge(hello),
      peerUp: (hello) => this.peerUp(hello),
      peerDown: (member, down) => {
        if (down.kind === 'rejected') this.acquaintance.rejected(member, down);
        if (down.kind === 'rejected-here' && down.code === 'FOREIGN_CLUSTER')
          this.acquaintance.strange(member, down.message);
        this.roster.down(member, down);
        this.running()?.peerDown(member, down);
        this.calls.streamLost(member);
        this.each((one) => one.peerDown?.(member));
      },
      frames: (from, frames) => {
        for (const frame of frames) this.peerFrames.take(from, frame);
      },
      dropped: (peer, why) =>
        this.options.logger.warn({ peer, why }, 'a message was refused: the releases differ'),
      introduce: () => this.acquaintance.hello(null),
      form: (request) => this.form(request),
      join: (request) => this.membership.join(request),
      snapshotOffered: (start) => this.running()?.snapshotOffered(start) ?? Promise.resolve(null),
    };
  }

  private peerUp(hello: PeerHello): void {
    const formerBoot = this.roster.up(hello);
    this.acquaintance.met(hello.memberId);
    const running = this.running();
    running?.peerUp(hello, formerBoot);
    if (running !== null) this.founders.met(hello);
    this.membership.tell(hello.memberId);
    this.each((one) => one.peerUp?.(hello));
  }

  /** Answers to calls, and news of services, are held by their receiver until it has applied as much as we have. */
  private tell(to: MemberId, kind: FrameKind, body: Uint8Array): boolean {
    if (!this.transport.send(to, kind, body)) return false;
    const running = this.running();
    if (running !== null && (kind === 'push' || kind === 'callReply')) {
      running.peers.expects(to);
      running.schedule();
    }
    return true;
  }

  private makeNews(): News {
    const { memberId, timers, clock } = this.options;
    return new News({
      memberId,
      leadership: () => this.leadership(),
      quorumBehind: () => this.quorumBehind(),
      nowMs: () => clock.monotonicMs(),
      soon: (callback) => timers.soon(callback),
      each: (call) => this.each(call),
      send: (to, kind, body) => this.tell(to, kind, body),
    });
  }

  private makeMembership(): Membership {
    return new Membership({
      options: this.options,
      roster: this.roster,
      transport: () => this.transport,
      running: () => this.running(),
      leading: () => this.leadership().kind === 'leading',
      machine: () => this.machine,
      callLeader: (method, body, done) => this.callLeader(method, body, done),
      propose: (command, done) => this.propose(command, done),
      handOver: () => this.transferLeadership(null, () => {}),
      verify: (done) => this.verifyLeadership(done),
    });
  }

  // ------------------------------------------------------------------------------------------------ formation

  private formation(): Formation {
    const { disk, peers, random, timers, logger, fatal, invitation = null } = this.options;
    return new Formation({
      memberId: this.memberId,
      nodeId: disk.identity.nodeId,
      formerCluster: disk.identity.formerCluster,
      peers,
      invitation,
      transport: this.transport,
      random,
      timers,
      logger,
      found: async ({ clusterId, voters }) => {
        if (disk.log !== null) return false;
        await disk.form(clusterId, simpleConfiguration(voters));
        return true;
      },
      enter: (reply) => this.membership.enter(reply),
      formed: (founded) => this.run(founded),
      fatal,
    });
  }

  private form(request: FormRequest): Promise<FormReply> {
    if (this.phase.kind === 'forming') return this.phase.formation.told(request);
    const formed = this.options.disk.identity.clusterId === request.clusterId;
    return Promise.resolve({ formed, message: formed ? '' : 'this folder belongs to a group already' });
  }
}
