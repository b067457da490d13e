import { memberOf, must, TepuiError, type ClusterId, type MemberId, type NodeId } from '../../base/index.js';
import { membersOf } from '../../raft/index.js';
import { encodeCommand, type Machine } from '../../state/index.js';
import type { JoinReply, JoinRequest, PeerHello, Transport } from '../../transport/types.js';
import type { Calls } from '../calls.js';
import type { ReplicaOptions } from '../ports.js';
import type { Roster } from '../roster.js';
import type { RunningMember } from '../running.js';
import type { CallMethod, CallReply, Outcome } from '../types.js';
import { AddressBook } from './addresses.js';
import { decodeCall, type MemberChange } from './changes.js';
import { retirementOf } from './former.js';
import { Keeper } from './keeper.js';
import {
  applicantOf,
  decodeAddresses,
  decodeApplicant,
  encodeAddresses,
  encodeApplicant,
  MEMBERSHIP_CALLS,
} from './methods.js';
import { Peers } from './peers.js';
import { ChangeRequests, type ChangeReply } from './requests.js';
import { hashOf, parseToken } from './tokens.js';

/** Members of an earlier command level do not know frames about addresses, and would log each. */
const ADDRESSES_LEVEL = 3;

/** A leader of an earlier one would not know what is asked of it. */
const RECONFIGURE_LEVEL = 7;

/** Election timeouts that a voter has to show itself in before a change: a busy machine is no dead one. */
const PATIENCE_TIMEOUTS = 4;

/** Beside the log: addresses of the members, by id. */
const ADDRESSES = 'addresses';

export interface MembershipHost {
  readonly options: ReplicaOptions;
  readonly roster: Roster;
  readonly transport: () => Transport;
  readonly running: () => RunningMember | null;
  /** This member leads, and its machine is complete. */
  readonly leading: () => boolean;
  readonly machine: () => Machine;
  readonly callLeader: (method: CallMethod, body: Uint8Array, done: (reply: CallReply) => void) => void;
  readonly propose: (command: Uint8Array, done: (outcome: Outcome) => void) => void;
  readonly handOver: () => void;
  readonly verify: (done: (confirmed: boolean) => void) => void;
}

/** Who the members are, where they are, and how that changes: this member's part in it, whoever leads. */
export class Membership {
  private readonly host: MembershipHost;
  private readonly addresses: AddressBook;
  private readonly peers: Peers;
  private readonly keeper: Keeper;
  private readonly requests: ChangeRequests;
  /** As last noted beside the log, and told to the others. */
  private noted: Uint8Array = new Uint8Array(0);

  constructor(host: MembershipHost) {
    const { options, roster } = host;
    const { clock, timers, limits, memberId, random } = options;
    this.host = host;
    const nowMs = (): number => clock.monotonicMs();
    this.addresses = new AddressBook({
      configured: options.peers,
      configuredOnly: options.peersOnly ?? false,
      recorded: (member) => this.recorded(member),
      nowMs,
    });
    this.peers = new Peers({
      self: memberId,
      founders: options.peers.keys(),
      addresses: this.addresses,
      roster,
      transport: host.transport,
      nowMs,
    });
    this.keeper = this.makeKeeper(nowMs);
    this.requests = new ChangeRequests({
      memberId,
      random,
      timers,
      nowMs,
      deadlineMs: limits.callDeadlineMs,
      clusterId: () => options.disk.identity.clusterId,
      callLeader: host.callLeader,
    });
  }

  /** Installs the handlers of the calls that a leader judges. */
  serve(calls: Calls): void {
    calls.handle(MEMBERSHIP_CALLS.admit, (_from, body, reply) =>
      this.keeper.admit(decodeApplicant(body), reply),
    );
    calls.handle(MEMBERSHIP_CALLS.change, (_from, body, reply) =>
      this.keeper.request(decodeCall(body), reply),
    );
  }

  /** All members but this one. */
  get others(): ReadonlySet<MemberId> {
    return this.peers.ids;
  }

  /** Whether `member` may speak with this one: it is in the group, or has just left it. */
  accepts(member: MemberId): boolean {
    return this.peers.accepts(member);
  }

  addressOf(member: MemberId): string | null {
    return this.addresses.of(member);
  }

  start(): void {
    this.peers.dial();
  }

  /** The folder belongs to a group: where the others were when that was noted last. */
  formed(): void {
    const note = this.host.options.disk.log?.note(ADDRESSES) ?? null;
    if (note === null) return;
    const members = decodeAddresses(note);
    this.noted = note;
    this.addresses.note(members);
    this.peers.add(members.keys());
  }

  tick(): void {
    this.peers.look(this.host.running()?.configuration ?? null);
    this.keeper.tick();
  }

  rest(): void {
    this.keeper.rest();
  }

  change(change: MemberChange, done: (reply: ChangeReply) => void): void {
    const level = this.host.machine().cluster.lowestCommandLevel;
    if (change.kind === 'reconfigure' && level < RECONFIGURE_LEVEL) {
      const message = `reconfigure needs command level ${RECONFIGURE_LEVEL}, and a member knows level ${level}`;
      const refusal = { ok: false, code: 'UNSUPPORTED', message, unknown: false } as const;
      this.host.options.timers.soon(() => done(refusal));
      return;
    }
    this.requests.make(change, done);
  }

  /** The folder of a member that this one means when it dials it: the one that answered last, if it counts. */
  folderOf(member: MemberId): NodeId | null {
    const running = this.host.running();
    if (running === null) return null;
    const nodes = membersOf(running.configuration).filter((node) => memberOf(node) === member);
    const last = this.host.roster.hello(member)?.nodeId;
    return nodes.find((node) => node === last) ?? nodes[0] ?? null;
  }

  // --------------------------------------------------------------------------------------------------- addresses

  /** What a folder that left the group has to hear of this member; null: this one knows of nothing like it. */
  retirementOf(node: NodeId): ReturnType<typeof retirementOf> {
    const running = this.host.running();
    return running === null ? null : retirementOf(this.host.machine(), running.configuration, node);
  }

  /** Somebody said hello, whether or not this member speaks with it. */
  noticed({ nodeId, clusterId, generation, unbound }: PeerHello): void {
    const own = this.host.options.disk.identity;
    const belongs = !unbound && clusterId === own.clusterId && generation === own.generation;
    if (belongs) this.keeper.heard(nodeId);
  }

  /** A member said hello: it told where it is. */
  heard({ memberId, doors }: PeerHello): void {
    if (!this.addresses.heard(memberId, doors.peer)) return;
    this.keep();
    for (const member of this.peers.ids) this.tell(member);
  }

  /** A stream to `member` is new: it may not know where the others are. */
  tell(member: MemberId): void {
    if (this.host.running() === null || !this.takesAddresses(member)) return;
    this.host.transport().send(member, 'addresses', this.known());
  }

  private takesAddresses(member: MemberId): boolean {
    const node = this.host.roster.answering(member);
    const record = node === null ? null : this.host.machine().cluster.member(node);
    return record === null || record.commandLevel >= ADDRESSES_LEVEL;
  }

  /** Another member told where it last heard the others to be. */
  told(body: Uint8Array): void {
    const { memberId } = this.host.options;
    const members = decodeAddresses(body);
    members.delete(memberId);
    this.addresses.note(members);
    this.peers.vouch(members.keys());
  }

  private known(): Uint8Array {
    const { others } = this;
    const known = [...this.addresses.known].filter(([id]) => others.has(id));
    return encodeAddresses(new Map(known.sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  /** Beside the log, so that a restarted member finds the others whatever its configuration says. */
  private keep(): void {
    const { disk, fatal } = this.host.options;
    const known = this.known();
    if (disk.log === null || Buffer.compare(known, this.noted) === 0) return;
    this.noted = known;
    disk.log.writeNote(ADDRESSES, known).catch(fatal);
  }

  private recorded(member: MemberId): string | null {
    const record = this.host
      .machine()
      .cluster.members()
      .findLast((one) => one.member === member);
    return record?.doors.peer ?? null;
  }

  // ----------------------------------------------------------------------------------------------------- who comes

  /** Somebody without a place in the group asks for one: the leader judges. */
  async join(request: JoinRequest): Promise<JoinReply> {
    const { clusterId, generation } = this.host.options.disk.identity;
    const { hello } = request;
    if (clusterId === null || this.host.running() === null) {
      throw new TepuiError('NO_LEADER', `${this.host.options.memberId} belongs to no group itself`);
    }
    if (hello.clusterId !== null && hello.clusterId !== clusterId) {
      const message = `${hello.memberId} belongs to group ${hello.clusterId}, this is ${clusterId}`;
      throw new TepuiError('FOREIGN_CLUSTER', message);
    }
    // The new folder of a member needs none: that it was started with an old one does not matter.
    const needsToken = request.token !== '' && !this.others.has(hello.memberId);
    const hash = needsToken ? hashOfToken(request.token, clusterId) : '';
    const members = await this.ask(encodeApplicant(applicantOf(request, hash)));
    return { clusterId, generation, members };
  }

  /** The group has let this folder in: it begins with an empty log, which the leader fills. */
  async enter({ clusterId, generation, members }: JoinReply): Promise<boolean> {
    const { disk } = this.host.options;
    if (disk.log !== null) return false;
    const log = await disk.join(clusterId, generation);
    await log.writeNote(ADDRESSES, encodeAddresses(members));
    return true;
  }

  private ask(applicant: Uint8Array): Promise<Map<MemberId, string>> {
    return new Promise((resolve, reject) => {
      this.host.callLeader(MEMBERSHIP_CALLS.admit, applicant, (reply) => {
        if (reply.ok) resolve(decodeAddresses(reply.body));
        else reject(new TepuiError(reply.code, reply.message));
      });
    });
  }

  private makeKeeper(nowMs: () => number): Keeper {
    const { options, running, roster, machine, leading, propose, handOver, verify } = this.host;
    const { tickMs, electionTicks } = options.limits;
    const leader = (): RunningMember => must(running(), 'a leader runs');
    return new Keeper({
      logger: options.logger,
      nowMs,
      leading,
      status: () => leader().raftStatus,
      present: () => leader().membership,
      propose: (next) => leader().proposeConfiguration(next),
      answering: (member) => roster.answering(member),
      addresses: () => this.everyAddress(),
      machine,
      command: (command, done) => propose(encodeCommand(command), done),
      handOver,
      verify,
      patienceMs: PATIENCE_TIMEOUTS * tickMs * electionTicks,
    });
  }

  private everyAddress(): Map<MemberId, string> {
    const { memberId, doors } = this.host.options;
    const transport = this.host.transport();
    const known = this.addresses.choose(this.peers.ids, (member) => transport.connected(member));
    return doors.peer === null ? known : known.set(memberId, doors.peer);
  }
}

function hashOfToken(text: string, own: ClusterId): string {
  const token = parseToken(text);
  if (token.clusterId === own) return hashOf(token);
  throw new TepuiError('TOKEN_REFUSED', `the token is of group ${token.clusterId}, this is ${own}`);
}
