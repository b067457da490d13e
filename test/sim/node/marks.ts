import type { NodeView } from '../../../lib/raft/index.js';
import type { Damage } from './damage.js';
import { HEALS } from './partitions.js';
import { consensusOf } from './observe.js';
import type { SimNode } from './node.js';

/** States worth having been in: a batch in which one of them never came about proves less than it seems to. */
export const MARKS = [
  'peer probed',
  'peer replicated to',
  'peer sent a snapshot',
  'learner',
  'joint configuration',
  'crash while joint',
  'snapshot during a change of members',
  'recovering',
  'leader removed',
  'voter demoted',
  'learner promoted after catching up',
  'member replaced by a learner',
  'member replaced by one that was let in for it',
  'removed member lingers',
  'removed member found out',
  'change refused for the quorum',
  'change of members with an unknown outcome',
  'leader crashed while joint',
  'cut while joint',
  'stop while joint',
  'address changed',
  'one voter',
  'five voters',
  'lost tail refilled',
  'hole refilled',
  'wrong bytes refilled',
  'votes lost: came back as a new folder',
  'wiped: came back as a new folder',
  'copy from the past found out',
  'process ended by a failed write',
  'growth refused',
  'write repeated',
  'session expired',
  'outcome unknown',
  'lease held',
  'read under a lease',
  'leader gave up without a quorum',
  'leader handed over for its disk',
  'leader doubted itself after a pause',
  'session moved to another member',
  'session of a coordination client expired',
  'ephemeral nodes removed by an expiry',
  'session refused for its password',
  'write refused: its session had moved',
  'multi refused',
  'container collected',
  'node collected at the end of its time',
  'sync and read',
  'sync and read behind a cut',
  'read after a move',
  'watch told',
  'persistent watch told',
  'watch told when it was set again',
  ...HEALS,
  'isolated member came back',
] as const;

export type Mark = (typeof MARKS)[number];

const REFILLED: Partial<Record<Damage, Mark>> = {
  'lost-tail': 'lost tail refilled',
  hole: 'hole refilled',
  'wrong-bytes': 'wrong bytes refilled',
  witness: 'votes lost: came back as a new folder',
  'wiped-folder': 'wiped: came back as a new folder',
};

/** What one run has seen. */
export class Marks {
  private readonly seen = new Set<Mark>();

  get list(): readonly Mark[] {
    return [...this.seen];
  }

  see(mark: Mark): void {
    this.seen.add(mark);
  }

  /** Looks at everybody; asked now and then. */
  look(nodes: readonly SimNode[]): void {
    for (const { life } of nodes) {
      const member = life?.member ?? null;
      const running = member === null ? null : consensusOf(member);
      if (member === null || running === null) continue;
      this.consensus(running.raft.view);
      const { role, interruptions, lease } = member.status();
      if (role === 'recovering') this.see('recovering');
      if (interruptions.quorumLosses > 0) this.see('leader gave up without a quorum');
      if (interruptions.diskHandOvers > 0) this.see('leader handed over for its disk');
      if (interruptions.doubts > 0) this.see('leader doubted itself after a pause');
      if (lease.held) this.see('lease held');
      if (lease.reads > 0) this.see('read under a lease');
    }
  }

  /** A process is about to end. */
  ends(view: NodeView): void {
    if (view.configuration.outgoing.length === 0) return;
    this.see('crash while joint');
    if (view.role === 'leader') this.see('leader crashed while joint');
  }

  /** A received state took the place of a member's own. */
  installed(view: NodeView): void {
    const { outgoing, learners } = view.configuration;
    if (outgoing.length > 0 || learners.length > 0) this.see('snapshot during a change of members');
  }

  healed(damage: Damage): void {
    const mark = REFILLED[damage];
    if (mark !== undefined) this.see(mark);
  }

  private consensus(view: NodeView): void {
    const { outgoing, learners } = view.configuration;
    if (outgoing.length > 0) this.see('joint configuration');
    if (learners.length > 0) this.see('learner');
    for (const { state } of view.peers()) {
      if (state === 'probe') this.see('peer probed');
      else if (state === 'replicate') this.see('peer replicated to');
      else this.see('peer sent a snapshot');
    }
  }
}
