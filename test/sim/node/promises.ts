import type { NodeId } from '../../../lib/base/index.js';
import { majority, type Message, type NodeView } from '../../../lib/raft/index.js';
import { MS, type Schedule } from '../schedule.js';
import { check } from '../violation.js';
import { consensusOf } from './observe.js';
import type { SimNode } from './node.js';

/** What one life of a process is held to. */
interface Life {
  /** Its folder belonged to the group when it began. */
  readonly returned: boolean;
  readonly configuration: NodeView['configuration'];
  /** What the group had applied when it began with a damaged log; null: it is whole, or whole again. */
  ailing: number | null;
  /** What the group had applied when it spoke first, as one that recovers, for it had met too few. */
  unheard: number | null;
}

/** What the rules have to know of the group. */
export interface Facts {
  readonly applied: () => number;
  readonly nodes: () => readonly SimNode[];
}

/**
 * Promises of members that matter only in coincidences too rare for a seed to hold: they are checked as promises. The
 * members' own word is taken for nothing but that they hold themselves bound.
 */
export class Promises {
  private readonly schedule: Schedule;
  private readonly facts: Facts;
  private readonly lives = new Map<SimNode, Life>();
  /** Folders that a process met since it began. */
  private readonly met = new Map<SimNode, Set<NodeId>>();
  /** When each machine last took something from a leader. */
  private readonly heard = new Map<SimNode, Map<NodeId, number>>();

  constructor(schedule: Schedule, facts: Facts) {
    this.schedule = schedule;
    this.facts = facts;
  }

  /** A process begins. */
  begins(node: SimNode): void {
    this.met.set(node, new Set());
    this.lives.delete(node);
  }

  metBy(node: SimNode, folder: NodeId): void {
    this.met.get(node)?.add(folder);
  }

  /** It drives consensus from here on. `damaged`: it found its log not to be what it should be. */
  runs(node: SimNode, view: NodeView, damaged: boolean): void {
    check(
      node.votesLost !== view.id,
      'votes-lost',
      () => `${view.id} takes part again, although nobody knows any more whom it voted for`,
    );
    this.lives.set(node, {
      returned: node.opened,
      configuration: view.configuration,
      ailing: damaged ? this.facts.applied() : null,
      unheard: null,
    });
  }

  /**
   * It says something to others: first of all it has asked most of them what it had promised, or it recovers, since
   * those whom its log names may be gone, and counts for nothing.
   */
  says(node: SimNode, view: NodeView, { type }: Message): void {
    const life = this.lives.get(node);
    // A process that ended in the middle of a turn sends none of the rest of it.
    if (life?.returned !== true || node.life === null) return;
    const met = this.met.get(node)!;
    const { voters, outgoing } = life.configuration;
    for (const half of [voters, outgoing]) {
      if (!half.includes(view.id)) continue;
      const known = half.filter((one) => one === view.id || met.has(one)).length;
      if (known >= majority(half.length)) continue;
      if (recovers(node)) life.unheard ??= this.facts.applied();
      else {
        check(
          life.unheard !== null && node.life.member!.status().lastIndex >= life.unheard,
          'asks-first',
          () => `${view.id} sends a ${type} after its restart, and has met ${known} of ${half.length} voters`,
        );
      }
    }
    if (type === 'vote' || type === 'vote-reply') this.recovery(node);
  }

  /** It was given a message. */
  hears(node: SimNode, view: NodeView, { type, from, term }: Message): void {
    if ((type !== 'append' && type !== 'heartbeat') || term !== view.term) return;
    const heard = this.heard.get(node) ?? new Map<NodeId, number>();
    this.heard.set(node, heard);
    heard.set(from, this.schedule.now);
  }

  /** Looks at everybody. */
  look(): void {
    for (const node of this.facts.nodes()) {
      this.recovery(node);
      this.lease(node);
    }
  }

  /** `node` was elected: nobody else may answer reads alone. */
  elected(node: SimNode): void {
    for (const other of this.facts.nodes()) {
      check(
        other === node || !holdsLease(other),
        'lease',
        () => `${node.id} is elected while ${other.id} holds a lease`,
      );
    }
  }

  /** A damaged log is whole again only when it holds what the group had applied when this life began. */
  private recovery(node: SimNode): void {
    const life = this.lives.get(node);
    const member = node.life?.member ?? null;
    if (life === undefined || life.ailing === null || member === null) return;
    const { role, lastIndex } = member.status();
    if (role === 'recovering') return;
    const wanted = life.ailing;
    life.ailing = null;
    check(
      lastIndex >= wanted,
      'recovered',
      () =>
        `${node.id} calls its log whole: it ends at ${lastIndex}, ${wanted} was applied when it was damaged`,
    );
  }

  /** Who holds a lease was heard within it by a quorum. */
  private lease(node: SimNode): void {
    const member = node.life?.member ?? null;
    const view = member === null ? undefined : consensusOf(member)?.raft.view;
    if (view === undefined || !holdsLease(node)) return;
    const { voters, outgoing, leaseMs } = view.configuration;
    const { now } = this.schedule;
    const heardBy = (folder: NodeId): boolean => {
      if (folder === view.id) return true;
      const other = this.facts.nodes().find((one) => folder.startsWith(`${one.id}@`))!;
      const atUs = this.heard.get(other)?.get(view.id) ?? -Infinity;
      return (now - atUs) * other.clock.rate < leaseMs * MS;
    };
    for (const half of [voters, outgoing]) {
      const heard = half.filter(heardBy);
      check(
        half.length === 0 || heard.length >= majority(half.length),
        'lease',
        () =>
          `${view.id} holds a lease of ${leaseMs} ms; heard within it by ${heard.join(', ')} of ${half.join(', ')}`,
      );
    }
  }
}

function recovers(node: SimNode): boolean {
  return node.life?.member?.status().role === 'recovering';
}

function holdsLease({ life }: SimNode): boolean {
  const member = life?.member ?? null;
  if (life === null || member === null || life.host.stopped) return false;
  const leaseMs = consensusOf(member)?.raft.view.configuration.leaseMs ?? 0;
  return leaseMs > 0 && member.status().lease.held;
}
