import { SeededRandom, below, chance, pick, type NodeId } from '../../lib/base/index.js';
import { simpleConfiguration, type Message } from '../../lib/raft/index.js';
import { LeaseClock } from '../../lib/replica/lease-clock.js';
import { Cluster, data, ids, type Member } from './harness.js';
import { MemoryLog } from './memory-log.js';

const NAMES = ['m1', 'm2', 'm3'];
const TICK_MS = 20;

export interface LeaseRun {
  /** Milliseconds in which somebody held a lease. */
  heldMs: number;
  /** Leaders elected. */
  terms: number;
  restarts: number;
  transfers: number;
  /** Moments at which somebody held a lease while another led a later term. */
  readonly violations: string[];
}

/** A member with a clock of its own. */
interface Machine {
  readonly member: Member;
  /** How fast its clock goes. */
  readonly rate: number;
  clock: LeaseClock;
  nextTickMs: number;
  pausedUntilMs: number;
}

/**
 * A group with leases whose clocks differ by as much as `drift` allows, under loss, delay, cuts, pauses, restarts,
 * hints and transfers. Time is one count of milliseconds that nobody in the group sees.
 */
export class LeaseSchedule {
  readonly run: LeaseRun = { heldMs: 0, terms: 0, restarts: 0, transfers: 0, violations: [] };
  private readonly random: SeededRandom;
  private readonly cluster: Cluster;
  private readonly machines: Machine[];
  private wire: { readonly message: Message; readonly dueMs: number }[] = [];
  private nowMs = 0;
  private healMs = 0;
  private lastTerm = 0;
  private readonly loss: number;

  /** `drift`: the fastest clock goes at most this share faster than the slowest one. */
  constructor(seed: number, drift: number) {
    this.random = new SeededRandom(seed);
    this.loss = pick(this.random, [0, 0.05, 0.2]);
    const configuration = simpleConfiguration(ids(...NAMES), [], pick(this.random, [100, 200, 400]));
    this.cluster = new Cluster([], { seed, settings: { electionTicks: 15, heartbeatTicks: 3 } });
    this.cluster.manual = true;
    this.machines = NAMES.map((name) => {
      const member = this.cluster.add(name, new MemoryLog(configuration));
      const rate = 1 + (below(this.random, 1000) / 1000) * drift;
      return { member, rate, clock: new LeaseClock(), nextTickMs: TICK_MS, pausedUntilMs: 0 };
    });
  }

  pass(ms: number): LeaseRun {
    for (let n = 0; n < ms; n++) {
      this.nowMs++;
      this.disturb();
      this.deliver();
      for (const machine of this.machines) this.live(machine);
      this.check();
    }
    return this.run;
  }

  private localMs({ rate }: Machine): number {
    return this.nowMs * rate;
  }

  private live(machine: Machine): void {
    if (this.nowMs < machine.pausedUntilMs) return;
    const localMs = this.localMs(machine);
    if (localMs >= machine.nextTickMs) {
      machine.nextTickMs = localMs + TICK_MS;
      machine.clock.ticked(localMs);
      this.cluster.tick(machine.member.id);
    }
    this.work(machine.member);
  }

  private work(member: Member): void {
    const { cluster } = this;
    do {
      cluster.drain(member);
      if (member.pendingWrite !== null && chance(this.random, 0.8)) cluster.completeWrite(member.id);
    } while (member.node.hasReady() && member.pendingWrite === null);
    for (const message of cluster.wire.splice(0)) {
      if (!chance(this.random, this.loss))
        this.wire.push({ message, dueMs: this.nowMs + this.delayMs(message) });
    }
  }

  /** Now and then a message is very late; calls to campaign are so often, since leases must outlive them. */
  private delayMs({ type }: Message): number {
    const late = chance(this.random, type === 'timeout-now' ? 0.5 : 0.02);
    return late ? below(this.random, 1000) : below(this.random, 10);
  }

  private deliver(): void {
    const due = this.wire.filter(({ dueMs, message }) => dueMs <= this.nowMs && !this.isPaused(message.to));
    this.wire = this.wire.filter((one) => !due.includes(one));
    for (const { message } of due) this.cluster.step(message);
  }

  private isPaused(id: NodeId): boolean {
    return this.machines.some(({ member, pausedUntilMs }) => member.id === id && this.nowMs < pausedUntilMs);
  }

  private disturb(): void {
    const { random, cluster } = this;
    if (this.nowMs === this.healMs) cluster.heal();
    const roll = below(random, 100_000);
    const machine = pick(random, this.machines);
    const { member } = machine;
    if (roll < 40) this.attack(member);
    else if (roll < 100) this.restart(machine);
    else if (roll < 200) machine.pausedUntilMs = this.nowMs + below(random, 500);
    else if (roll < 400) this.isolate(member);
    else if (roll < 800) member.node.campaignHint();
    else if (roll < 900) member.node.forgetLeader();
    else if (roll < 1100) this.transfer(member);
    else if (roll < 2000 && member.role === 'leader') member.node.propose([data('x')]);
    else if (roll < 2020 && member.role === 'leader') this.changeLease(member);
    cluster.checker.stepped(member.id, { type: 'other' });
  }

  /** Cuts `leader` off, and does all that might make the others elect somebody at once. */
  private attack(leader: Member): void {
    this.isolate(leader);
    for (const machine of this.machines) {
      if (machine.member === leader) continue;
      if (chance(this.random, 0.4)) this.restart(machine);
      if (chance(this.random, 0.8)) machine.member.node.campaignHint();
      if (chance(this.random, 0.3)) machine.member.node.forgetLeader();
    }
  }

  private restart(machine: Machine): void {
    this.run.restarts++;
    this.cluster.restart(machine.member.id);
    machine.clock = new LeaseClock();
    machine.nextTickMs = this.localMs(machine) + TICK_MS;
  }

  private isolate(member: Member): void {
    this.cluster.isolate(member.id);
    this.healMs = this.nowMs + below(this.random, 1500) + 1;
  }

  private transfer(member: Member): void {
    const { id } = pick(this.random, this.machines).member;
    if (member.node.transferLeadership(id) === 'started') this.run.transfers++;
  }

  private changeLease({ node }: Member): void {
    const leaseMs = pick(this.random, [0, 100, 200, 400]);
    node.proposeConfiguration({ ...node.view.configuration, leaseMs });
  }

  private check(): void {
    const leaders = this.machines.filter(({ member }) => member.role === 'leader');
    for (const { member } of leaders) {
      if (member.term > this.lastTerm) this.run.terms++;
      this.lastTerm = Math.max(this.lastTerm, member.term);
    }
    for (const machine of leaders) {
      if (this.nowMs < machine.pausedUntilMs || !this.holds(machine)) continue;
      this.run.heldMs++;
      const rival = leaders.find(({ member }) => member.term > machine.member.term);
      if (rival === undefined) continue;
      const { id, term } = machine.member;
      this.run.violations.push(
        `at ${this.nowMs} ms ${id} holds the lease of term ${term}, and ${rival.member.id} leads ${rival.member.term}`,
      );
    }
  }

  private holds(machine: Machine): boolean {
    const { node } = machine.member;
    const age = node.leaseAgeTicks();
    const { leaseMs } = node.view.configuration;
    return age !== null && machine.clock.holds(age, leaseMs, this.localMs(machine));
  }
}
