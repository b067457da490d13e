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
import { LEAST_PACES, pacesOf } from './judges/paces.js';
import { ratesOf, type Rates } from './judges/rates.js';
import { Load } from './load.js';
import { Resources, grossUsages, type Usage } from './resources.js';
import { settle } from './settle.js';
import type { WorkloadName } from './workloads/names.js';

export interface RunResult {
  readonly seed: number;
  readonly seconds: number;
  readonly masters: number;
  /** How long it took, from the first operation until the last fault was over. */
  readonly tookMs: number;
  readonly operations: Rates;
  /** What each workload got done per second outside faults: see `LEAST_PACES`. */
  readonly paces: Readonly<Partial<Record<WorkloadName, number>>>;
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
  readonly workloads: readonly WorkloadName[];
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
    const load = new Load(options.workloads, cluster, history, random, dir);
    try {
      return await underLoad(options, { cluster, history, load });
    } finally {
      await load.close();
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
  readonly load: Load;
}

async function underLoad(options: RunOptions, parts: Parts): Promise<RunResult | null> {
  const { plan, dir, signal, progress, workloads } = options;
  const { cluster, history, load } = parts;
  const make: MakeFault = (planned, taken) => makeFault(planned, cluster, taken);
  const nemesis = new Nemesis(plan, make, cluster, history, progress);
  await load.start();
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
  await load.stop();
  const unsettled = await settle(cluster, load, history, { failed: nemesis.failures.length > 0, signal });
  if (signal.aborted) return null;
  history.flush();
  progress('judging');
  const rates = ratesOf(history.events, nemesis.windows, fromNs, toNs);
  const paces = pacesOf(history.events, workloads, nemesis.windows, fromNs, toNs);
  const { violations, undecided } = judge(
    history.events,
    load.doors,
    (task) => load.tracesOf(task),
    nemesis.windows,
  );
  const failures = [...nemesis.failures, ...cluster.unexpectedExits, ...unsettled, ...undecided];
  const usages = resources.usages();
  failures.push(...grossUsages(usages), ...slowPaces(paces, starvedShare));
  return {
    seed: plan.seed,
    seconds: plan.seconds,
    masters: plan.masters,
    tookMs,
    operations: rates,
    paces,
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

/** Of the time in which the machine ran us. Slower than that, the faults met clients at rest. */
function slowPaces(paces: RunResult['paces'], starvedShare: number): string[] {
  const names = Object.keys(paces) as WorkloadName[];
  return names.flatMap((name) => {
    const pace = paces[name] ?? 0;
    const least = LEAST_PACES[name] * (1 - starvedShare);
    if (pace >= least) return [];
    return [
      `${name}: ${pace.toFixed(1)} per second outside faults, at least ${least.toFixed(1)} wanted, of a machine ` +
        `that let processes wait for ${percent(starvedShare)} of the time`,
    ];
  });
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
