import { SeededRandom } from '../../../lib/base/index.js';
import { MS, SECOND, Schedule } from '../schedule.js';
import { Violation, check } from '../violation.js';
import type { Report } from '../report.js';
import type { NodeCounts } from './counts.js';
import { Loop } from './loop.js';
import type { Mark } from './marks.js';
import { NodeNemesis } from './nemesis.js';
import { drawNodeOptions, type NodeOptions } from './options.js';
import { reduced, type Reduction } from './reduction.js';
import { PartialHealing } from './partial-heal.js';
import { NodeTrace } from './trace.js';
import { World } from './world.js';

/** Virtual time of a run: the group forms, faults strike, and after the heal it must come back. */
const FORM_US = 20 * SECOND;
const FAULTS_US = 20 * SECOND;

/** A healed group has a leader within this many (longest) election timeouts. */
const ELECTION_TIMEOUTS = 10;
const POLL_US = 50 * MS;

export interface NodeRunSettings {
  readonly seed: number;
  /** Receives one line per event. */
  readonly print?: (line: string) => void;
  /** Leaves parts of the run out. */
  readonly reduction?: Reduction;
}

export interface NodeReport extends Report<NodeCounts> {
  /** Masters that the group began with. */
  readonly members: number;
  /** Time of processors, all threads of this process, that the run took. */
  readonly cpuSeconds: number;
  readonly marks: readonly Mark[];
}

/** Runs one seed from start to end. A violation ends the run and is part of the report. */
export async function runNodeSeed(settings: NodeRunSettings): Promise<NodeReport> {
  const before = process.cpuUsage();
  const run = new NodeRun(settings);
  let violation: NodeReport['violation'] = null;
  try {
    await run.go();
  } catch (error) {
    violation = described(error);
    run.note('violation', `${violation.rule}: ${violation.message}`);
  }
  const { user, system } = process.cpuUsage(before);
  return run.report(violation, (user + system) / SECOND);
}

function described(error: unknown): NonNullable<NodeReport['violation']> {
  if (error instanceof Violation) return { rule: error.rule, message: error.message };
  if (error instanceof Error) return { rule: error.name, message: `${error.message}\n${error.stack ?? ''}` };
  return { rule: 'thrown', message: String(error) };
}

class NodeRun {
  private readonly seed: number;
  private readonly schedule: Schedule = new Schedule();
  private readonly trace: NodeTrace;
  private readonly options: NodeOptions;
  private readonly faultsUs: number;
  private readonly world: World;
  private readonly nemesis: NodeNemesis;
  private readonly healRandom: SeededRandom;
  private healing: PartialHealing | null = null;
  private readonly loop: Loop;

  constructor({ seed, print, reduction = { without: [] } }: NodeRunSettings) {
    this.seed = seed;
    this.trace = new NodeTrace(print ?? null);
    const random = new SeededRandom(seed);
    this.options = reduced(drawNodeOptions(random.split()), reduction);
    this.faultsUs = reduction.faultSeconds === undefined ? FAULTS_US : reduction.faultSeconds * SECOND;
    this.world = new World(this.options, random.split(), this.schedule, this.trace);
    this.nemesis = new NodeNemesis(this.world, this.options.faults, this.schedule, random.split());
    this.healRandom = random.split();
    const { world } = this;
    this.loop = new Loop(this.schedule, {
      begins: () => (world.running.host = null),
      rejected: (error) => world.rejected(error),
      broken: () => world.broken,
    });
  }

  go(): Promise<void> {
    return this.loop.own(() => this.phases());
  }

  private async phases(): Promise<void> {
    const { world } = this;
    this.note('phase', `options ${JSON.stringify(this.options)}`);
    for (const node of world.nodes) world.start(node);
    world.watch();
    await this.demand('L1', 'a formed group', () => world.leader() !== null, FORM_US);
    await this.lease();
    this.note('phase', 'faults');
    const clients = world.clients.map((client) => client.run().catch((error: unknown) => world.fail(error)));
    clients.push(
      ...world.sessionClients.map((client) => client.run().catch((error: unknown) => world.fail(error))),
    );
    for (const one of [...world.agents, ...world.frameworks]) one.start();
    const changes = world.operator.run().catch((error: unknown) => world.fail(error));
    this.nemesis.start();
    await this.runUntil(this.schedule.now + this.faultsUs);
    world.operator.stop();
    await this.heals(changes);
    await this.recovers();
    await this.ordered(changes);
    for (const one of [...world.clients, ...world.sessionClients, ...world.frameworks]) one.stop();
    this.note('phase', 'settle');
    world.bounds.calm = true;
    await this.demand('L2', 'equal members', () => this.settled(), 20 * SECOND);
    await this.quiet();
    await this.drained(Promise.all(clients));
    await this.demand('L5', 'end of every task', () => this.tasksEnded(), 40 * SECOND);
    this.finish();
  }

  /** Turns leases on, in the runs that have them. */
  private async lease(): Promise<void> {
    const { leaseMs } = this.options;
    if (leaseMs === 0) return;
    const held = (): boolean => {
      const member = this.world.leader()?.life?.member;
      if (member === undefined || member === null) return false;
      if (member.status().lease.leaseMs === leaseMs) return true;
      member.setLease(leaseMs);
      return false;
    };
    await this.demand('L1', 'lease', held, FORM_US);
  }

  note(kind: 'phase' | 'violation', text: string): void {
    this.trace.event(this.schedule.now, kind, -1, 0, 0, text);
  }

  report(violation: NodeReport['violation'], cpuSeconds: number): NodeReport {
    const { counts, history, ledger, marks, oracle, wires } = this.world;
    if (oracle.model.duplicates > 0) marks.see('write repeated');
    if (oracle.model.expired > 0) marks.see('session expired');
    if (oracle.model.growthRefused > 0) marks.see('growth refused');
    if (history.counts.unknown > 0) marks.see('outcome unknown');
    const { acknowledged, refused, lost, unknown, reads, localReads } = history.counts;
    Object.assign(counts, { acknowledged, refused, lost, unknown, reads, localReads });
    const { duplicates, skippedBatches, expired } = oracle.model;
    Object.assign(counts, { duplicates, skippedBatches, expired });
    const { launches, ends } = ledger;
    Object.assign(counts, { launches, ends });
    Object.assign(counts, { messages: wires.delivered, broken: wires.broken });
    return {
      seed: this.seed,
      traceHash: this.trace.digest(),
      events: this.trace.events,
      virtualSeconds: this.schedule.now / SECOND,
      violation,
      counts,
      marks: marks.list,
      members: this.options.members,
      cpuSeconds,
    };
  }

  private finish(): void {
    const { world } = this;
    world.history.finish();
    world.council.finish();
    const leader = world.leader();
    check(leader !== null, 'L1', () => `no leader at the end: ${world.picture()}`);
  }

  /** Ends the faults, first perhaps for a part of the group only. */
  private async heals(changes: Promise<void>): Promise<void> {
    const { world, nemesis, options, healRandom, schedule } = this;
    this.healing = new PartialHealing(world, nemesis, options, healRandom, {
      schedule,
      note: (kind, text) => this.note(kind, text),
      demand: (...rest) => this.demand(...rest),
      runUntil: (at) => this.runUntil(at),
      ordered: () => this.ordered(changes),
      settled: (index) => this.settled(index),
    });
    await this.healing.go();
  }

  /** L1, L2: nothing is broken any more, so a leader and a new write must come about. */
  private async recovers(): Promise<void> {
    const { world } = this;
    const { electionTicks, tickMs } = this.options.limits;
    // A disconnected stream is found silent, dialled anew and greeted before the first vote can be asked for.
    const reconnectUs = 6 * SECOND;
    const timeoutUs = 2 * electionTicks * tickMs * MS;
    await this.demand(
      'L1',
      'a leader',
      () => world.leader() !== null,
      reconnectUs + ELECTION_TIMEOUTS * timeoutUs,
    );
    const before = world.history.counts.acknowledged + world.history.counts.refused;
    const longest = 2 * this.options.clients.patienceMs * MS + this.options.limits.proposalDeadlineMs * MS;
    await this.demand(
      'L2',
      'an answered write',
      () => world.history.counts.acknowledged + world.history.counts.refused > before,
      longest + ELECTION_TIMEOUTS * timeoutUs + 40 * this.options.clients.thinkMs * MS,
    );
  }

  /**
   * Everybody serves, has applied everything there is (or the log up to `index`) and votes, with the folder that it has now. A group of five
   * makes learners of members that come and go: then they stay so until an operator says otherwise.
   */
  private settled(index?: number): boolean {
    const { atlas, council, nodes } = this.world;
    atlas.look();
    const mustVote = this.options.members <= 3 && this.options.operator.changeMs === 0;
    const members = nodes.filter(({ id }) => council.isMember(id));
    const statuses = members.map((node) => node.life?.doors?.member.status() ?? null);
    if (mustVote && statuses.some((status) => status?.voter !== true)) return false;
    if (members.some(({ id }, i) => council.isVoter(id) && statuses[i]?.voter !== true)) return false;
    const last = index ?? Math.max(...statuses.map((status) => status?.lastIndex ?? 0));
    return statuses.every(
      (status) => status !== null && status.trouble === null && status.appliedIndex >= last,
    );
  }

  /** What an operator began is ended: the group is as it was ordered. */
  private async ordered(changes: Promise<void>): Promise<void> {
    const { operator, council } = this.world;
    if (this.options.operator.changeMs === 0) return;
    this.note('phase', 'tidy');
    const tidied = changes.then(() => operator.tidy()).catch((error: unknown) => this.world.fail(error));
    await this.drained(tidied, 'end of the changes of members');
    await this.demand('L5', 'settled configuration', () => !council.isJoint, 20 * SECOND);
  }

  /** L3: nobody, and no removed member above all, disturbs a group that is well. */
  private async quiet(): Promise<void> {
    const { world } = this;
    if (this.options.operator.changeMs === 0) return this.healing?.quiet();
    if (world.nodes.some(({ lingers }) => lingers)) world.marks.see('removed member lingers');
    world.wires.options = { ...world.wires.options, loss: 0, breaks: 0 };
    await this.runUntil(this.schedule.now + SECOND);
    const before = world.leader()?.life?.member?.status();
    await this.runUntil(this.schedule.now + 3 * SECOND);
    const after = world.leader()?.life?.member?.status();
    check(
      before !== undefined && after?.term === before.term && after.self.memberId === before.self.memberId,
      'L3',
      () =>
        `${before?.self.memberId} led term ${before?.term}; then, of a group that is well: ${world.picture()}`,
    );
  }

  /** Every task that was launched has ended, and whoever launched it has heard so. */
  private tasksEnded(): boolean {
    const { ledger, agents } = this.world;
    return ledger.ends === ledger.launches && agents.every((agent) => agent.open === 0);
  }

  private async drained(all: Promise<unknown>, what: string = 'end of every call'): Promise<void> {
    let over = false;
    void all.then(() => (over = true));
    await this.demand('L7', what, () => over, 60 * SECOND);
  }

  private async demand(rule: string, what: string, holds: () => boolean, withinUs: number): Promise<void> {
    const deadline = this.schedule.now + withinUs;
    while (!holds()) {
      check(
        this.schedule.now < deadline,
        rule,
        () => `no ${what} within ${(withinUs / SECOND).toFixed(1)} s: ${this.world.picture()}`,
      );
      await this.runUntil(this.schedule.now + POLL_US);
    }
  }

  private runUntil(at: number): Promise<void> {
    return this.loop.runUntil(at);
  }
}
