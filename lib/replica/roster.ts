import { memberOf, type MemberId, type NodeId } from '../base/index.js';
import type { Configuration } from '../raft/index.js';
import { comparePoints, type LogPoint } from '../storage/index.js';
import type { PeerDown, PeerHello } from '../transport/types.js';
import type { MemberStatus } from './types.js';

interface Peer {
  hello: PeerHello | null;
  connected: boolean;
  down: PeerDown | null;
}

/** What this member knows about the others: their last hello, whether a stream to them is up, and why not. */
export class Roster {
  private readonly peers = new Map<MemberId, Peer>();
  /** What peers acknowledged to this member while it led, since its start. */
  private readonly acknowledged = new Map<NodeId, LogPoint>();

  constructor(members: Iterable<MemberId>) {
    for (const id of members) this.peers.set(id, { hello: null, connected: false, down: null });
  }

  /** Returns the boot number that the member had before, or null when it was not heard before. */
  up(hello: PeerHello): number | null {
    const peer = this.peer(hello.memberId);
    const former = peer.hello;
    peer.hello = hello;
    peer.connected = true;
    peer.down = null;
    return former !== null && former.nodeId === hello.nodeId ? former.boot : null;
  }

  down(member: MemberId, down: PeerDown): void {
    const peer = this.peer(member);
    peer.connected = false;
    peer.down = down;
  }

  hello(member: MemberId): PeerHello | null {
    return this.peers.get(member)?.hello ?? null;
  }

  connected(member: MemberId): boolean {
    return this.peers.get(member)?.connected ?? false;
  }

  /** The folder with which the member's process answers at present; null: it is not reached. */
  answering(member: MemberId): NodeId | null {
    const peer = this.peers.get(member);
    return peer !== undefined && peer.connected ? (peer.hello?.nodeId ?? null) : null;
  }

  /**
   * From now on these are the members. Who else has a stream stays known until it ends: it may be a member again
   * before that, and is greeted once per stream.
   */
  keep(members: ReadonlySet<MemberId>): void {
    for (const [id, { connected }] of this.peers) if (!members.has(id) && !connected) this.peers.delete(id);
    for (const id of members) this.peer(id);
  }

  connectedHellos(): PeerHello[] {
    return [...this.peers.values()].flatMap(({ connected, hello }) =>
      connected && hello !== null ? [hello] : [],
    );
  }

  noteAcknowledged(peer: NodeId, point: LogPoint): boolean {
    const known = this.acknowledged.get(peer);
    if (known !== undefined && comparePoints(point, known) <= 0) return false;
    this.acknowledged.set(peer, point);
    return true;
  }

  acknowledgedBy(peer: NodeId): LogPoint | null {
    return this.acknowledged.get(peer) ?? null;
  }

  statuses(self: PeerHello, configuration: Configuration): MemberStatus[] {
    const nodes = [...configuration.voters, ...configuration.outgoing, ...configuration.learners];
    // A member that left says goodbye later. Before there is a configuration, who was met is all that is known.
    const met = nodes.length === 0 ? this.peers.keys() : [];
    const ids = new Set<MemberId>([self.memberId, ...nodes.map(memberOf), ...met]);
    const voters = new Map<MemberId, NodeId>();
    for (const node of [...configuration.outgoing, ...configuration.voters]) voters.set(memberOf(node), node);
    return [...ids].sort().map((id) => {
      const hello = id === self.memberId ? self : this.hello(id);
      const node = voters.get(id);
      const voter = node !== undefined && (hello === null || hello.nodeId === node);
      return { id, hello, voter, connected: id === self.memberId || this.connected(id) };
    });
  }

  /** "2 of 3 voters reachable (m1, m2; m3 refused)". A voter is a folder: one that replaced it does not count. */
  reach(self: NodeId, { voters, outgoing }: Configuration): string {
    const nodes = [...new Set([...voters, ...outgoing])].sort();
    const reached = nodes.filter((node) => node === self || this.reaches(node));
    const missing = nodes.filter((node) => !reached.includes(node));
    const why = missing.map((node) => `${memberOf(node)} ${this.whyNot(node)}`);
    const list = [reached.map(memberOf).join(', '), ...why].filter((part) => part !== '');
    const [first = 'none', ...others] = list;
    const more = others.length === 0 ? '' : `; ${others.join(', ')}`;
    return `${reached.length} of ${nodes.length} voters reachable (${first}${more})`;
  }

  private reaches(node: NodeId): boolean {
    const member = memberOf(node);
    return this.connected(member) && this.hello(member)?.nodeId === node;
  }

  private whyNot(node: NodeId): string {
    const member = memberOf(node);
    return this.connected(member) ? 'answers with another folder, which has no vote' : this.why(member);
  }

  private why(id: MemberId): string {
    const down = this.peers.get(id)?.down ?? null;
    if (down === null) return 'not reached yet';
    switch (down.kind) {
      case 'refused':
        return 'refused';
      case 'ended-by-peer':
        return 'ended the stream';
      case 'rejected':
        return `rejected us: ${down.message}`;
      case 'rejected-here':
        return `is not let in: ${down.message}`;
      case 'closed-here':
      case 'unreachable':
        return down.why;
    }
  }

  private peer(id: MemberId): Peer {
    let peer = this.peers.get(id);
    if (peer === undefined) {
      peer = { hello: null, connected: false, down: null };
      this.peers.set(id, peer);
    }
    return peer;
  }
}
