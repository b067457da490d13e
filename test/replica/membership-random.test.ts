import assert from 'node:assert/strict';
import {
  below,
  chance,
  memberOf,
  pick,
  SeededRandom,
  TepuiError,
  type MemberId,
} from '../../lib/base/index.js';
import type { MemberChange } from '../../lib/replica/index.js';
import { membersOf, sameNodes, type Configuration } from '../../lib/raft/index.js';
import { Group } from './group.js';

const SEED = Number(process.env['SEED'] ?? 1);
const SEEDS = Number(process.env['SEEDS'] ?? 6);
const STEPS = 60;
const NAMES = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'] as MemberId[];

/** Masters that are added, removed, promoted, demoted, replaced, killed, wiped and cut off, in any order. */
class Churn {
  readonly group: Group;
  readonly counts: Map<string, number> = new Map();
  private readonly random: SeededRandom;
  private changing = false;

  constructor(group: Group, random: SeededRandom) {
    this.group = group;
    this.random = random;
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.step();
      await this.group.pass(below(this.random, 300));
    }
    await this.settle();
  }

  private get members(): MemberId[] {
    return membersOf(this.configuration).map(memberOf);
  }

  /** As the leader has it, or whoever's log is longest. */
  private get configuration(): Configuration {
    const { leader } = this.group;
    if (leader !== null) return leader.configuration;
    const logs = [...this.group.processes.values()].flatMap(({ disk }) => disk.log ?? []);
    return logs.reduce((longest, log) => (log.lastIndex() > longest.lastIndex() ? log : longest))
      .configuration;
  }

  /** Who is in the group by anybody's log. */
  private get everybody(): Set<MemberId> {
    const logs = [...this.group.processes.values()].flatMap(({ disk }) => disk.log ?? []);
    return new Set(logs.flatMap((log) => membersOf(log.configuration).map(memberOf)));
  }

  private async step(): Promise<void> {
    const { group, random } = this;
    for (let i = below(random, 4); i > 0; i--) {
      const alive = group.alive.filter((one) => one.disk.log !== null);
      if (alive.length > 0) group.propose(pick(random, alive).id);
    }
    const roll = below(random, 10);
    if (roll < 2) this.kill();
    else if (roll < 5) await this.raise();
    else if (roll < 6) this.cutOrHeal();
    else if (roll < 7) await this.wipe();
    else await this.change();
  }

  private kill(): void {
    const { alive } = this.group;
    if (alive.length < 2) return;
    pick(this.random, alive).crash(() => chance(this.random, 0.5));
    this.count('kills');
  }

  private async raise(): Promise<void> {
    const dead = this.group.ids.filter((id) => this.group.processes.get(id)?.alive === false);
    if (dead.length > 0) await this.group.start(pick(this.random, dead));
  }

  private cutOrHeal(): void {
    if (chance(this.random, 0.5)) return this.group.healAll();
    this.group.isolate(pick(this.random, this.group.ids));
    this.count('cuts');
  }

  /**
   * One folder at a time, of a group that can spare it whatever log wins: more would be beyond what is promised to be
   * survived. So everybody is there and nobody's log has a change under way.
   */
  private async wipe(): Promise<void> {
    const { group } = this;
    if (group.leader === null || this.changing || !this.isAtRest()) return;
    const victims = this.configuration.voters.map(memberOf).filter((id) => id !== group.leader!.id);
    if (victims.length < 2) return;
    const victim = pick(this.random, victims);
    group.at(victim).crash();
    group.wipe(victim);
    await group.start(victim);
    this.count('wipes');
    // Until it is missed, its vote is counted upon.
    await group.pass(1500);
  }

  private isAtRest(): boolean {
    const { group, configuration } = this;
    const nodes = membersOf(configuration);
    return nodes.every((node) => {
      const life = group.processes.get(memberOf(node));
      if (life?.alive !== true || life.disk.identity.nodeId !== node) return false;
      const own = life.disk.log?.configuration;
      return own !== undefined && own.outgoing.length === 0 && sameNodes(own.voters, configuration.voters);
    });
  }

  private async change(): Promise<void> {
    const { group, random, members } = this;
    if (this.changing || group.leader === null) return;
    const member = pick(random, members);
    const kind = pick(random, ['add', 'add', 'remove', 'promote', 'demote', 'replace'] as const);
    const by = pick(random, members);
    const at = pick(random, group.alive).id;
    for (const one of group.alive) if (one.disk.log !== null) group.announce(one.id);
    if (kind === 'add') return this.add(at);
    this.make(at, kind === 'replace' ? { kind, member, by } : { kind, member });
  }

  private make(at: MemberId, change: MemberChange, token: (text: string) => void = () => {}): void {
    this.changing = true;
    const { member } = this.group.at(at);
    const life = this.group.at(at);
    const ended = (how: string): void => {
      this.changing = false;
      this.count(`${change.kind} ${how}`);
    };
    // A process that dies answers nobody.
    const watch = (): void => {
      if (!this.changing) return;
      if (life.alive) this.group.time.after(50, watch);
      else ended('lost');
    };
    watch();
    member.changeMembers(change, (reply) => {
      ended(reply.ok ? 'done' : 'refused');
      if (reply.ok && reply.answer.token !== null) token(reply.answer.token);
    });
  }

  private add(at: MemberId): void {
    const id = NAMES.find((name) => !this.group.ids.includes(name));
    if (id === undefined || this.members.length >= 5) return;
    const contact = pick(this.random, this.group.alive).id;
    this.make(at, { kind: 'add', member: id, replaces: null }, (token) => {
      void this.group.join(id, token, contact).catch(() => undefined);
      this.count('joins');
    });
  }

  /** Everything is well again: the group serves, and everybody in it holds everything. */
  private async settle(): Promise<void> {
    const { group } = this;
    group.healAll();
    const started = new Set<MemberId>();
    for (let i = 0; i < 200; i++) {
      for (const id of this.everybody) {
        if (!group.processes.has(id) || group.at(id).alive || started.has(id)) continue;
        started.add(id);
        await group.start(id);
      }
      await group.pass(100);
    }
    await group.untilLeader(60_000);
    const isQuiet = (): boolean => {
      const { leader } = group;
      if (leader === null) return false;
      const { outgoing, voters } = leader.configuration;
      return (
        outgoing.length === 0 &&
        voters.every((node) => group.at(memberOf(node)).disk.identity.nodeId === node)
      );
    };
    await group.until(
      'no change is under way, and every vote is with a folder that is there',
      isQuiet,
      60_000,
    );
    for (const one of group.alive) {
      if (!membersOf(group.leader!.configuration).includes(one.disk.identity.nodeId)) one.crash();
    }
    await group.until(
      'nothing is asked any more',
      () => group.proposals.every((one) => one.outcome !== null || !one.life.alive),
      60_000,
    );
    await group.untilServing();
    await group.untilLevel();
    group.check();
    for (const { error } of group.ends) {
      assert(error instanceof TepuiError && error.code !== 'DAMAGED', String(error));
    }
  }

  private count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}

describe('replica: a random history of members', () => {
  const counts = new Map<string, number>();

  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    it(`loses nothing that was acknowledged (seed ${seed})`, async () => {
      const random = new SeededRandom(seed);
      const limits = chance(random, 0.5) ? { logTailEntries: 4, cutIntervalMs: 50 } : {};
      const group = await Group.serving({ size: pick(random, [1, 3, 5]), seed, limits });
      const churn = new Churn(group, random);
      await churn.run();
      for (const [what, count] of churn.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    });
  }

  it('met what it is meant to meet', () => {
    for (const what of ['kills', 'cuts', 'wipes', 'joins', 'remove done', 'remove refused', 'demote done']) {
      assert(counts.has(what), `${what}: never, of ${JSON.stringify([...counts])}`);
    }
  });
});
