import { must } from '../../base/index.js';
import type { Resources } from '../../state/index.js';
import { NOTHING, add, dominantShare } from '../resources/quantities.js';
import type { AllocationInput, OfferableFramework } from './types.js';

export interface FrameworkShare {
  readonly framework: OfferableFramework;
  held: Resources;
  share: number;
}

export interface RoleShare {
  readonly role: string;
  readonly weight: number;
  held: Resources;
  /** Dominant share divided by the role's weight. */
  share: number;
  /** Furthest below its fair share first. */
  readonly frameworks: FrameworkShare[];
}

/**
 * Who is served next: dominant resource fairness (Ghodsi et al., NSDI 2011), weighted among roles, plain among
 * the frameworks of a role. Equal shares are served in order of names.
 */
export class FairShares {
  /** Furthest below its fair share first. */
  readonly roles: RoleShare[];
  private readonly total: Resources;

  constructor(input: Pick<AllocationInput, 'total' | 'frameworks' | 'heldByRole' | 'weightMilli'>) {
    this.total = input.total;
    const roles = new Map<string, RoleShare>();
    for (const framework of input.frameworks) {
      for (const role of framework.roles) {
        let entry = roles.get(role);
        if (entry === undefined) roles.set(role, (entry = this.roleShare(role, input)));
        const held = framework.held.get(role) ?? NOTHING;
        entry.frameworks.push({ framework, held, share: dominantShare(held, this.total) });
      }
    }
    this.roles = [...roles.values()].sort(byRole);
    for (const { frameworks } of this.roles) frameworks.sort(byFramework);
  }

  /**
   * Counts resources as held from now on by the framework at `frameworkAt` of the role at `roleAt`, both of which
   * move towards the end of their lists.
   */
  charge(roleAt: number, frameworkAt: number, resources: Resources): void {
    const entry = must(this.roles[roleAt], `no role at ${roleAt}`);
    const holder = must(
      entry.frameworks[frameworkAt],
      `no framework at ${frameworkAt} of role ${entry.role}`,
    );
    holder.held = add(holder.held, resources);
    holder.share = dominantShare(holder.held, this.total);
    moveBack(entry.frameworks, frameworkAt, byFramework);
    entry.held = add(entry.held, resources);
    entry.share = dominantShare(entry.held, this.total) / entry.weight;
    moveBack(this.roles, roleAt, byRole);
  }

  private roleShare(role: string, input: Pick<AllocationInput, 'heldByRole' | 'weightMilli'>): RoleShare {
    const held = input.heldByRole.get(role) ?? NOTHING;
    const weight = input.weightMilli(role) / 1000;
    return { role, weight, held, share: dominantShare(held, this.total) / weight, frameworks: [] };
  }
}

function byRole(a: RoleShare, b: RoleShare): number {
  return a.share - b.share || (a.role < b.role ? -1 : 1);
}

function byFramework(a: FrameworkShare, b: FrameworkShare): number {
  return a.share - b.share || (a.framework.frameworkId < b.framework.frameworkId ? -1 : 1);
}

/** Restores the order after the item at `from` grew: it can only move towards the end. */
function moveBack<T>(list: T[], from: number, compare: (a: T, b: T) => number): void {
  const item = list[from]!;
  let low = from + 1;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(list[middle]!, item) < 0) low = middle + 1;
    else high = middle;
  }
  // A plain loop: `copyWithin` on ordinary arrays took eight times as long with 1,000 frameworks.
  for (let at = from; at + 1 < low; at++) list[at] = list[at + 1]!;
  list[low - 1] = item;
}
