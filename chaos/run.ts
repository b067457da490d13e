import { monitorEventLoopDelay } from 'node:perf_hooks';
import path from 'node:path';
import { SeededRandom } from '../lib/base/index.js';
import { Cluster } from './cluster/cluster.js';
import { electionsIn } from './elections.js';
import { makeFault } from './faults/faults.js';
import { Nemesis, type FaultWindow, type MakeFault } from './faults/nemesis.js';
import type { Plan } from './faults/plan.js';
import { History } from './history/history.js';
import { launchesOf, type Launch } from './history/operations.js';
import { judge } from './judges/judge.js';
import { ratesOf, type Rates } from './judges/rates.js';
import { Resources, grossUsages, type Usage } from './resources.js';
import { settle } from './settle.js';
import { Registers } from './workloads/registers.js';
import { TaskLauncher } from './workloads/tasks.js';

/** Of the time in which the machine ran us. Below it, the faults met a cluster at rest and the run says nothing. */
export const LEAST_QUIET_RATE = 20;

export interface RunResult {
  readonly seed: number;
  readonly seconds: number;
  readonly masters: number;
  /** How long it took, from the first operation until the last fault was over. */
  readonly tookMs: number;
  readonly operations: Rates;
  readonly faults: Readonly<Record<string, number>>;
  readonly elections: number;
  /** The longest time for which the machine did not run this process: what is slow may be the machine. */
  readonly machineStallMs: number;
  /** The share of the time in which one of our processes waited for a processor: limits do not count it. */
  readonly starvedShare: number;
  /** What masters and agents had of the machine, by id. */
  readonly resources: Readonly<Record<string, Usage>>;
  readonly tasks: Readonly<Record<Launch['outcome'], number>>;
  /** What no correct cluster can bring about. */
  readonly violations: readonly string[];
  /** Why the run proves nothing, or did not come to its end. */
  readonly failures: readonly string[];
  readonly folder: string;
}

export interface RunOptions {
  readonly plan: Plan;
  /** An empty folder for everything the run leaves. */
  readonly dir: string;
  /** Each master has a disk of its own that can be filled. */
  readonly smallDisks: boolean;
  /** Ends the run early: what was begun is healed, stopped and thrown away. */
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Runs a cluster through a plan under load, and judges what its clients saw. Null when aborted. */
export async function run(options: RunOptions): Promise<RunResult | null> {
  const { plan, dir, smallDisks, progress } = options;
  // Ports are not of the plan: another run may have those of this seed.
  const cluster = await Cluster.create(
    dir,
    new SeededRandom(process.pid ^ Date.now()),
    plan.masters,
    smallDisks,
  );
  const abandon = () => cluster.abandon();
  process.once('exit', abandon);
  const history = new History(path.join(dir, 'history.jsonl'));
  try {
    const random = new SeededRandom(plan.seed ^ 0x5eed);
    await cluster.start();
    progress(`${plan.masters} masters and ${cluster.agents.length} agents serve in ${dir}`);
    const registers = new Registers(cluster.addresses, history, random.split());
    const tasks = new TaskLauncher(cluster.addresses, history, random.split(), dir);
    try {
      return await underLoad(options, { cluster, history, registers, tasks });
    } finally {
      await Promise.all([registers.close(), tasks.close()]);
    }
  } finally {
    history.close();
    await cluster.stop();
    process.off('exit', abandon);
  }
}

interface Parts {
  readonly cluster: Cluster;
  readonly history: History;
  readonly registers: Registers;
  readonly tasks: TaskLauncher;
}

async function underLoad(options: RunOptions, parts: Parts): Promise<RunResult | null> {
  const { plan, dir, signal, progress } = options;
  const { cluster, history, registers, tasks } = parts;
  const make: MakeFault = (planned, taken) => makeFault(planned, cluster, taken);
  const nemesis = new Nemesis(plan, make, cluster, history, progress);
  await registers.start();
  await tasks.start();
  const fromNs = history.now();
  const starvedBeforeMs = cluster.clock.starvedMs;
  const resources = new Resources(() => cluster.pids(), path.join(dir, 'resources.jsonl'));
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  resources.start();
  await nemesis.run(signal);
  resources.stop();
  delay.disable();
  const toNs = history.now();
  const tookMs = Math.round((toNs - fromNs) / 1e6);
  const starvedShare = (cluster.clock.starvedMs - starvedBeforeMs) / tookMs;
  if (signal.aborted) return null;
  progress('the last fault is over: settling');
  await Promise.all([registers.stop(), tasks.stop()]);
  const unsettled = await settle(cluster, registers, tasks, { failed: nemesis.failures.length > 0, signal });
  if (signal.aborted) return null;
  history.flush();
  progress('judging');
  const rates = ratesOf(history.events, nemesis.windows, fromNs, toNs);
  const { violations, undecided } = judge(history.events, registers.initial, (task) => tasks.tracesOf(task));
  const failures = [...nemesis.failures, ...cluster.unexpectedExits, ...unsettled, ...undecided];
  const usages = resources.usages();
  failures.push(...grossUsages(usages));
  const leastRate = LEAST_QUIET_RATE * (1 - starvedShare);
  if (rates.quietPerSecond < leastRate) {
    failures.push(
      `${rates.quietPerSecond.toFixed(1)} acknowledged operations per second outside faults: at least ` +
        `${leastRate.toFixed(1)} wanted, of a machine that let processes wait for ${percent(starvedShare)} of the time`,
    );
  }
  return {
    seed: plan.seed,
    seconds: plan.seconds,
    masters: plan.masters,
    tookMs,
    operations: rates,
    faults: countKinds(nemesis.windows),
    elections: electionsIn(cluster.dir, cluster.masters),
    machineStallMs: Math.round(delay.max / 1e6),
    starvedShare,
    resources: usages,
    tasks: countLaunched(launchesOf(history.events)),
    violations,
    failures,
    folder: options.dir,
  };
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function countKinds(windows: readonly FaultWindow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of windows) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function countLaunched(launches: readonly Launch[]): Record<Launch['outcome'], number> {
  const counts = { accepted: 0, refused: 0, unknown: 0 };
  for (const { outcome, tasks } of launches) counts[outcome] += tasks.length;
  return counts;
}
