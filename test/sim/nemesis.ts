import { below, between, chance, pick, type Random } from '../../lib/base/index.js';
import type { Message } from '../../lib/raft/index.js';
import { exponentialUs, type SimNetwork } from './network.js';
import type { FaultOptions } from './options.js';
import type { CrashPoint, SimProcess } from './process.js';
import { MS, type Schedule } from './schedule.js';

export interface NemesisPorts {
  /** Ends a process now; it is started again after `downMs`. */
  crash(process: SimProcess, downMs: number): void;
  transfer(from: SimProcess, to: SimProcess): void;
  reconfigure(leader: SimProcess): void;
  /** Makes a client read there. */
  read(process: SimProcess): void;
  /** Makes clients propose `count` operations there at once. */
  flood(leader: SimProcess, count: number): void;
  leader(): SimProcess | null;
  note(text: string, heals: boolean): void;
}

type Links = Pick<SimNetwork<never>, 'cut' | 'mend' | 'slow'>;
interface Partition {
  readonly name: string;
  readonly cuts: readonly Cut[];
}

type Cut = readonly [from: number, to: number];

/** Mean time (ms) after a pause until links that were lost with it are back. */
const DEAF_AFTER_MS = 30;

/** Mean time (ms) that a process is away which ended right after a decisive message. */
const SNIPER_DOWN_MS = 10;

/** Injects faults until it is stopped. Each kind has its own pace and its own stream of randomness. */
export class Nemesis {
  private readonly processes: readonly SimProcess[];
  private readonly network: Links;
  private readonly options: FaultOptions;
  private readonly schedule: Schedule;
  private readonly random: Random;
  private readonly pointRandom: Random;
  private readonly ports: NemesisPorts;
  private stepsToCrash = Infinity;
  /** Ends at its next crash point. */
  private target: SimProcess | null = null;
  private stopped = true;

  constructor(
    processes: readonly SimProcess[],
    network: Links,
    options: FaultOptions,
    schedule: Schedule,
    random: Random,
    pointRandom: Random,
    ports: NemesisPorts,
  ) {
    this.processes = processes;
    this.network = network;
    this.options = options;
    this.schedule = schedule;
    this.random = random;
    this.pointRandom = pointRandom;
    this.ports = ports;
  }

  start(): void {
    const { crashMs, partitionMs, pauseMs, transferMs, reconfigureMs } = this.options;
    this.stopped = false;
    this.armCrashPoint();
    this.repeat(crashMs, () => this.crash());
    this.repeat(partitionMs, () => this.partition());
    this.repeat(partitionMs * 2, () => this.slowLink());
    this.repeat(pauseMs, () => this.pause());
    this.repeat(transferMs, () => this.atLeader((leader) => this.transfer(leader)));
    this.repeat(reconfigureMs, () => this.atLeader((leader) => this.ports.reconfigure(leader)));
  }

  /** No new faults. What is under way is ended by the caller, which heals everything. */
  stop(): void {
    this.stopped = true;
    this.stepsToCrash = Infinity;
    this.target = null;
  }

  /** Asked at every crash point of every step; true at a point drawn from the seed. */
  crashesAt(process: SimProcess, point: CrashPoint): boolean {
    const hit = this.target === process;
    if (!hit && --this.stepsToCrash > 0) return false;
    this.target = null;
    if (!hit) this.armCrashPoint();
    this.ports.note(`crash of n${process.number + 1} ${point}`, false);
    this.ports.crash(process, hit ? exponentialUs(this.pointRandom, SNIPER_DOWN_MS) / MS : this.downMs());
    return true;
  }

  /**
   * A message left `process`. Votes and the first entries of a term are what elections hang on: a process that
   * ends just then, and is back at once, shows what it forgot.
   */
  emitted(process: SimProcess, message: Message): void {
    if (this.stopped || this.options.sniperChance === 0 || !isDecisive(message)) return;
    if (!chance(this.pointRandom, this.options.sniperChance)) return;
    this.target = process;
  }

  private armCrashPoint(): void {
    const { crashPointSteps } = this.options;
    this.stepsToCrash =
      crashPointSteps === 0 ? Infinity : Math.ceil(exponentialUs(this.pointRandom, crashPointSteps) / MS) + 1;
  }

  private repeat(meanMs: number, action: () => void): void {
    if (meanMs === 0) return;
    this.schedule.after(exponentialUs(this.random, meanMs), () => {
      if (this.stopped) return;
      action();
      this.repeat(meanMs, action);
    });
  }

  private later(meanMs: number, action: () => void): void {
    this.schedule.after(exponentialUs(this.random, meanMs), () => {
      if (!this.stopped) action();
    });
  }

  private downMs(): number {
    return exponentialUs(this.random, this.options.downMs) / MS;
  }

  /** The leader more often than chance would have it: most rules are about what a leader leaves behind. */
  private victim(): SimProcess {
    const leader = this.ports.leader();
    return leader !== null && chance(this.random, 0.5) ? leader : pick(this.random, this.processes);
  }

  private crash(): void {
    const victims = chance(this.random, 0.1) ? this.processes : [this.victim()];
    for (const process of victims) {
      if (!process.running) continue;
      this.ports.note(`crash of n${process.number + 1}`, false);
      this.ports.crash(process, this.downMs());
    }
  }

  private pause(): void {
    const process = this.victim();
    if (!process.running || process.paused) return;
    const { boot, number } = process;
    // A machine that freezes may lose its links as well: then it wakes up without knowing what went on.
    const deaf = chance(this.random, 0.5) ? this.towards(number) : [];
    this.ports.note(`pause of n${number + 1}${deaf.length > 0 ? ', deaf' : ''}`, false);
    process.pause();
    for (const [from, to] of deaf) this.network.cut(from, to);
    this.later(this.options.pauseLastsMs, () => {
      this.later(DEAF_AFTER_MS, () => {
        for (const [from, to] of deaf) this.network.mend(from, to);
      });
      if (process.boot !== boot) return;
      this.ports.note(`end of pause of n${number + 1}`, true);
      this.ports.read(process);
      process.resume();
    });
  }

  private atLeader(action: (leader: SimProcess) => void): void {
    const leader = this.ports.leader();
    if (leader !== null) action(leader);
  }

  private transfer(leader: SimProcess): void {
    this.ports.transfer(leader, pick(this.random, this.processes));
  }

  private slowLink(): void {
    const size = this.processes.length;
    const link = below(this.random, size * size);
    this.network.slow[link] = pick(this.random, [5, 20, 100]);
    this.later(this.options.partitionLastsMs, () => (this.network.slow[link] = 1));
  }

  private partition(): void {
    if (this.processes.length < 2) return;
    const leader = this.ports.leader();
    this.strike(this.drawPartition());
    // A leader that was just cut off takes a burst of proposals: the longer its lost tail, the more to clean up.
    if (leader !== null && chance(this.random, 0.3)) this.ports.flood(leader, between(this.random, 5, 40));
  }

  /** Cuts links for a while. */
  private strike({ name, cuts }: Partition): void {
    this.ports.note(`cut: ${name}`, false);
    for (const [from, to] of cuts) this.network.cut(from, to);
    this.later(this.options.partitionLastsMs, () => {
      this.ports.note(`mended: ${name}`, true);
      for (const [from, to] of cuts) this.network.mend(from, to);
    });
  }

  private towards(one: number): Cut[] {
    return this.processes.filter(({ number }) => number !== one).map(({ number }): Cut => [number, one]);
  }

  private drawPartition(): Partition {
    const one = this.victim().number;
    const others = this.processes.map((process) => process.number).filter((n) => n !== one);
    const name = `n${one + 1}`;
    switch (below(this.random, 6)) {
      case 0:
        return { name: `${name} alone`, cuts: both([one], others) };
      case 1:
        return { name: `${name} hears nobody`, cuts: this.towards(one) };
      case 2:
        return { name: `nobody hears ${name}`, cuts: others.map((n): Cut => [one, n]) };
      case 3: {
        const other = pick(this.random, others);
        return { name: `${name} from n${other + 1}`, cuts: both([one], [other]) };
      }
      case 4: {
        const [left, right] = this.split(others);
        return { name: `bridge at ${name}`, cuts: both(left, right) };
      }
      default: {
        const [left, right] = this.split([one, ...others]);
        return { name: `${left.length} from ${right.length}`, cuts: both(left, right) };
      }
    }
  }

  private split(all: readonly number[]): [number[], number[]] {
    const side = all.map(() => chance(this.random, 0.5));
    return [all.filter((_, i) => side[i]), all.filter((_, i) => !side[i])];
  }
}

function both(left: readonly number[], right: readonly number[]): Cut[] {
  return left.flatMap((a) =>
    right.flatMap((b): Cut[] => [
      [a, b],
      [b, a],
    ]),
  );
}

function isDecisive(message: Message): boolean {
  if (message.type === 'vote-reply') return message.granted && !message.pre;
  return message.type === 'append' && message.entries.at(-1)?.kind === 'noop';
}
