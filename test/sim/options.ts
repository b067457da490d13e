import { between, chance, pick, type Random } from '../../lib/base/index.js';

/** What one run looks like. Everything is drawn from the seed, so that a batch covers many kinds of cluster. */
export interface SwarmOptions {
  readonly voters: number;
  readonly learners: number;
  /** Nodes outside the first configuration, for changes of membership. */
  readonly spares: number;
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly maxAppendBytes: number;
  readonly maxCommittedBytes: number;
  readonly maxUncommittedBytes: number;
  /** Memory for entries that are durable: small ones make cores read their logs back. */
  readonly cacheBytes: number;
  /** Mean time (ms) that a started process loads its state and may not campaign; 0: none. */
  readonly loadMs: number;
  /** Entries applied between two cuts of the state, and entries kept in the log below a cut. */
  readonly compactEvery: number;
  readonly trailing: number;
  readonly network: NetworkOptions;
  readonly disk: DiskOptions;
  /** Longest time (ms) between an input and the next look at the core's effects: lets inputs pile up. */
  readonly turnMs: number;
  /** Mean time (ms) to apply a batch of committed entries. */
  readonly applyMs: number;
  readonly clients: ClientOptions;
  readonly faults: FaultOptions;
}

export interface NetworkOptions {
  readonly minMs: number;
  /** Mean of the exponential part of the one-way delay. */
  readonly meanMs: number;
  readonly loss: number;
  readonly duplicate: number;
  /** Messages of one link keep their order, as on a stream. */
  readonly ordered: boolean;
}

export interface DiskOptions {
  readonly meanMs: number;
  /** Chance that a write takes `stallMs` instead. */
  readonly stall: number;
  readonly stallMs: number;
}

export interface ClientOptions {
  readonly proposalsPerSecond: number;
  readonly readsPerSecond: number;
  readonly maxPayloadBytes: number;
  /** Chance that a client addresses any node instead of the leader it believes in. */
  readonly stray: number;
}

/** Mean interval (ms) between two faults of a kind; 0 switches the kind off. */
export interface FaultOptions {
  readonly crashMs: number;
  readonly downMs: number;
  /** Mean number of host steps between crashes at a chosen point inside a step; 0: none. */
  readonly crashPointSteps: number;
  /** Chance that a process ends right after it granted a vote or sent the first entries of its term. */
  readonly sniperChance: number;
  readonly partitionMs: number;
  readonly partitionLastsMs: number;
  readonly pauseMs: number;
  readonly pauseLastsMs: number;
  readonly transferMs: number;
  readonly reconfigureMs: number;
  /** A killed process is noticed by its peers, as a refused connection is. */
  readonly hints: boolean;
  /** Chance that a snapshot transfer breaks. */
  readonly snapshotFails: number;
}

/** A number spread evenly over orders of magnitude: small limits matter as often as large ones. */
function logarithmic(random: Random, low: number, high: number): number {
  const u = random.uint32() / 0x1_0000_0000;
  return Math.round(low * (high / low) ** u);
}

function network(random: Random): NetworkOptions {
  return {
    minMs: pick(random, [0, 0.1, 1, 5]),
    meanMs: pick(random, [0.2, 1, 5, 20]),
    loss: chance(random, 0.5) ? pick(random, [0.01, 0.05, 0.2]) : 0,
    duplicate: chance(random, 0.5) ? pick(random, [0.01, 0.1, 0.3]) : 0,
    ordered: chance(random, 0.3),
  };
}

function disk(random: Random): DiskOptions {
  return {
    meanMs: pick(random, [0.1, 1, 5, 30]),
    stall: chance(random, 0.4) ? pick(random, [0.001, 0.01]) : 0,
    stallMs: between(random, 200, 3000),
  };
}

function clients(random: Random): ClientOptions {
  return {
    proposalsPerSecond: between(random, 10, 30),
    readsPerSecond: between(random, 2, 15),
    maxPayloadBytes: pick(random, [0, 16, 64, 200]),
    stray: pick(random, [0.05, 0.3, 0.6]),
  };
}

function faults(random: Random): FaultOptions {
  const on = (low: number, high: number, p: number): number =>
    chance(random, p) ? logarithmic(random, low, high) : 0;
  return {
    crashMs: on(800, 8000, 0.7),
    downMs: logarithmic(random, 20, 3000),
    crashPointSteps: on(100, 3000, 0.5),
    sniperChance: chance(random, 0.4) ? pick(random, [0.02, 0.1, 0.3]) : 0,
    partitionMs: on(1000, 8000, 0.7),
    partitionLastsMs: logarithmic(random, 200, 4000),
    pauseMs: on(1500, 8000, 0.4),
    pauseLastsMs: logarithmic(random, 50, 2500),
    transferMs: on(600, 6000, 0.5),
    reconfigureMs: on(600, 6000, 0.3),
    hints: chance(random, 0.6),
    snapshotFails: pick(random, [0, 0.1, 0.5]),
  };
}

/** Draws the options of a run. The order of draws is part of the meaning of a seed. */
export function drawOptions(random: Random): SwarmOptions {
  const heartbeatTicks = between(random, 1, 5);
  const maxAppendBytes = logarithmic(random, 32, 1 << 16);
  const chaos = faults(random);
  return {
    voters: pick(random, [1, 3, 3, 3, 3, 3, 3, 5, 5, 5]),
    learners: pick(random, [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
    spares: chaos.reconfigureMs > 0 ? between(random, 0, 2) : 0,
    heartbeatTicks,
    electionTicks: Math.max(3 * heartbeatTicks, between(random, 8, 20)),
    maxInflightMessages: logarithmic(random, 1, 64),
    maxInflightBytes: maxAppendBytes * between(random, 1, 8),
    maxAppendBytes,
    maxCommittedBytes: logarithmic(random, 32, 1 << 16),
    // A backlog of at most so many appends: with one message in flight each takes a round trip to catch up.
    maxUncommittedBytes: Math.max(512, maxAppendBytes * between(random, 2, 64)),
    cacheBytes: pick(random, [0, 256, 4096, 8 << 20]),
    loadMs: pick(random, [0, 0, 10, 100]),
    compactEvery: logarithmic(random, 5, 500),
    trailing: chance(random, 0.5) ? between(random, 0, 40) : 0,
    network: network(random),
    disk: disk(random),
    turnMs: pick(random, [0, 0, 0.2, 2]),
    applyMs: pick(random, [0, 0, 1, 20]),
    clients: clients(random),
    faults: chaos,
  };
}
