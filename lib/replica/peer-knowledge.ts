import type { MemberId, NodeId } from '../base/index.js';
import type { RaftNode } from '../raft/index.js';
import { comparePoints } from '../storage/index.js';
import type { LogPoint, RaftLog } from '../storage/types.js';
import type { PeerHello } from '../transport/types.js';
import type { Boots } from './boots.js';
import type { Persister } from './persist.js';
import type { Roster } from './roster.js';
import type { Standing } from './standing.js';

export interface PeerKnowledgeHost {
  readonly node: NodeId;
  readonly log: RaftLog;
  readonly raft: RaftNode;
  readonly roster: Roster;
  readonly boots: Boots;
  readonly standing: Standing;
  readonly persister: Persister;
}

/** What members remember of each other's promises, and tell each other at every handshake. */
export class PeerKnowledge {
  private readonly host: PeerKnowledgeHost;
  /** Hellos whose contents were taken in. */
  private readonly met = new WeakSet<PeerHello>();

  constructor(host: PeerKnowledgeHost) {
    this.host = host;
  }

  /** Before anything else of a peer is believed: what it knows about us. */
  meet(hello: PeerHello): void {
    if (this.met.has(hello)) return;
    this.met.add(hello);
    this.isBound(hello);
    const { node, ...point } = hello.acknowledged;
    if (node === null || node === this.host.node) this.host.standing.heard(hello.nodeId, point);
  }

  /**
   * The folder belongs to this group, so it may have voted in it; one that comes unbound after that is a copy from before.
   * A founder that was not told yet has promised nothing, and is not noted.
   */
  isBound(hello: PeerHello, proven: boolean = !hello.unbound): void {
    if (proven) this.host.boots.saw(hello);
  }

  /** What this member knows `peer` to have acknowledged: told to it at every handshake. */
  acknowledgedBy(peer: NodeId): LogPoint {
    const { raft, log, roster } = this.host;
    if (raft.status().role === 'leader') this.noteProgress();
    const stored = log.acknowledgedBy(peer);
    const known = roster.acknowledgedBy(peer);
    return known !== null && comparePoints(known, stored) > 0 ? known : stored;
  }

  /** `member` was told what is true of the state that this one has: it waits until it has applied as much. */
  expects(member: MemberId): void {
    const { raft, roster } = this.host;
    const folder = roster.answering(member);
    if (folder !== null) raft.awaits(folder, raft.view.commit);
  }

  /** Remembers how far peers have acknowledged: it rides along in the batch that is written next. */
  noteProgress(): void {
    const { raft, roster, persister } = this.host;
    for (const { id, match } of raft.status().peers) {
      const term = match === 0 ? null : raft.view.termAt(match);
      if (term === null) continue;
      const point = { term, index: match };
      if (roster.noteAcknowledged(id, point)) persister.noteAcknowledged(id, point);
    }
  }
}
