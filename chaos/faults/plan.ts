import { SeededRandom, below, between, chance, type Random } from '../../lib/base/index.js';

/** Everything that can go wrong. Each is described in `docs/chaos.md`. */
export const FAULT_KINDS = [
  'kill-leader',
  'kill-one',
  'kill-all',
  'pause-leader',
  'pause-one',
  'pause-all',
  'isolate-leader',
  'isolate-one',
  'mute-leader',
  'deafen-leader',
  'reset-links',
  'kill-agent',
  'flip-log',
  'flip-state',
  'flip-witness',
  'flip-cold',
  'full-disk-leader',
  'full-disk-one',
  'wipe-leader',
  'wipe-one',
  'lose-votes',
  'stale-folder',
  'little-room',
  'no-room-leader',
  'no-room-one',
  'grow',
  'grow-kill',
  'shrink-leader',
  'shrink-one',
  'replace-leader',
  'replace-kill',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** These fill disks, which must be small and nobody else's. */
export const ON_SMALL_DISKS: readonly FaultKind[] = ['little-room', 'no-room-leader', 'no-room-one'];

/** These lower a limit of a running process, for which not every machine has a command. */
const BY_LIMITS: readonly FaultKind[] = ['full-disk-leader', 'full-disk-one'];

/** Who can be chosen for the masters of a cluster: of five, two may be down at once. */
export const SIZES: readonly number[] = [3, 5];

/** These hurt more than one master, or need all others whole. */
const ALONE: readonly FaultKind[] = [
  'kill-all',
  'pause-all',
  'flip-cold',
  'little-room',
  'grow-kill',
  'replace-kill',
];

/** Changes of members, of which only one can be under way. */
const CHANGES: readonly FaultKind[] = ['grow', 'shrink-leader', 'shrink-one', 'replace-leader'];

/** What a plan draws from when nothing else is said. */
export function defaultKinds(smallDisks: boolean): FaultKind[] {
  return FAULT_KINDS.filter((kind) => smallDisks || !ON_SMALL_DISKS.includes(kind));
}

/** Of the kinds, those that this machine can do, and those that it has no command for. */
export function possibleKinds(
  wanted: readonly FaultKind[],
  canLimitFiles: () => boolean,
): { kinds: FaultKind[]; leftOut: FaultKind[] } {
  const needed = wanted.filter((kind) => BY_LIMITS.includes(kind));
  const leftOut = needed.length > 0 && !canLimitFiles() ? needed : [];
  return { kinds: wanted.filter((kind) => !leftOut.includes(kind)), leftOut };
}

export interface PlannedFault {
  readonly number: number;
  readonly kind: FaultKind;
  /** Chooses the victim among those that fit when its time has come. */
  readonly draw: number;
  /** How long it lasts: the time a process stays dead or stopped, or a link cut. */
  readonly durationMs: number;
  /** How long nothing goes wrong after it, unless another one comes on top. */
  readonly quietMs: number;
  /** Null: it begins when all before are over. Else it comes on top of the one before, so long after its beginning. */
  readonly afterMs: number | null;
}

export interface Plan {
  readonly seed: number;
  readonly seconds: number;
  /** How many there are; a minority of them may be hurt at once. */
  readonly masters: number;
  /** Before the first fault. */
  readonly warmUpMs: number;
  readonly faults: readonly PlannedFault[];
}

const WARM_UP_MS = 2000;
const LEAST_QUIET_MS = 1200;
/** How long after its end, at most, a fault may still meet with another: its victim is on its way back. */
const AFTERMATH_MS = 2000;
const OVERLAP_CHANCE = 0.6;

/**
 * Shortest and longest. A leader must be cut off for longer than an election takes, sometimes, and a member for longer
 * than the shortest session of a ZooKeeper client lasts.
 */
const DURATIONS: Readonly<Record<FaultKind, readonly [fromMs: number, toMs: number]>> = {
  'kill-leader': [50, 1500],
  'kill-one': [50, 1500],
  'kill-all': [50, 800],
  'pause-leader': [100, 3000],
  'pause-one': [100, 5000],
  'pause-all': [100, 2000],
  'isolate-leader': [800, 4000],
  'isolate-one': [800, 7000],
  'mute-leader': [800, 3000],
  'deafen-leader': [800, 3000],
  'reset-links': [100, 1000],
  'kill-agent': [50, 2000],
  'flip-log': [50, 1500],
  'flip-state': [50, 1500],
  'flip-witness': [50, 1500],
  'flip-cold': [50, 800],
  'full-disk-leader': [50, 1500],
  'full-disk-one': [50, 1500],
  'wipe-leader': [50, 1500],
  'wipe-one': [50, 1500],
  'lose-votes': [50, 1500],
  'stale-folder': [300, 2000],
  'little-room': [300, 2000],
  'no-room-leader': [50, 1500],
  'no-room-one': [50, 1500],
  grow: [50, 1000],
  'grow-kill': [50, 1000],
  'shrink-leader': [50, 1000],
  'shrink-one': [50, 1000],
  'replace-leader': [50, 1000],
  'replace-kill': [50, 1000],
};

/**
 * Draws what happens in `seconds`, from the seed alone. Every kind comes once before any comes again, in a new
 * order each round; at least a quarter of the time, and as long as a third of the fault before it, is quiet. Of five
 * masters or more, a fault may come on top of another.
 */
export function drawPlan(
  seed: number,
  seconds: number,
  kinds: readonly FaultKind[] = defaultKinds(false),
  masters = 3,
): Plan {
  const random = new SeededRandom(seed);
  const faults: PlannedFault[] = [];
  let round: FaultKind[] = [];
  let atMs = WARM_UP_MS;
  for (;;) {
    if (round.length === 0) round = shuffled(kinds, random);
    const first = drawFault(round.pop()!, null, 0, random);
    const next = round.at(-1);
    const group = [first];
    if (masters >= 5 && next !== undefined && mayMeet(first.kind, next) && chance(random, OVERLAP_CHANCE)) {
      round.pop();
      const afterMs = below(random, first.durationMs + AFTERMATH_MS);
      group.push(drawFault(next, afterMs, first.durationMs, random));
    }
    const { afterMs, durationMs, quietMs } = group.at(-1)!;
    atMs += Math.max(first.durationMs, (afterMs ?? 0) + durationMs) + quietMs;
    if (atMs > seconds * 1000 && faults.length > 0) break;
    for (const fault of group) faults.push({ number: faults.length + 1, ...fault });
  }
  return { seed, seconds, masters, warmUpMs: WARM_UP_MS, faults };
}

/** The faults that are in force together, in their order. */
export function groupsOf({ faults }: Plan): PlannedFault[][] {
  const groups: PlannedFault[][] = [];
  for (const fault of faults) {
    if (fault.afterMs === null) groups.push([fault]);
    else groups.at(-1)!.push(fault);
  }
  return groups;
}

/** Each hurts one master at most, and neither keeps the other from its end. */
function mayMeet(one: FaultKind, other: FaultKind): boolean {
  if (ALONE.includes(one) || ALONE.includes(other)) return false;
  return !(CHANGES.includes(one) && CHANGES.includes(other));
}

/** `leastMs` is how long the fault lasts that it comes on top of. */
function drawFault(
  kind: FaultKind,
  afterMs: number | null,
  leastMs: number,
  random: Random,
): Omit<PlannedFault, 'number'> {
  const durationMs = between(random, ...DURATIONS[kind]);
  const lastsMs = Math.max(leastMs, (afterMs ?? 0) + durationMs);
  const quietMs = Math.max(LEAST_QUIET_MS, Math.ceil(lastsMs / 3)) + below(random, 800);
  const draw = random.uint32();
  return { kind, draw, durationMs, quietMs, afterMs };
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
