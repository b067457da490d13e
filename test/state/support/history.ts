import { below, chance, pick, SeededRandom, type NodeId } from '../../../lib/base/index.js';
import {
  type Applied,
  type Command,
  DEFAULT_LIMITS,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
  Machine,
} from '../../../lib/state/index.js';
import { M1, M2, M3 } from './driver.js';
import { Generator } from './generator.js';

export interface HistoryEntry {
  readonly index: number;
  readonly term: number;
  readonly data: Uint8Array;
}

export interface History {
  readonly machine: Machine;
  readonly entries: readonly HistoryEntry[];
  readonly applied: readonly Applied[];
  /** Commands that ran, and how many of them changed something. */
  readonly attempts: number;
  readonly effects: number;
  readonly skipped: number;
}

interface LaneState {
  boot: number;
  number: number;
  last: Uint8Array | null;
}

/** A random history of one machine: lanes of three members that resend, skip and restart; `observe` sees each step. */
export function makeHistory(
  seed: number,
  entryCount: number,
  observe: (machine: Machine, applied: Applied) => void = () => undefined,
): History {
  const random = new SeededRandom(seed);
  const machine = new Machine(DEFAULT_LIMITS);
  const generator = new Generator(random.split(), machine);
  const lanes = new Map<NodeId, LaneState>(
    [M1, M2, M3].map((node) => [node, { boot: 1, number: 0, last: null }]),
  );
  const entries: HistoryEntry[] = [];
  const applieds: Applied[] = [];
  const count = { attempts: 0, effects: 0, skipped: 0 };
  let index = 0;
  let nowMs = 1_700_000_000_000;
  for (let n = 0; n < entryCount; n++) {
    index += chance(random, 0.05) ? 2 : 1;
    if (chance(random, 0.02)) generator.term++;
    nowMs += below(random, 200) - 20;
    const batches = Array.from({ length: 1 + below(random, 2) }, () => subBatch(random, generator, lanes));
    const entry = { index, term: generator.term, data: encodeEntry(nowMs, batches) };
    const applied = machine.apply(entry.index, entry.term, entry.data);
    entries.push(entry);
    applieds.push(applied);
    tally(applied, count);
    observe(machine, applied);
  }
  return { machine, entries, applied: applieds, ...count };
}

function subBatch(random: SeededRandom, generator: Generator, lanes: Map<NodeId, LaneState>): Uint8Array {
  const node = pick(random, [...lanes.keys()]);
  const lane = lanes.get(node)!;
  if (lane.last !== null && chance(random, 0.04)) return lane.last;
  if (chance(random, 0.02)) return encodeSubBatch(node, lane.boot, lane.number + 2, [one(generator)]);
  if (chance(random, 0.01)) {
    lane.boot++;
    lane.number = 0;
  }
  lane.number++;
  const commands = Array.from({ length: 1 + below(random, 3) }, () => one(generator));
  lane.last = encodeSubBatch(node, lane.boot, lane.number, commands);
  return lane.last;
}

function one(generator: Generator): Uint8Array {
  const command: Command = generator.next();
  return encodeCommand(command);
}

function tally(applied: Applied, count: { attempts: number; effects: number; skipped: number }): void {
  for (const batch of applied.batches) {
    if (batch.skipped) count.skipped++;
    for (const result of batch.results) {
      count.attempts++;
      if (!result.ok) continue;
      if (result.value.kind === 'effect' && !result.value.changed) continue;
      if (result.value.kind === 'swept' && result.value.touched === 0) continue;
      count.effects++;
    }
  }
}
