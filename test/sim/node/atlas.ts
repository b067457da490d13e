import type { SimNode } from './node.js';

/** A member that was damaged and is not known to be whole again. */
interface Wound {
  readonly node: SimNode;
  /** What the group had applied when it happened: it must have come back. */
  readonly index: number;
  readonly lives: number;
}

/**
 * Keeps damage within what the group promises to survive: at no time more than a minority of its voters have lost
 * anything that is not back yet. Whoever was let back by the group, votes, and has applied what there was, is whole.
 */
export class Atlas {
  private readonly nodes: readonly SimNode[];
  private readonly applied: () => number;
  private readonly wounds = new Map<SimNode, Wound>();
  private readonly healed: (node: SimNode) => void;

  constructor(nodes: readonly SimNode[], applied: () => number, healed: (node: SimNode) => void) {
    this.nodes = nodes;
    this.applied = applied;
    this.healed = healed;
  }

  isWounded(node: SimNode): boolean {
    return this.wounds.has(node);
  }

  /** Whether `node` may be damaged now. */
  allows(node: SimNode): boolean {
    this.look();
    const others = this.wounds.size - (this.wounds.has(node) ? 1 : 0);
    return others < Math.floor((this.voters() - 1) / 2);
  }

  wounded(node: SimNode): void {
    this.wounds.set(node, { node, index: this.applied(), lives: node.lives });
  }

  /** Strikes off who is whole again. */
  look(): void {
    for (const wound of this.wounds.values()) {
      if (!isWhole(wound)) continue;
      this.wounds.delete(wound.node);
      this.healed(wound.node);
    }
  }

  /** The smallest number of voters that any member believes in. */
  private voters(): number {
    let least = this.nodes.length;
    for (const { life } of this.nodes) {
      const status = life?.member?.status();
      const voters = status?.members.filter((member) => member.voter).length ?? 0;
      if (typeof status?.clusterId === 'string' && voters > 0) least = Math.min(least, voters);
    }
    return least;
  }
}

function isWhole({ node, index, lives }: Wound): boolean {
  const status = node.life?.doors?.member.status();
  if (status === undefined || node.lives === lives) return false;
  const { role, voter, trouble, appliedIndex, lastIndex, commitIndex } = status;
  const serves = trouble === null && voter && role !== 'recovering' && role !== 'learner';
  return serves && appliedIndex >= index && commitIndex >= index && lastIndex >= index;
}
