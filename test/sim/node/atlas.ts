import type { NodeId } from '../../../lib/base/index.js';
import type { LogPoint } from '../../../lib/storage/index.js';
import type { Damage } from './damage.js';
import { survivable } from './losses.js';
import type { SimNode } from './node.js';
import { readDisk, type OnDisk } from './on-disk.js';

/** A member that was damaged and is not known to be whole again. */
interface Wound {
  readonly node: SimNode;
  /** What the group had applied when it happened: it must have come back. */
  readonly index: number;
  readonly damage: Damage;
  readonly lives: number;
}

/** What the atlas knows of the group. */
export interface GroupFacts {
  /** Highest index that somebody has applied. */
  readonly applied: () => number;
  /**
   * Folders that vote by a configuration that the present leader has committed; null: there is no leader, or two
   * configurations count while one takes the place of the other.
   */
  readonly voters: () => readonly NodeId[] | null;
  /** Whether the group has this machine among its members. */
  readonly isMember: (node: SimNode) => boolean;
  /** An operator waits for a change: what is lost meanwhile could be more than it was judged by. */
  readonly changing: () => boolean;
  readonly nodes: () => readonly SimNode[];
  /** How far a folder has acknowledged the log, to whomever. */
  readonly acknowledged: (folder: NodeId) => LogPoint;
}

/**
 * Keeps damage within what the group promises to survive: at no time more than a minority of its voters have lost
 * anything that is not back yet, and what was lost can be seen, or is not needed (`losses.ts`). Whoever was let back by
 * the group, votes, and has applied what there was, is whole.
 */
export class Atlas {
  private readonly group: GroupFacts;
  private readonly wounds = new Map<SimNode, Wound>();
  private readonly healed: (node: SimNode, damage: Damage) => void;

  constructor(group: GroupFacts, healed: (node: SimNode, damage: Damage) => void) {
    this.group = group;
    this.healed = healed;
  }

  isWounded(node: SimNode): boolean {
    return this.wounds.has(node);
  }

  /** Members that are not whole. */
  get damaged(): number {
    this.look();
    return this.wounds.size;
  }

  /** The voters by which `node` may be damaged now; null: it may not. */
  allows(node: SimNode): readonly NodeId[] | null {
    if (this.group.changing() || !this.group.isMember(node)) return null;
    const voters = this.group.voters();
    if (voters === null) return null;
    this.look();
    // Its term and vote are in one place only, until a start has written them to the other again.
    if (this.wounds.get(node)?.damage === 'witness-slot') return null;
    const others = this.wounds.size - (this.wounds.has(node) ? 1 : 0);
    return others < Math.floor((voters.length - 1) / 2) ? voters : null;
  }

  /** Whether the group promises to survive what `damage` has made of the disk of `node`, which was as `before`. */
  survives(node: SimNode, damage: Damage, before: OnDisk, voters: readonly NodeId[]): boolean {
    const others = this.group.nodes().filter((other) => other !== node);
    return survivable({
      damage,
      before,
      after: readDisk(node.disk.memory),
      acknowledged: this.group.acknowledged,
      voters,
      others: others.map(({ disk }) => readDisk(disk.memory)),
      wounded: others.filter((other) => this.wounds.has(other)).map(({ disk }) => readDisk(disk.memory)),
    });
  }

  wounded(node: SimNode, damage: Damage): void {
    this.wounds.set(node, { node, damage, index: this.group.applied(), lives: node.lives });
  }

  /** Strikes off who is whole again, and whom the group let go. */
  look(): void {
    for (const node of this.wounds.keys()) if (!this.group.isMember(node)) this.wounds.delete(node);
    const voters = this.group.voters();
    if (voters === null) return;
    for (const wound of this.wounds.values()) {
      if (!isWhole(wound, voters)) continue;
      this.wounds.delete(wound.node);
      this.healed(wound.node, wound.damage);
    }
  }
}

function isWhole({ node, index, lives }: Wound, voters: readonly NodeId[]): boolean {
  const doors = node.life?.doors ?? null;
  if (doors === null || node.lives === lives) return false;
  // Found whole, and noted so: a process that ended before the note would begin to recover again.
  if (doors.folder.log?.health.kind !== 'intact') return false;
  const status = doors.member.status();
  if (!voters.includes(status.self.nodeId)) return false;
  const { role, trouble, appliedIndex, lastIndex, commitIndex } = status;
  const serves = trouble === null && role !== 'recovering';
  return serves && appliedIndex >= index && commitIndex >= index && lastIndex >= index;
}
