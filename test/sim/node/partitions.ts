import { below, chance, pick, type NodeId, type Random } from '../../../lib/base/index.js';
import type { SimNode } from './node.js';

/**
 * What is whole again when faults end, before everything is: each of these leaves somebody with links both ways to a
 * quorum, so the group has to serve (L4; Cloudflare, "A Byzantine failure in the real world", 2020).
 */
export const HEALS = [
  'quorum, others down',
  'quorum, others paused',
  'quorum, others cut off',
  'bridge',
  'deaf member',
  'mute member',
  'ring',
  'leader unseen',
] as const;

export type PartialHeal = (typeof HEALS)[number];
export type Heal = 'everything' | PartialHeal;

/** A ring of majorities needs five. */
const OF_FIVE: ReadonlySet<PartialHeal> = new Set<PartialHeal>(['ring']);

export function drawHeal(random: Random, members: number): Heal {
  const all = HEALS.filter((heal) => members === 5 || (members === 3 && !OF_FIVE.has(heal)));
  return pick(random, ['everything', ...all]);
}

export type Cut = readonly [from: number, to: number];

/** What stays broken. */
export interface Plan {
  readonly name: string;
  /** Members that take no part: down, stopped, or without links both ways. */
  readonly out: readonly SimNode[];
  readonly cuts: readonly Cut[];
}

/** What is known of a group that is to be healed in part. */
export interface Group {
  readonly nodes: readonly SimNode[];
  readonly leader: SimNode;
  readonly voters: readonly NodeId[];
  /** Members that lost something that is not back yet. */
  readonly wounded: readonly SimNode[];
  /** Machines of clients, agents and frameworks. */
  readonly users: readonly number[];
}

/** What is left broken of `group`; null: then nobody would have links both ways to a quorum. */
export function planHeal(heal: PartialHeal, group: Group, random: Random): Plan | null {
  const plan = drawPlan(heal, group, random);
  return plan !== null && isServed(plan, group) ? plan : null;
}

function drawPlan(heal: PartialHeal, group: Group, random: Random): Plan | null {
  const { nodes, wounded, leader, users } = group;
  if (heal.startsWith('quorum')) return withoutMinority(heal, group, random);
  if (wounded.length > 0) return null;
  const numbers = nodes.map(({ number }) => number);
  const voters = nodes.filter((node) => isVoter(node, group));
  const one = chance(random, 0.5) ? leader : pick(random, voters);
  const others = shuffled(
    random,
    numbers.filter((number) => number !== one.number),
  );
  switch (heal) {
    case 'bridge': {
      const half = Math.ceil(others.length / 2);
      const cuts = bothWays(others.slice(0, half), others.slice(half));
      return { name: `bridge at ${one.id}`, out: [], cuts };
    }
    case 'deaf member':
      return { name: `${one.id} hears nobody`, out: [one], cuts: others.map((n): Cut => [n, one.number]) };
    case 'mute member':
      return { name: `nobody hears ${one.id}`, out: [one], cuts: others.map((n): Cut => [one.number, n]) };
    case 'ring':
      // With fewer everybody sees everybody.
      if (nodes.length < 4) return null;
      return { name: 'ring', out: [], cuts: ringCuts(shuffled(random, numbers)) };
    default:
      // Nobody else would be there to carry anything to it.
      if (nodes.length < 2) return null;
      return { name: `${leader.id} unseen`, out: [], cuts: bothWays([leader.number], users) };
  }
}

/** Who is damaged is left out first, so that the others hold everything. */
function withoutMinority(heal: PartialHeal, group: Group, random: Random): Plan | null {
  const { nodes, leader, voters, wounded } = group;
  const most = Math.floor((voters.length - 1) / 2);
  if (most === 0) return null;
  const first = chance(random, 0.5) ? [leader] : [];
  const order = [...wounded, ...first, ...shuffled(random, nodes)].filter((node) => isVoter(node, group));
  const out = [...new Set(order)].slice(0, Math.max(wounded.length, 1 + below(random, most)));
  const inside = nodes.filter((node) => !out.includes(node));
  const cuts =
    heal === 'quorum, others cut off'
      ? bothWays(
          out.map(({ number }) => number),
          inside.map(({ number }) => number),
        )
      : [];
  return { name: `${heal}: ${out.map(({ id }) => id).join(', ')}`, out, cuts };
}

/**
 * Raft promises an election only where a voter with links to a quorum holds as much as that quorum does: in a quorum
 * of which all see each other, or where every voter sees a quorum.
 */
function isServed({ out, cuts }: Plan, { nodes, voters, wounded }: Group): boolean {
  const sound = nodes.filter(
    (node) => voters.includes(node.folder!) && !out.includes(node) && !wounded.includes(node),
  );
  const quorum = Math.floor(voters.length / 2) + 1;
  const isLinked = (a: SimNode, b: SimNode): boolean => !isApart(cuts, a, b);
  const allSee = (group: readonly SimNode[]): boolean =>
    group.every((a) => group.every((b) => a === b || isLinked(a, b)));
  if (subsets(sound).some((group) => group.length >= quorum && allSee(group))) return true;
  return (
    sound.length === voters.length &&
    sound.every((a) => sound.filter((b) => a === b || isLinked(a, b)).length >= quorum)
  );
}

export function isApart(cuts: readonly Cut[], a: SimNode, b: SimNode): boolean {
  return cuts.some(
    ([from, to]) => (from === a.number && to === b.number) || (from === b.number && to === a.number),
  );
}

function isVoter(node: SimNode, { voters }: Group): boolean {
  return node.folder !== null && voters.includes(node.folder);
}

/** Each reaches its two neighbours only. */
export function ringCuts(ring: readonly number[]): Cut[] {
  const isFar = (a: number, b: number): boolean => {
    const distance = Math.abs(a - b);
    return Math.min(distance, ring.length - distance) > 1;
  };
  return ring.flatMap((a, i) => ring.filter((_, j) => isFar(i, j)).map((b): Cut => [a, b]));
}

export function bothWays(left: readonly number[], right: readonly number[]): Cut[] {
  return left.flatMap((a) =>
    right.flatMap((b): Cut[] => [
      [a, b],
      [b, a],
    ]),
  );
}

function subsets<T>(all: readonly T[]): T[][] {
  return all.reduce<T[][]>((sets, one) => [...sets, ...sets.map((set) => [...set, one])], [[]]);
}

function shuffled<T>(random: Random, all: readonly T[]): T[] {
  const left = [...all];
  return all.map(() => left.splice(below(random, left.length), 1)[0]!);
}
