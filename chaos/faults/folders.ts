import { mkdirSync, rmSync } from 'node:fs';
import { SeededRandom, between, chance } from '../../lib/base/index.js';
import { EXIT } from '../../lib/cli/index.js';
import type { Cluster } from '../cluster/cluster.js';
import { Utterances } from '../cluster/utterances.js';
import {
  applyFlips,
  describeFlips,
  drawFlips,
  wholeFile,
  type BitFlip,
  type Range,
} from '../damage/bit-flips.js';
import { copyData, filesOf, identityOf, wipe, witnessRecord } from '../damage/data-folder.js';
import { RESTART_LIMIT_MS, type Fault } from './fault.js';

/** Whether a member whose folder was damaged may come back under the name that it had. */
export type InstanceRule =
  /** Its votes are lost: never again. */
  | 'another'
  /** Nothing that was lost is a vote: it has no reason to change. */
  | 'same'
  | 'either';

/** Why the instance after the damage breaks the rule, or null. */
export function instanceFault(rule: InstanceRule, before: string, after: string | null): string | null {
  if (after === null) return 'has no identity.json';
  if (rule === 'another' && after === before) return `serves again as ${before}, which has forgotten votes`;
  if (rule === 'same' && after !== before) return `gave up instance ${before} without need`;
  return null;
}

/** Damage to the data folder of one master, while it is down; `alsoDown` are killed and started with it. */
abstract class FolderDamage implements Fault {
  readonly victims: readonly string[];
  protected readonly cluster: Cluster;
  protected readonly victim: string;
  protected readonly folder: string;
  private readonly down: readonly string[];
  private readonly rule: InstanceRule;
  private said: Utterances | null = null;
  private before = '';

  constructor(cluster: Cluster, victim: string, rule: InstanceRule, alsoDown: readonly string[] = []) {
    this.rule = rule;
    this.cluster = cluster;
    this.victim = victim;
    this.down = [victim, ...alsoDown.filter((id) => id !== victim)];
    this.victims = this.down;
    this.folder = cluster.folder(victim);
  }

  /** Damages the folder of the dead process, and tells what it did. */
  protected abstract damage(): string;
  /** While the process lives, before it is killed. */
  protected prepare(): Promise<void> {
    return Promise.resolve();
  }

  async inject(): Promise<void> {
    await this.prepare();
    await Promise.all(this.down.map((id) => this.cluster.kill(id)));
  }

  async heal(): Promise<string> {
    this.before = identityOf(this.folder)!.instance;
    const done = this.damage();
    this.said = new Utterances(this.folder);
    this.cluster.supervise(this.victim, EXIT.storage);
    for (const id of this.down) this.cluster.startAgain(id);
    await this.cluster.waitFor(`${this.victim} runs again`, RESTART_LIMIT_MS, () =>
      this.cluster.pid(this.victim),
    );
    return done;
  }

  over(): Promise<string> {
    const said = this.said?.troubles() ?? [];
    const restarts = this.cluster.supervised(this.victim);
    const ended = restarts === 0 ? [] : [`it ended itself ${restarts} times`];
    const words = said.length === 0 ? 'it found nothing amiss' : `it said: ${said.join('; ')}`;
    const after = identityOf(this.folder)?.instance ?? null;
    const fault = instanceFault(this.rule, this.before, after);
    if (fault !== null) throw new Error(`${this.victim} ${fault}; ${words}`);
    const name = after === this.before ? 'the same instance' : `instance ${this.before} became ${after}`;
    return Promise.resolve([name, words, ...ended].join('; '));
  }

  close(): void {
    this.cluster.unsupervise(this.victim);
  }
}

/** The data folder is gone: the same id comes back as a new instance that remembers no vote. */
export class Wipe extends FolderDamage {
  constructor(cluster: Cluster, victim: string) {
    super(cluster, victim, 'another');
  }

  protected damage(): string {
    return `${Math.round(wipe(this.folder) / 2 ** 20)} MiB wiped`;
  }
}

/** A copy of the folder from before comes back, when the group has long gone on with the member. */
export class Stale extends FolderDamage {
  private readonly copy: string;
  private readonly goOnMs: number;
  private copied = 0;

  constructor(cluster: Cluster, victim: string, goOnMs: number) {
    super(cluster, victim, 'another');
    this.copy = `${this.folder}-copy`;
    this.goOnMs = goOnMs;
  }

  protected override async prepare(): Promise<void> {
    const { cluster, victim, folder, copy } = this;
    await cluster.kill(victim);
    mkdirSync(copy);
    copyData(folder, copy);
    this.copied = identityOf(copy)!.boot;
    cluster.startAgain(victim);
    await cluster.awaitServing(RESTART_LIMIT_MS, undefined, [victim]);
    await cluster.progress(victim, this.goOnMs);
  }

  protected damage(): string {
    const { boot } = identityOf(this.folder)!;
    if (boot <= this.copied)
      throw new Error(`${this.victim} is at start ${boot}, the copy at ${this.copied}`);
    wipe(this.folder);
    copyData(this.copy, this.folder);
    rmSync(this.copy, { recursive: true });
    return `start ${boot} of the folder replaced by a copy of start ${this.copied}`;
  }
}

export type FlipTarget = 'raft' | 'state' | 'witness' | 'votes';

const INSTANCE_RULES: Readonly<Record<FlipTarget, InstanceRule>> = {
  // Term and vote stand in the log and in the witness; either is enough, unless the two are found to differ.
  raft: 'either',
  state: 'same',
  witness: 'same',
  votes: 'another',
};

const MOST_FLIPS = 12;

/** Bits of the files change while the process is down. */
export class Flip extends FolderDamage {
  private readonly target: FlipTarget;
  private readonly random: SeededRandom;

  constructor(
    cluster: Cluster,
    victim: string,
    target: FlipTarget,
    seed: number,
    alsoDown: readonly string[] = [],
  ) {
    super(cluster, victim, INSTANCE_RULES[target], alsoDown);
    this.target = target;
    this.random = new SeededRandom(seed);
  }

  protected damage(): string {
    const flips = this.draw();
    applyFlips(flips);
    return describeFlips(flips, this.folder);
  }

  private draw(): BitFlip[] {
    const { target, random, folder } = this;
    if (target === 'raft' || target === 'state') {
      const ranges = filesOf(folder, target).map(wholeFile);
      return drawFlips(ranges, between(random, 1, MOST_FLIPS), random);
    }
    const slot = (number: 0 | 1): Range => witnessRecord(folder, number);
    // One bad slot is a torn write; with both the votes are lost.
    if (target === 'votes')
      return ([0, 1] as const).flatMap((number) => drawFlips([slot(number)], 1, random));
    return drawFlips([slot(chance(random, 0.5) ? 0 : 1)], between(random, 1, MOST_FLIPS), random);
  }
}
