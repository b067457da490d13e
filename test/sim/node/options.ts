import { between, chance, pick, type Random } from '../../../lib/base/index.js';
import { REPLICA_LIMITS, type ReplicaLimits } from '../../../lib/replica/index.js';
import { DAMAGES, type Damage } from './damage.js';
import type { DiskTimes } from './disk.js';
import { drawHeal, type Heal } from './partitions.js';
import type { WireOptions } from './wire.js';

/** What one run of whole nodes looks like. Everything is drawn from the seed. */
export interface NodeOptions {
  readonly members: number;
  readonly limits: ReplicaLimits;
  readonly heartbeatTicks: number;
  readonly checkpointMs: number;
  /** Length of leader leases; 0: none. */
  readonly leaseMs: number;
  /** Mean time (µs) that what is due waits for the loop. */
  readonly loopUs: number;
  /** Largest deviation of a machine's clock rate from true time. */
  readonly drift: number;
  readonly wires: WireOptions;
  readonly disk: DiskTimes;
  readonly clients: ClientOptions;
  readonly cluster: ClusterOptions;
  readonly sessions: SessionOptions;
  readonly faults: FaultOptions;
  readonly operator: OperatorOptions;
  /** What is whole again first, when the faults end. */
  readonly heal: Heal;
}

export interface ClientOptions {
  readonly count: number;
  /** Mean time (ms) between the end of a call and the next one. */
  readonly thinkMs: number;
  readonly keys: number;
  readonly dataBytes: number;
  readonly sessionMs: number;
  /** Time (ms) after which a client takes its call for lost and asks somebody else. */
  readonly patienceMs: number;
}

export interface ClusterOptions {
  readonly agents: number;
  readonly frameworks: number;
  /** Mean time (ms) that a task takes. */
  readonly taskMs: number;
}

/** Clients of ZooKeeper's protocol. */
export interface SessionOptions {
  readonly clients: number;
  /** Mean time (ms) between two batches of requests. */
  readonly thinkMs: number;
  readonly timeoutMs: number;
  /** Requests that are sent at once, at most. */
  readonly pipeline: number;
  readonly folders: number;
  /** Names of plain nodes in each folder. */
  readonly nodes: number;
}

/** Somebody who changes who is in the group meanwhile. */
export interface OperatorOptions {
  /** Mean time (ms) between the end of a change and the next one; 0: nobody changes anything. */
  readonly changeMs: number;
  /** Machines that are not in the group at first. */
  readonly spares: number;
  /** Whether the group may promote, demote and remove by itself. */
  readonly upkeep: boolean;
}

/** Mean interval (ms) between two faults of a kind; 0 switches the kind off. */
export interface FaultOptions {
  readonly crashMs: number;
  readonly downMs: number;
  /** Mean number of effects (messages, writes) between crashes at an effect; 0: none. */
  readonly crashPointEffects: number;
  readonly cutMs: number;
  readonly cutLastsMs: number;
  readonly pauseMs: number;
  readonly pauseLastsMs: number;
  readonly stallMs: number;
  readonly transferMs: number;
  readonly clockMs: number;
  /** Writes that fail, and disks that run full for a while. */
  readonly errorMs: number;
  /** What a disk may suffer while its machine is down, and the chance of it. */
  readonly damages: readonly Damage[];
  readonly damageChance: number;
}

/** Whole numbers spread evenly over orders of magnitude: small limits matter as often as large ones. */
export function logarithmic(random: Random, low: number, high: number): number {
  return Math.round(low * (high / low) ** (random.uint32() / 0x1_0000_0000));
}

function limits(random: Random, heartbeatTicks: number): ReplicaLimits {
  const electionTicks = Math.max(3 * heartbeatTicks, between(random, 10, 25));
  return {
    ...REPLICA_LIMITS,
    electionTicks,
    subBatchCommands: logarithmic(random, 1, 64),
    laneWindow: logarithmic(random, 1, 64),
    laneCommands: logarithmic(random, 20, 10_000),
    entryBytes: 512 << 10,
    proposalDeadlineMs: between(random, 1000, 5000),
    readDeadlineMs: between(random, 1000, 5000),
    callDeadlineMs: between(random, 1000, 5000),
    cutIntervalMs: logarithmic(random, 50, 2000),
    cutSliceMs: pick(random, [-1, 2]),
    logTailEntries: pick(random, [0, 5, 50, 500]),
    logCacheBytes: pick(random, [0, 4096, 8 << 20]),
    catchUpMs: between(random, 500, 5000),
    loadSliceBytes: pick(random, [256, 4096, 256 << 10]),
  };
}

function wires(random: Random): WireOptions {
  return {
    minMs: pick(random, [0.05, 0.5, 2]),
    meanMs: pick(random, [0.1, 1, 5]),
    loss: chance(random, 0.5) ? pick(random, [0.001, 0.01]) : 0,
    breaks: chance(random, 0.5) ? pick(random, [0.0005, 0.005]) : 0,
  };
}

function disk(random: Random): DiskTimes {
  return {
    meanMs: pick(random, [0.2, 2, 10]),
    stall: chance(random, 0.4) ? pick(random, [0.001, 0.01]) : 0,
    stallMs: between(random, 100, 2000),
  };
}

function clients(random: Random): ClientOptions {
  return {
    count: between(random, 2, 5),
    thinkMs: pick(random, [50, 200, 600]),
    keys: between(random, 1, 8),
    dataBytes: pick(random, [0, 20, 200]),
    sessionMs: pick(random, [1500, 4000, 20_000]),
    patienceMs: between(random, 400, 6000),
  };
}

function cluster(random: Random): ClusterOptions {
  const on = chance(random, 0.4);
  const [agents, frameworks] = [between(random, 1, 3), between(random, 1, 2)];
  return { agents: on ? agents : 0, frameworks: on ? frameworks : 0, taskMs: pick(random, [500, 2000]) };
}

function sessions(random: Random): SessionOptions {
  const on = chance(random, 0.5);
  const clients = between(random, 1, 3);
  return {
    clients: on ? clients : 0,
    thinkMs: pick(random, [100, 300, 600]),
    timeoutMs: pick(random, [1000, 1000, 2000, 5000, 9000]),
    pipeline: pick(random, [1, 3, 8]),
    folders: between(random, 1, 2),
    nodes: between(random, 1, 4),
  };
}

function faults(random: Random): FaultOptions {
  const on = (low: number, high: number): number => {
    const interval = logarithmic(random, low, high);
    return chance(random, 0.5) ? interval : 0;
  };
  return {
    crashMs: on(1000, 8000),
    downMs: logarithmic(random, 50, 3000),
    crashPointEffects: on(200, 3000),
    cutMs: on(1500, 8000),
    cutLastsMs: logarithmic(random, 300, 5000),
    pauseMs: on(1500, 8000),
    pauseLastsMs: logarithmic(random, 50, 2500),
    stallMs: on(3000, 10_000),
    transferMs: on(1500, 8000),
    clockMs: on(1000, 8000),
    errorMs: on(2000, 10_000),
    damages: DAMAGES.filter(() => chance(random, 0.5)),
    damageChance: chance(random, 0.6) ? pick(random, [0.2, 0.4, 0.8]) : 0,
  };
}

function operator(random: Random): OperatorOptions {
  const on = chance(random, 0.3);
  const changeMs = logarithmic(random, 200, 2000);
  const [spares, upkeep] = [between(random, 1, 3), chance(random, 0.6)];
  return { changeMs: on ? changeMs : 0, spares: on ? spares : 0, upkeep };
}

/** In some runs only few may wait at a member. */
function tightened(random: Random, limits: ReplicaLimits): ReplicaLimits {
  return {
    ...limits,
    reads: pick(random, [2, 10, limits.reads]),
    calls: pick(random, [4, 20, limits.calls]),
  };
}

/** Draws the options of a run. The order of draws is part of the meaning of a seed. */
export function drawNodeOptions(random: Random): NodeOptions {
  const heartbeatTicks = between(random, 2, 5);
  const members = pick(random, [1, 3, 3, 3, 3, 3, 3, 5, 5]);
  const options = {
    members,
    limits: limits(random, heartbeatTicks),
    heartbeatTicks,
    checkpointMs: logarithmic(random, 500, 8000),
    leaseMs: chance(random, 0.3) ? between(random, 50, 400) : 0,
    loopUs: pick(random, [0, 50, 500]),
    // Less than half the bound that leases ask for: two machines may deviate to different sides.
    drift: pick(random, [0, 0.01, 0.045]),
    wires: wires(random),
    disk: disk(random),
    clients: clients(random),
    cluster: cluster(random),
    faults: faults(random),
    operator: operator(random),
    heal: drawHeal(random, members),
    sessions: sessions(random),
  };
  return { ...options, limits: tightened(random, options.limits) };
}
