import { below, between, chance, pick, type Random } from '../../../lib/base/index.js';
import { exponentialUs } from '../network.js';
import { MS, type Schedule } from '../schedule.js';
import { DISK_ERRORS, failWrite } from './damage.js';
import type { SimNode } from './node.js';
import type { FaultOptions } from './options.js';
import { bothWays, ringCuts, type Cut } from './partitions.js';
import type { Ending, World } from './world.js';

/** Injects faults until it is stopped. Each kind has its own pace and its own stream of randomness. */
export class NodeNemesis {
  private readonly world: World;
  private readonly options: FaultOptions;
  private readonly schedule: Schedule;
  private readonly random: Random;
  private stopped = true;

  constructor(world: World, options: FaultOptions, schedule: Schedule, random: Random) {
    this.world = world;
    this.options = options;
    this.schedule = schedule;
    this.random = random;
  }

  start(): void {
    const { crashMs, cutMs, pauseMs, stallMs, transferMs, clockMs, errorMs } = this.options;
    this.stopped = false;
    this.repeat(crashMs, () => this.crash());
    this.repeat(cutMs, () => this.partition());
    this.repeat(cutMs * 2, () => this.slowLink());
    this.repeat(pauseMs, () => this.pause());
    this.repeat(stallMs, () => this.stall());
    this.repeat(transferMs, () => this.transfer());
    this.repeat(clockMs, () => this.setClock());
    this.repeat(errorMs, () => this.diskError());
    this.world.onCrashPoint = (node) => {
      this.note(`crash point of ${node.id}`);
      this.down(node);
      this.armCrashPoint();
    };
    this.world.onJoint = (leader) => this.joint(leader);
    this.armCrashPoint();
  }

  /** No new faults; what is under way is ended. */
  stop(): void {
    this.stopped = true;
    this.world.effectsToCrash = Infinity;
    this.world.wires.mendAll();
    for (const node of this.world.nodes) {
      node.disk.calm(1);
      // A write that fails later would end a process while the group has to be well. One that has failed still may.
      if (node.disk.memory.forgetFaults() > 0) node.failing = false;
      node.disk.memory.freeBytes = 2 ** 40;
      if (node.life?.host.stopped === true) node.stoppedUs = this.schedule.now;
      node.life?.host.resume();
      this.world.start(node);
    }
  }

  /** Faults like to come between the two steps of a change of voters. */
  private joint(leader: SimNode): void {
    const { crashMs, cutMs, pauseMs } = this.options;
    const faults: (() => void)[] = [];
    if (crashMs > 0) faults.push(() => this.down(chance(this.random, 0.6) ? leader : this.victim()));
    if (cutMs > 0) faults.push(() => this.partition());
    if (pauseMs > 0) faults.push(() => this.pause());
    if (this.stopped || faults.length === 0 || !chance(this.random, 0.4)) return;
    this.later(5, pick(this.random, faults));
  }

  private armCrashPoint(): void {
    const { crashPointEffects } = this.options;
    if (crashPointEffects === 0 || this.stopped) return;
    this.world.effectsToCrash = Math.ceil(exponentialUs(this.random, crashPointEffects) / MS);
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

  private note(text: string): void {
    this.world.event('fault', null, 0, 0, text);
  }

  /** The leader more often than chance would have it. */
  private victim(): SimNode {
    const leader = this.world.leader();
    return leader !== null && chance(this.random, 0.5) ? leader : pick(this.random, this.world.serving);
  }

  private crash(): void {
    const victims = chance(this.random, 0.15) ? this.world.serving : [this.victim()];
    this.note(`crash of ${victims.map(({ id }) => id).join(', ')}`);
    for (const node of victims) this.down(node);
  }

  private down(node: SimNode): void {
    const ending: Ending = chance(this.random, 0.5) ? 'kill' : 'power';
    const voters = this.world.atlas.allows(node);
    this.world.crash(node, ending);
    if (voters !== null && chance(this.random, this.options.damageChance)) {
      this.world.damage(node, voters, this.options.damages, this.random);
    }
    this.later(this.options.downMs, () => this.world.start(node));
  }

  private pause(): void {
    const node = this.victim();
    const { life } = node;
    if (life === null || life.host.stopped) return;
    this.note(`stop of ${node.id}`);
    this.world.counts.pauses++;
    this.world.seeJoint('stop while joint');
    life.host.stop();
    this.later(this.options.pauseLastsMs, () => {
      node.stoppedUs = this.schedule.now;
      life.host.resume();
    });
  }

  private stall(): void {
    const node = this.victim();
    this.note(`disk of ${node.id} hangs`);
    this.world.counts.stalls++;
    node.disk.hang();
    this.later(this.options.pauseLastsMs, () => node.disk.release());
  }

  private diskError(): void {
    const node = this.victim();
    if (chance(this.random, 0.3)) {
      this.note(`disk of ${node.id} is full`);
      const { memory } = node.disk;
      memory.freeBytes = 1 << 20;
      this.later(this.options.pauseLastsMs, () => (memory.freeBytes = 2 ** 40));
      return;
    }
    if (node.life === null || node.life.doors === null || node.failing) return;
    node.failing = true;
    this.world.counts.diskErrors++;
    this.note(`${node.id}: ${failWrite(pick(this.random, DISK_ERRORS), node.disk, this.random)}`);
  }

  private transfer(): void {
    const to = pick(this.random, this.world.serving).id;
    this.note(`transfer to ${to}`);
    const { life } = this.victim();
    life?.host.deliver(() => {
      life.member?.transferLeadership(chance(this.random, 0.3) ? null : to, () => undefined);
    });
  }

  private setClock(): void {
    const node = pick(this.random, this.world.nodes);
    const ms = between(this.random, -10_000, 10_000);
    this.note(`wall clock of ${node.id} ${ms} ms`);
    node.clock.step(ms);
  }

  private slowLink(): void {
    const { nodes, wires } = this.world;
    const at =
      pick(this.random, nodes).number * Math.sqrt(wires.slow.length) + pick(this.random, nodes).number;
    wires.slow[at] = pick(this.random, [5, 20, 100]);
    this.later(this.options.cutLastsMs, () => (wires.slow[at] = 1));
  }

  private partition(): void {
    const { serving, wires } = this.world;
    if (serving.length < 2) return;
    const { name, cuts } = this.draw();
    this.note(`cut: ${name}`);
    this.world.counts.cuts++;
    this.world.seeJoint('cut while joint');
    for (const [from, to] of cuts) wires.cut(from, to);
    this.later(this.options.cutLastsMs, () => {
      this.note(`mended: ${name}`);
      for (const [from, to] of cuts) wires.mend(from, to);
    });
  }

  private draw(): { readonly name: string; readonly cuts: readonly Cut[] } {
    const all = this.world.serving.map(({ number }) => number);
    const one = this.victim().number;
    const others = all.filter((n) => n !== one);
    const name = `m${one + 1}`;
    switch (below(this.random, 7)) {
      case 0:
        return { name: `${name} alone`, cuts: bothWays([one], others) };
      case 1:
        return { name: `${name} hears nobody`, cuts: others.map((n): Cut => [n, one]) };
      case 2:
        return { name: `nobody hears ${name}`, cuts: others.map((n): Cut => [one, n]) };
      case 3: {
        const other = pick(this.random, others);
        return { name: `${name} from m${other + 1}`, cuts: bothWays([one], [other]) };
      }
      case 4: {
        const [left, right] = this.split(others);
        return { name: `bridge at ${name}`, cuts: bothWays(left, right) };
      }
      case 5:
        return { name: 'ring', cuts: ringCuts(all) };
      default: {
        const [left, right] = this.split(all);
        return { name: `${left.length} from ${right.length}`, cuts: bothWays(left, right) };
      }
    }
  }

  private split(all: readonly number[]): [number[], number[]] {
    const side = all.map(() => chance(this.random, 0.5));
    return [all.filter((_, i) => side[i]), all.filter((_, i) => !side[i])];
  }
}
