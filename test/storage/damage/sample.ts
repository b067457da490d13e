import { below, type Random } from '../../../lib/base/index.js';
import type { Damage } from './kinds.js';

/** At most `perKind` of each kind, drawn by `random`, in their order. */
export function sample(all: readonly Damage[], perKind: number, random: Random): Damage[] {
  const kinds = new Map<string, Damage[]>();
  for (const damage of all) {
    const of = kinds.get(damage.kind);
    if (of === undefined) kinds.set(damage.kind, [damage]);
    else of.push(damage);
  }
  return [...kinds.values()].flatMap((of) => drawn(of, perKind, random));
}

function drawn(of: readonly Damage[], count: number, random: Random): Damage[] {
  if (of.length <= count) return [...of];
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(below(random, of.length));
  return of.filter((_, at) => chosen.has(at));
}
