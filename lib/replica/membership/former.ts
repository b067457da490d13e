import { memberOf, type ErrorCode, type Logger, type NodeId } from '../../base/index.js';
import { isJoint, membersOf, type Configuration, type RaftStatus } from '../../raft/index.js';
import type { Machine, PlainCommand } from '../../state/index.js';
import type { Outcome } from '../types.js';

/** From this command level on, members know how to forget a folder with its lane. */
const FORGET_LANE_LEVEL = 3;
/** From this one on, they remember who left. */
const REMEMBER_LEVEL = 4;
/** Folders that said hello and may have left; beyond it the one that spoke first is let go, and speaks again. */
const NOTICED = 16;

/**
 * What `node` has to hear when it speaks up: that it was in the group and left it. Null when nothing of that is on
 * record here, which proves nothing: this member may lag behind.
 */
export function retirementOf(
  machine: Machine,
  configuration: Configuration,
  node: NodeId,
): { readonly code: ErrorCode; readonly message: string } | null {
  const record = machine.membership.retired(node);
  if (record === null) return null;
  const present = membersOf(configuration);
  if (present.includes(node)) return null;
  const member = memberOf(node);
  const left = `the folder ${node} left the group (entry ${record.index})`;
  const successor = present.find((one) => memberOf(one) === member);
  if (successor !== undefined) {
    return { code: 'RETIRED', message: `${left}: ${member} is in it with the folder ${successor}` };
  }
  const members = [...new Set(present.map(memberOf))].sort().join(', ');
  return {
    code: 'REMOVED',
    message: `${left}, and ${member} is not a member any more; the members are ${members}`,
  };
}

export interface FormerHost {
  readonly logger: Logger;
  readonly status: () => RaftStatus;
  readonly present: () => { readonly configuration: Configuration; readonly committed: boolean };
  readonly machine: () => Machine;
  readonly command: (command: PlainCommand, done: (outcome: Outcome) => void) => void;
  /** Calls back with true once a quorum, asked after the call, has confirmed that this member leads. */
  readonly verify: (done: (confirmed: boolean) => void) => void;
}

/**
 * The leader's care for folders that left the configuration: it forgets what the record of members holds of them, and
 * notes that they are retired. A folder may be called so only if it belonged to the group: it is one of
 *
 * - One that this leader had in its configuration, and not in the one that it committed after that.
 * - One with a lane in the machine. Its sub-batches were taken while it was in the configuration.
 * - One that said hello as a part of this group, before a round of heartbeats by which a quorum confirmed the leader. A
 *   folder belongs to a group only after it was let in, and what was committed before that round is known to the leader.
 *
 * If the committed configuration does not name it then, it left; and since a folder asks to be let in only while it
 * belongs to no group, it will never be named again. So this stays true whenever it is committed, and by whomever.
 */
export class FormerFolders {
  private readonly host: FormerHost;
  private readonly noticed = new Set<NodeId>();
  private busy = false;

  constructor(host: FormerHost) {
    this.host = host;
  }

  /** A folder that belongs to this group by its own word said hello. */
  heard(node: NodeId): void {
    this.noticed.delete(node);
    this.noticed.add(node);
    if (this.noticed.size > NOTICED) for (const first of this.noticed) return void this.noticed.delete(first);
  }

  /** Called now and then while this member leads and no change is under way. */
  tick(): void {
    const present = this.settled();
    if (this.busy || present === null) return;
    const { cluster } = this.host.machine();
    const former = cluster.members().find(({ node }) => !present.includes(node));
    if (former !== undefined) return this.forget(former.node, present);
    this.judgeNoticed(present);
  }

  /** This leader saw these folders leave: they may not come back, not even with the token that let them in. */
  left(nodes: readonly NodeId[], then: () => void): void {
    const [node, ...rest] = nodes;
    const present = this.settled();
    const level = present === null ? null : this.lowestLevel(present);
    if (node === undefined || level === null || level < REMEMBER_LEVEL) return then();
    // Were this lost, the folder would be forgotten later, as any other that is not in the configuration.
    this.retire(node, () => this.left(rest, then));
  }

  private forget(node: NodeId, present: readonly NodeId[]): void {
    const { host } = this;
    const level = this.lowestLevel(present);
    // Who has just come tells soon which commands it knows.
    if (level === null) return;
    host.logger.info({ node }, `membership: ${node} is forgotten`);
    if (level >= REMEMBER_LEVEL && host.machine().lane(node) !== null) return this.retire(node);
    this.propose({ kind: level < FORGET_LANE_LEVEL ? 'member-forget' : 'member-retire', node });
  }

  private judgeNoticed(present: readonly NodeId[]): void {
    const { membership } = this.host.machine();
    for (const node of this.noticed) {
      if (present.includes(node) || membership.retired(node) !== null) this.noticed.delete(node);
    }
    const [node] = this.noticed;
    if (node === undefined || (this.lowestLevel(present) ?? 0) < REMEMBER_LEVEL) return;
    this.busy = true;
    this.host.verify((confirmed) => {
      this.busy = false;
      const now = confirmed ? this.settled() : null;
      if (now !== null && !now.includes(node)) this.retire(node);
    });
  }

  private retire(node: NodeId, then: () => void = () => undefined): void {
    const index = this.host.status().commit;
    this.host.logger.info({ node, index }, `membership: ${node} is retired`);
    this.propose({ kind: 'member-retired', node, index }, then);
  }

  private propose(command: PlainCommand, then: () => void = () => undefined): void {
    this.busy = true;
    this.host.command(command, () => {
      this.busy = false;
      then();
    });
  }

  /** The folders of the configuration, if it is one that the group will not lose again. */
  private settled(): NodeId[] | null {
    const { configuration, committed } = this.host.present();
    return committed && !isJoint(configuration) ? membersOf(configuration) : null;
  }

  /** Null while somebody has not told. */
  private lowestLevel(present: readonly NodeId[]): number | null {
    const { cluster } = this.host.machine();
    let lowest = Infinity;
    for (const node of present) {
      const member = cluster.member(node);
      if (member === null) return null;
      lowest = Math.min(lowest, member.commandLevel);
    }
    return lowest;
  }
}
