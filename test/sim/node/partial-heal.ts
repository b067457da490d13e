import type { NodeId, SeededRandom } from '../../../lib/base/index.js';
import { MS, SECOND, type Schedule } from '../schedule.js';
import { check } from '../violation.js';
import type { NodeNemesis } from './nemesis.js';
import type { SimNode } from './node.js';
import type { NodeOptions } from './options.js';
import { isApart, planHeal, type PartialHeal, type Plan } from './partitions.js';
import { Probe } from './probe.js';
import type { World } from './world.js';

/** How a run goes on, and what it asks for. */
export interface Phases {
  readonly schedule: Schedule;
  readonly note: (kind: 'phase', text: string) => void;
  readonly demand: (rule: string, what: string, holds: () => boolean, withinUs: number) => Promise<void>;
  readonly runUntil: (at: number) => Promise<void>;
  /** The group is as its operator wants it. */
  readonly ordered: () => Promise<void>;
  /** Everybody serves and has applied everything. */
  /** Everybody serves, votes, and has applied the log up to `index`; without: to its end. */
  readonly settled: (index?: number) => boolean;
}

/** A leader is there within this many (longest) election timeouts; then within as many everybody linked with it serves. */
const ELECTION_TIMEOUTS = 10;
/** A disconnected stream is found silent, dialled anew and greeted before the first vote can be asked for. */
const RECONNECT_US = 6 * SECOND;
/** Election timeouts that a group is given to become quiet, and for which it then has to stay so. */
const CALM_TIMEOUTS = 2;
const QUIET_TIMEOUTS = 3;
/** Clients that cannot reach the leader find a member that they can reach. */
const RELAYED_US = 60 * SECOND;
/** Who is on the way to a vote is waited for so long, before links are cut for good. */
const GROWTH_US = 10 * SECOND;

interface Steady {
  readonly leader: SimNode;
  readonly term: number;
  /** Processes started so far: one that ends may change who leads. */
  readonly mark: string;
}

/**
 * The end of faults for some of the group only (L1, L3, L4): as long as somebody has links both ways to a quorum, the
 * group elects one leader, everybody who reaches it serves, and it stays; also when the others come back.
 */
export class PartialHealing {
  private readonly world: World;
  private readonly nemesis: NodeNemesis;
  private readonly options: NodeOptions;
  private readonly random: SeededRandom;
  private readonly phases: Phases;

  constructor(
    world: World,
    nemesis: NodeNemesis,
    options: NodeOptions,
    random: SeededRandom,
    phases: Phases,
  ) {
    this.world = world;
    this.nemesis = nemesis;
    this.options = options;
    this.random = random;
    this.phases = phases;
  }

  /** Ends the faults, all of them in the end. */
  async go(): Promise<void> {
    const { heal } = this.options;
    if (heal !== 'everything') await this.partly(heal);
    this.phases.note('phase', 'heal');
    this.nemesis.stop();
  }

  /** L3: nothing happens, so nobody is elected. */
  async quiet(): Promise<void> {
    const { phases, world } = this;
    const lossy = world.wires.options;
    world.wires.options = { ...lossy, loss: 0, breaks: 0 };
    await this.wait(CALM_TIMEOUTS);
    const [mark, term] = [this.mark(), this.highestTerm()];
    await this.wait(QUIET_TIMEOUTS);
    const grown = this.highestTerm() - term;
    check(
      grown <= 1 || mark !== this.mark(),
      'L3',
      () => `terms grew by ${grown} while nothing happened: ${world.picture()}`,
    );
    await phases.demand('L3', 'lasting leader', () => world.leader() !== null, this.electionsUs);
    world.wires.options = lossy;
  }

  private async partly(heal: PartialHeal): Promise<void> {
    const { phases, nemesis } = this;
    let plan = this.options.operator.changeMs === 0 ? this.plan(heal) : null;
    if (plan === null) {
      // Not well enough to lose anybody, or nobody knows who counts: all of it is healed first.
      phases.note('phase', 'heal first');
      nemesis.stop();
      await phases.demand('L1', 'a leader', () => this.world.leader() !== null, this.electionsUs);
      await phases.ordered();
      // Clients go on meanwhile: the log has no end that everybody would have at one moment.
      const { last } = this.world.oracle;
      await phases.demand('L2', 'equal members', () => phases.settled(last), 20 * SECOND);
      plan = (await this.fullyGrown()) ? this.plan(heal) : null;
    }
    if (plan === null) return phases.note('phase', `no ${heal}: nobody would have to serve`);
    phases.note('phase', `heal: ${plan.name}`);
    this.apply(heal, plan);
    await this.serves(heal, plan);
    this.world.marks.see(heal);
    await this.quiet();
    await this.returns(plan);
  }

  /**
   * A vote that is given just before links are cut may leave a group that nobody can lead: with two voters, the one that
   * the other is replaced by may be out of reach.
   */
  private async fullyGrown(): Promise<boolean> {
    const { council } = this.world;
    const until = this.phases.schedule.now + GROWTH_US;
    while (council.isGrowing && this.phases.schedule.now < until) await this.wait(1 / 4);
    return !council.isGrowing;
  }

  private get members(): readonly SimNode[] {
    const { nodes, council } = this.world;
    return nodes.filter(({ id }) => council.isMember(id));
  }

  private get timeoutUs(): number {
    const { electionTicks, tickMs } = this.options.limits;
    return 2 * electionTicks * tickMs * MS;
  }

  private get electionsUs(): number {
    return RECONNECT_US + ELECTION_TIMEOUTS * this.timeoutUs;
  }

  private wait(timeouts: number): Promise<void> {
    return this.phases.runUntil(this.phases.schedule.now + timeouts * this.timeoutUs);
  }

  private plan(heal: PartialHeal): Plan | null {
    const { world } = this;
    world.atlas.look();
    const [leader, voters] = [world.leader(), world.voters()];
    const nodes = this.members;
    if (leader === null || voters === null || !nodes.every((node) => agrees(node, voters))) return null;
    const users = [...world.clients, ...world.sessionClients, ...world.agents, ...world.frameworks].map(
      ({ machine }) => machine,
    );
    return planHeal(heal, { nodes, leader, voters, wounded: this.wounded(), users }, this.random);
  }

  private wounded(): readonly SimNode[] {
    return this.members.filter((node) => this.world.atlas.isWounded(node));
  }

  private apply(heal: PartialHeal, { out, cuts }: Plan): void {
    const { world, nemesis } = this;
    if (heal === 'quorum, others down') {
      for (const node of out) {
        node.barred = true;
        world.crash(node, this.random.uint32() % 2 === 0 ? 'kill' : 'power');
      }
    }
    nemesis.stop();
    if (heal === 'quorum, others paused') for (const node of out) node.life?.host.stop();
    for (const [from, to] of cuts) world.wires.cut(from, to);
  }

  // ------------------------------------------------------------------------------------------- what is demanded

  /** L1, L4: a leader, and a new write answered by everybody who has links both ways to it. */
  private async serves(heal: PartialHeal, plan: Plan): Promise<void> {
    const { phases, world, options } = this;
    const answered = world.history.counts.acknowledged + world.history.counts.refused;
    const what = `leader (${plan.name})`;
    await phases.demand('L4', what, () => this.leader(plan) !== null, this.electionsUs);
    const probes = new Map(this.members.map((node) => [node, new Probe(node)]));
    const withinUs = this.electionsUs + 2 * options.limits.proposalDeadlineMs * MS;
    await phases.demand(
      'L4',
      `write everywhere (${plan.name})`,
      () => this.reached(plan).every((node) => probes.get(node)!.answered()),
      withinUs,
    );
    if (heal !== 'leader unseen') return;
    const { counts } = world.history;
    await phases.demand(
      'L4',
      `relayed answer (${plan.name})`,
      () => counts.acknowledged + counts.refused > answered && this.agentsAreElsewhere(plan),
      RELAYED_US,
    );
  }

  private agentsAreElsewhere({ cuts }: Plan): boolean {
    const { agents, nodes } = this.world;
    const unseen = nodes.find(({ number }) => cuts.some(([from]) => from === number));
    return agents.every(({ at }) => at !== null && at !== unseen);
  }

  /** Who leads, of those that take part. */
  private leader({ out }: Plan): SimNode | null {
    const leader = this.world.leader();
    return leader === null || out.includes(leader) ? null : leader;
  }

  /** The leader, and who has links both ways to it; everybody while there is none. */
  private reached(plan: Plan): readonly SimNode[] {
    const leader = this.leader(plan);
    const away = [...plan.out, ...this.wounded()];
    return this.members.filter(
      (node) =>
        !away.includes(node) && (leader === null || node === leader || !isApart(plan.cuts, node, leader)),
    );
  }

  /** L3: those that were away come back, and whoever leads goes on leading. */
  private async returns(plan: Plan): Promise<void> {
    const { world, phases, nemesis } = this;
    const steady = this.steady(plan);
    phases.note('phase', `back: ${plan.name}`);
    for (const node of plan.out) node.barred = false;
    const lossy = world.wires.options;
    world.wires.options = { ...lossy, loss: 0, breaks: 0 };
    nemesis.stop();
    const until = phases.schedule.now + this.electionsUs;
    while (phases.schedule.now < until && !this.allFollow()) await this.wait(1 / 4);
    await this.wait(CALM_TIMEOUTS);
    world.wires.options = lossy;
    if (steady === null || steady.mark !== this.mark(plan.out)) return;
    const { leader, term } = steady;
    const view = leader.life?.member?.leadership();
    check(
      view?.kind === 'leading' && view.term === term,
      'L3',
      () => `${leader.id} led term ${term} until ${plan.name} ended: ${world.picture()}`,
    );
    if (plan.out.length > 0) world.marks.see('isolated member came back');
  }

  /** Null: somebody knows of a later term already, so that there has to be another election. */
  private steady({ out }: Plan): Steady | null {
    const leader = this.world.leader();
    const view = leader?.life?.member?.leadership();
    if (leader === null || view === undefined || this.highestTerm() > view.term) return null;
    return { leader, term: view.term, mark: this.mark(out) };
  }

  private allFollow(): boolean {
    const term = this.highestTerm();
    return this.members.every(({ life }) => {
      const view = life?.member?.leadership();
      return view !== undefined && view.term === term && view.kind !== 'none' && view.kind !== 'elected';
    });
  }

  private highestTerm(): number {
    return Math.max(...this.members.map((node) => node.term));
  }

  private mark(except: readonly SimNode[] = []): string {
    return this.members.map((node) => (except.includes(node) ? '' : node.lives)).join(' ');
  }
}

/** The last process of `node` knew of no other voters, and of no change among them. */
function agrees({ view }: SimNode, voters: readonly NodeId[]): boolean {
  if (view === null) return false;
  const { configuration } = view;
  const same = [...configuration.voters].toSorted().join() === [...voters].toSorted().join();
  return same && configuration.outgoing.length === 0;
}
