import { SeededRandom } from '../../lib/base/index.js';
import { Cluster } from './cluster.js';
import { drawOptions, type SwarmOptions } from './options.js';
import { TICK_US } from './process.js';
import type { RunReport } from './report.js';
import { MS, SECOND, Schedule } from './schedule.js';
import { Trace } from './trace.js';
import { Violation, check } from './violation.js';

/** Virtual time of a run: faults strike from the end of the warm-up to the heal; it ends at `MIN_US` or later. */
const WARM_UP_US = 2 * SECOND;
const HEAL_US = 27 * SECOND;
const MIN_US = 30 * SECOND;
const MIN_PROPOSALS = 200;

/** A healed group has a leader within this many (longest) election timeouts, and is equal within as many again. */
const ELECTION_TIMEOUTS = 10;
const POLL_US = 50 * MS;

export interface RunSettings {
  readonly seed: number;
  /** Receives one line per event. */
  readonly print?: (line: string) => void;
  /** Judge by states, answers and progress only, not by what messages and disks promise on the way. */
  readonly outcomesOnly?: boolean;
}

/** Runs one seed from start to end. A violation ends the run and is part of the report. */
export function runSeed(settings: RunSettings): RunReport {
  const trace = new Trace(settings.print ?? null);
  const run = new Run(settings, trace);
  let violation: RunReport['violation'] = null;
  try {
    run.go();
  } catch (error) {
    violation = described(error);
    run.note('violation', `${violation.rule}: ${violation.message}`);
  }
  return run.report(violation);
}

/** A broken rule of the simulator, a broken assertion of the core, or a plain defect: all end the run. */
function described(error: unknown): NonNullable<RunReport['violation']> {
  if (error instanceof Violation) return { rule: error.rule, message: error.message };
  if (error instanceof Error) {
    const place = error.name === 'InvariantError' ? '' : `\n${error.stack ?? ''}`;
    return { rule: error.name, message: error.message + place };
  }
  return { rule: 'thrown', message: String(error) };
}

class Run {
  private readonly seed: number;
  private readonly schedule: Schedule = new Schedule();
  private readonly trace: Trace;
  private readonly options: SwarmOptions;
  private readonly cluster: Cluster;

  constructor({ seed, outcomesOnly = false }: RunSettings, trace: Trace) {
    this.seed = seed;
    this.trace = trace;
    const random = new SeededRandom(seed);
    this.options = drawOptions(random.split());
    this.cluster = new Cluster(this.options, random.split(), this.schedule, trace, outcomesOnly);
  }

  go(): void {
    const { cluster } = this;
    this.note('phase', `options ${JSON.stringify(this.options)}`);
    cluster.start();
    cluster.clients.start();
    this.runUntil(WARM_UP_US);
    this.note('phase', 'faults');
    cluster.nemesis.start();
    this.runUntil(HEAL_US);
    this.note('phase', 'heal');
    cluster.heal();
    this.demand('L1', 'a leader', () => cluster.leader() !== null);
    this.demand('L2', 'a new write', this.progress());
    this.demand('L2', 'end of the membership change', () => this.leftJoint(), 3);
    this.runUntil(MIN_US);
    this.demand(
      'L2',
      `${MIN_PROPOSALS} proposals`,
      () => cluster.counts.proposalsAccepted >= MIN_PROPOSALS,
      60,
    );
    cluster.clients.stop();
    this.note('phase', 'settle');
    this.demand('L2', 'equal nodes', () => this.settled(), 6);
    cluster.finalChecks(cluster.leader()!);
  }

  note(kind: 'phase' | 'violation', text: string): void {
    this.trace.event(this.schedule.now, kind, -1, 0, 0, text);
  }

  report(violation: RunReport['violation']): RunReport {
    const { cluster, trace } = this;
    const { counts, history } = cluster;
    counts.entriesTruncated = cluster.processes.reduce((sum, process) => sum + process.disk.truncated, 0);
    counts.proposalsAcknowledged = history.acknowledged;
    counts.proposalsLost = history.lost;
    counts.reads = history.reads;
    counts.messages = cluster.network.counts.delivered;
    return {
      seed: this.seed,
      traceHash: trace.digest(),
      events: trace.events,
      virtualSeconds: this.schedule.now / SECOND,
      violation,
      counts,
    };
  }

  private runUntil(at: number): void {
    this.schedule.after(Math.max(0, at - this.schedule.now), () => undefined);
    while (this.schedule.now < at) if (!this.schedule.step()) return;
  }

  /** Runs on until `holds`; it has to within a bounded time, since nothing is broken any more. */
  private demand(rule: string, what: string, holds: () => boolean, factor = 1): void {
    const longest = 2 * this.options.electionTicks * TICK_US;
    const deadline = this.schedule.now + ELECTION_TIMEOUTS * longest * factor;
    while (!holds()) {
      check(
        this.schedule.now < deadline,
        rule,
        () => `no ${what} ${this.elapsed(deadline)}: ${this.picture()}`,
      );
      this.runUntil(this.schedule.now + POLL_US);
    }
  }

  private elapsed(deadline: number): string {
    return `by ${(deadline / SECOND).toFixed(3)} s`;
  }

  private progress(): () => boolean {
    const { history } = this.cluster;
    const before = history.acknowledged;
    return () => history.acknowledged > before;
  }

  /** A joint configuration that nobody leaves by itself is left by an operator. */
  private leftJoint(): boolean {
    const leader = this.cluster.leader();
    if (leader === null) return false;
    const { outgoing, autoLeave } = leader.node.view.configuration;
    if (outgoing.length > 0 && !autoLeave) this.cluster.reconfigure(leader);
    return outgoing.length === 0;
  }

  /** Every member applied everything, and all came to the same state. */
  private settled(): boolean {
    const leader = this.cluster.leader();
    if (leader === null) return false;
    const { lastIndex, commit } = leader.node.view;
    const { digest } = leader.applier.state;
    if (commit !== lastIndex) return false;
    return this.cluster
      .members(leader)
      .every(({ applier }) => applier.state.index === commit && applier.state.digest === digest);
  }

  private picture(): string {
    const lines = this.cluster.processes.map((process) => {
      const { role, term, commit, applied, lastIndex } = process.node.view;
      return `n${process.number + 1} ${role} term ${term} last ${lastIndex} commit ${commit} applied ${applied}`;
    });
    return lines.join('; ');
  }
}
