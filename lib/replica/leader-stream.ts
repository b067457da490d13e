import type { Logger, MemberId, NodeId } from '../base/index.js';
import type { RaftNode } from '../raft/index.js';
import type { PeerDown, PeerHello, Transport } from '../transport/types.js';
import type { LeadershipView } from './types.js';

export interface LeaderStreamHost {
  readonly raft: RaftNode;
  readonly transport: Transport;
  readonly logger: Logger;
  readonly view: () => LeadershipView;
}

/**
 * What the stream to the leader says about it. A stream that the other side ended is dialled again at once, and only
 * what that dial meets counts: nothing listens any more, or another start of the process answers. Then the leader is
 * surely gone, and consensus need not wait for an election timeout.
 */
export class LeaderStream {
  private readonly host: LeaderStreamHost;
  /** The latest start on each folder that consensus was spoken with. */
  private readonly spoke = new Map<NodeId, number>();

  constructor(host: LeaderStreamHost) {
    this.host = host;
  }

  /** A message of consensus came from there. */
  heard({ nodeId, boot }: PeerHello): void {
    if ((this.spoke.get(nodeId) ?? 0) < boot) this.spoke.set(nodeId, boot);
  }

  /**
   * The stream to a peer is new. If it led and another start of its process answers, the leader is gone; unless that
   * start is the one that leads: its own stream to this member may have come up first.
   */
  up(hello: PeerHello, formerBoot: number | null): void {
    const { view, raft } = this.host;
    const now = view();
    const leads = now.kind === 'following' && now.leader === hello.memberId;
    if (!leads || formerBoot === null || hello.boot <= formerBoot) return;
    if (hello.boot > (this.spoke.get(hello.nodeId) ?? 0)) raft.campaignHint();
  }

  /** The stream to `member`, or an attempt, is over. True: it led, and its process is gone. */
  down(member: MemberId, down: PeerDown): boolean {
    const { view, transport, logger, raft } = this.host;
    const now = view();
    if (now.kind !== 'following' || now.leader !== member) return false;
    if (down.kind === 'ended-by-peer') transport.redial(member);
    if (down.kind !== 'refused') return false;
    logger.info({ leader: member }, 'the leader process is gone: campaigning soon');
    raft.campaignHint();
    return true;
  }
}
