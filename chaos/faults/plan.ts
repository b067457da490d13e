import { SeededRandom, below, between, type Random } from '../../lib/base/index.js';

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
export const BY_LIMITS: readonly FaultKind[] = ['full-disk-leader', 'full-disk-one'];

/** What a plan draws from when nothing else is said. */
export function defaultKinds(smallDisks: boolean): FaultKind[] {
  return FAULT_KINDS.filter((kind) => smallDisks || !ON_SMALL_DISKS.includes(kind));
}

export interface PlannedFault {
  readonly number: number;
  readonly kind: FaultKind;
  /** Chooses the victim among those that fit when its time has come. */
  readonly draw: number;
  /** How long it lasts: the time a process stays dead or stopped, or a link cut. */
  readonly durationMs: number;
  /** How long nothing goes wrong after it. */
  readonly quietMs: number;
}

export interface Plan {
  readonly seed: number;
  readonly seconds: number;
  /** Before the first fault. */
  readonly warmUpMs: number;
  readonly faults: readonly PlannedFault[];
}

const WARM_UP_MS = 2000;
const LEAST_QUIET_MS = 1200;

/** Shortest and longest; a leader must be cut off for longer than an election takes, sometimes. */
const DURATIONS: Readonly<Record<FaultKind, readonly [fromMs: number, toMs: number]>> = {
  'kill-leader': [50, 1500],
  'kill-one': [50, 1500],
  'kill-all': [50, 800],
  'pause-leader': [100, 3000],
  'pause-one': [100, 5000],
  'pause-all': [100, 2000],
  'isolate-leader': [800, 4000],
  'isolate-one': [800, 4000],
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
 * order each round; at least a quarter of the time, and as long as a third of the fault before it, is quiet.
 */
export function drawPlan(
  seed: number,
  seconds: number,
  kinds: readonly FaultKind[] = defaultKinds(false),
): Plan {
  const random = new SeededRandom(seed);
  const faults: PlannedFault[] = [];
  let round: FaultKind[] = [];
  let atMs = WARM_UP_MS;
  for (;;) {
    if (round.length === 0) round = shuffled(kinds, random);
    const kind = round.pop()!;
    const durationMs = between(random, ...DURATIONS[kind]);
    const quietMs = Math.max(LEAST_QUIET_MS, Math.ceil(durationMs / 3)) + below(random, 800);
    const draw = random.uint32();
    atMs += durationMs + quietMs;
    if (atMs > seconds * 1000 && faults.length > 0) break;
    faults.push({ number: faults.length + 1, kind, draw, durationMs, quietMs });
  }
  return { seed, seconds, warmUpMs: WARM_UP_MS, faults };
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
