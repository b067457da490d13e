import { ByteWriter, memberOf, type ErrorCode, type MemberId, type NodeId } from '../base/index.js';
import { isMember, RAFT_DEFAULTS, type RaftNode } from '../raft/index.js';
import type { Machine } from '../state/index.js';
import type { Transport } from '../transport/types.js';
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
import type { ReplicaLimits } from './limits.js';
import type { LeadershipView } from './types.js';

const EMPTY = new Uint8Array(0);

export interface LaneTrafficHost {
  readonly node: NodeId;
  readonly boot: number;
  readonly limits: ReplicaLimits;
  readonly raft: RaftNode;
  readonly transport: Transport;
  /** The folder with which a member's process answers at present; null: it is not reached. */
  readonly answering: (member: MemberId) => NodeId | null;
  readonly machine: () => Machine;
  /** Whether that is the state in force, and not still to be loaded: nothing is numbered before. */
  readonly loaded: () => boolean;
  readonly view: () => LeadershipView;
  readonly nowMs: () => number;
  /** Wall time for the stamp of an entry. */
  readonly stampMs: () => number;
  readonly trouble: () => string;
  readonly pushBack: () => ErrorCode | null;
  /** Something is to be done in a turn soon. */
  readonly schedule: () => void;
}

/** This member's lane, and the leader's end of all lanes while it leads: who sends what to whom, and when. */
export class LaneTraffic {
  readonly lane: Lane;
  private readonly intake: LaneIntake;
  private readonly host: LaneTrafficHost;
  private readonly writer = new ByteWriter(64 << 10);
  private replies: LaneReply[] = [];

  constructor(host: LaneTrafficHost) {
    const { node, boot, limits, nowMs, stampMs, trouble, machine, pushBack, raft } = host;
    this.host = host;
    this.lane = new Lane({
      node,
      boot,
      limits,
      nowMs,
      trouble,
      send: (invitation, bytes) => this.send(invitation, bytes),
    });
    this.intake = new LaneIntake({
      machine,
      propose: (datas) => raft.propose(datas),
      appended: (lane, index) => raft.awaits(lane, index),
      accepting: () => this.accepting(),
      answer: (lane, reply) => this.answer(lane, reply),
      stampMs,
      pushBack,
      entryBytes: limits.entryBytes,
    });
  }

  /** A frame from another member's lane. */
  arrived(from: NodeId, body: Uint8Array): void {
    // A folder that left the configuration is forgotten with its lane: nothing of it may be appended any more.
    if (!isMember(this.host.raft.view.configuration, from)) return;
    const frame = decodeLaneFrame(body);
    if (frame === null) this.intake.invite(from);
    else this.intake.take(from, frame.invitation, frame.subBatch);
  }

  /** Read in the next turn: a leader's invitation may arrive together with the news of its election. */
  replied(body: Uint8Array): void {
    this.replies.push(decodeLaneReply(body));
  }

  /** One turn: consensus has had its say. */
  turn(): void {
    const { replies } = this;
    if (replies.length > 0) {
      this.replies = [];
      for (const reply of replies) this.take(reply);
    }
    if (this.host.loaded()) this.lane.flush();
    this.intake.flush();
  }

  tick(): void {
    this.lane.expire();
    const view = this.host.view();
    // An invitation may have been lost: an empty frame asks for another one.
    if (view.kind === 'following' && this.lane.waitsForInvitation)
      this.host.transport.send(view.leader, 'lane', EMPTY);
  }

  viewChanged(view: LeadershipView, before: LeadershipView): void {
    if (before.kind === 'leading') this.intake.close();
    this.lane.hold();
    if (view.kind === 'leading') this.intake.open(view.term, this.host.raft.status().configuration.voters);
  }

  /** The stream to `peer` is new. */
  peerUp(peer: NodeId): void {
    const view = this.host.view();
    if (view.kind === 'following' && view.leader === memberOf(peer)) this.lane.resend();
    this.intake.invite(peer);
  }

  private send(invitation: Invitation, bytes: Uint8Array): boolean {
    const view = this.host.view();
    if (view.kind === 'leading') {
      this.intake.take(this.host.node, invitation, bytes);
      return true;
    }
    if (view.kind !== 'following') return false;
    return this.host.transport.send(view.leader, 'lane', encodeLaneFrame(this.writer, invitation, bytes));
  }

  private answer(lane: NodeId, reply: LaneReply): boolean {
    const { node, transport, answering, schedule } = this.host;
    if (lane !== node) {
      const member = memberOf(lane);
      // A lane is of a folder. Its member may have come back with a new one, whose lane begins anew.
      const folder = answering(member);
      if (folder !== null && folder !== lane) return true;
      return transport.send(member, 'laneReply', encodeLaneReply(reply));
    }
    this.take(reply);
    schedule();
    return true;
  }

  private take(reply: LaneReply): void {
    const view = this.host.view();
    if (view.kind === 'none' || reply.term !== view.term) return;
    if (reply.kind === 'open') this.lane.invited(reply);
    else this.lane.refused(reply);
  }

  /** Half of the limit has to be free again, so that lanes are not invited for one entry each. */
  private accepting(): boolean {
    const { transferTo, uncommittedBytes } = this.host.raft.status();
    return transferTo === null && uncommittedBytes <= RAFT_DEFAULTS.maxUncommittedBytes / 2;
  }
}
