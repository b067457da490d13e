import { memberOf, pick, chance, type MemberId, type Random } from '../../../lib/base/index.js';
import { majority } from '../../../lib/raft/index.js';
import type { ChangeReply, MemberChange } from '../../../lib/replica/index.js';
import { hashOf, parseToken } from '../../../lib/replica/membership/tokens.js';
import type { Calls } from './calls.js';
import type { Council, Order, Role } from './council.js';
import type { SimNode } from './node.js';
import { consensusOf } from './observe.js';
import type { OperatorOptions } from './options.js';
import type { World } from './world.js';

/** Patience with one call: longer than a master's own deadline for it. */
const PATIENCE_MS = 12_000;
/** A master may take this much longer than any other call: it asks one leader after the other. */
const LIMIT_MS = 20_000;
/** Pause before a next attempt, and between looks at a group that is not as it was ordered yet. */
const RETRY_MS = 300;
/** Mean time for which the process of a removed member is left running. */
const LINGER_MS = 4000;
/** Who is down for so long is known to be. */
const GONE_US = 1_500_000;
const OUTAGE_MS = 2500;
/** Members of a group, learners included, beyond which nobody is added. */
const MOST_MEMBERS = 6;

const OFF = { promoteAfterMs: 0, removeDeadAfterMs: 0, unstableLosses: 0, unstableWindowMs: 0 } as const;

/** What the rest of the world does for the operator. */
export interface OperatorPorts {
  readonly world: World;
  readonly calls: Calls;
  readonly council: Council;
  readonly note: (text: string) => void;
}

/** Somebody who changes who is in the group, one change after the other, whatever goes on otherwise. */
export class Operator {
  readonly machine: number;
  /** A change is on its way. */
  busy = false;
  private readonly options: OperatorOptions;
  private readonly random: Random;
  private readonly ports: OperatorPorts;
  private stopped = false;
  /** Tokens that were given out. */
  private readonly used: string[] = [];

  constructor(machine: number, options: OperatorOptions, random: Random, ports: OperatorPorts) {
    this.machine = machine;
    this.options = options;
    this.random = random;
    this.ports = ports;
  }

  /** Begins nothing more by chance. */
  stop(): void {
    this.stopped = true;
  }

  async run(): Promise<void> {
    if (this.options.changeMs === 0) return;
    if (!this.options.upkeep) await this.change({ kind: 'upkeep', policy: OFF }, new Map());
    while (!this.stopped) {
      await this.ports.calls.sleep(this.options.changeMs);
      this.sweep();
      if (!this.stopped) await this.step();
    }
  }

  /** After the heal: whoever was invited has to come, and who runs no more has to go. */
  async tidy(): Promise<void> {
    const { world, council, calls } = this.ports;
    while (!this.isTidy()) {
      await calls.sleep(RETRY_MS);
      this.sweep();
      for (const node of world.nodes) {
        if (council.isMember(node.id) && !node.enrolled) await this.remove(node.id);
        else if (this.isStranded(node)) this.again(node);
      }
    }
  }

  isTidy(): boolean {
    const { world, council } = this.ports;
    return world.nodes.every(
      (node) =>
        council.isMember(node.id) === (node.enrolled && !node.lingers) &&
        (!council.isMember(node.id) || !this.isStranded(node)),
    );
  }

  /**
   * It still asks to be let in, perhaps of members that are gone or have moved since it was started. So does a founder
   * whose folder was lost, and with it the addresses that it had been told since.
   */
  private isStranded({ id, invitation, life, awaited }: SimNode): boolean {
    if (life === null) return false;
    const member = life.member;
    const isAwaited = invitation !== null && awaited && !this.ports.council.isMember(id);
    return isAwaited || (member !== null && consensusOf(member) === null);
  }

  // ------------------------------------------------------------------------------------------------ what is done

  private async step(): Promise<void> {
    const { world, council } = this.ports;
    const { present } = council;
    if (present === null) return;
    const members = council.members;
    const outside = world.nodes.filter((node) => !node.enrolled && !council.isMember(node.id));
    const learners = present.learners.map(memberOf);
    const voters = present.voters.map(memberOf);
    const any = pick(this.random, members);
    const options: (() => Promise<unknown>)[] = [
      () => this.remove(chance(this.random, 0.4) ? (world.leader()?.id ?? any) : any),
      () => this.demote(pick(this.random, voters)),
      () => this.transfer(any),
      () => this.move(any),
      () => this.outage(pick(this.random, voters)),
    ];
    const risky = this.risky();
    if (risky !== null)
      options.push(
        () => this.remove(risky),
        () => this.remove(risky),
        () => this.demote(risky),
      );
    if (outside.length > 0 && members.length < MOST_MEMBERS) {
      const node = pick(this.random, outside);
      const add = (): Promise<void> =>
        this.add(node, chance(this.random, 0.25) ? pick(this.random, voters) : null);
      options.push(add, add, add);
    }
    if (outside.length > 0 && this.used.length > 0)
      options.push(() => this.cheat(pick(this.random, outside)));
    if (learners.length > 0) {
      const learner = pick(this.random, learners);
      options.push(
        () => this.order({ kind: 'promote', member: learner }, [[learner, 'voter']]),
        () => this.order({ kind: 'promote', member: learner }, [[learner, 'voter']]),
        () => this.replace(pick(this.random, voters), learner),
      );
    }
    await pick(this.random, options)();
  }

  /** A voter without which too few would be up: to be refused. */
  private risky(): MemberId | null {
    const { world, calls, council } = this.ports;
    const voters = (council.present?.voters ?? []).map((folder) => world.nodeOf(memberOf(folder)));
    const since = calls.schedule.now - GONE_US;
    const up = voters.filter(({ life, endedUs }) => life !== null || endedUs > since);
    const tooFew = up.length > 1 && up.length - 1 < majority(voters.length - 1);
    return tooFew ? pick(this.random, up).id : null;
  }

  private async add(node: SimNode, replaces: MemberId | null): Promise<void> {
    const { world, council } = this.ports;
    const named = chance(this.random, 0.5) ? node.id : null;
    const reply = await this.change({ kind: 'add', member: named, replaces }, new Map());
    if (reply?.ok !== true) return;
    const token = reply.answer.token!;
    this.used.push(token);
    council.invite(node.id);
    world.enrol(node, { token, hash: hashOf(parseToken(token)) });
  }

  /** Somebody comes with a token that let another one in. */
  private async cheat(node: SimNode): Promise<void> {
    const { world } = this.ports;
    const token = pick(this.random, this.used);
    const invitation = { token, hash: hashOf(parseToken(token)) };
    const usedBy = world.oracle.machine.membership.token(invitation.hash)?.usedBy ?? '';
    if (usedBy === '') return;
    this.ports.note(`operator: ${node.id} comes with the token of ${usedBy}`);
    world.enrol(node, invitation);
  }

  private async remove(member: MemberId): Promise<void> {
    const { world, council } = this.ports;
    if (!this.mayLoseOne() && council.isVoter(member)) return;
    const leads = world.leader()?.id === member;
    const reply = await this.order({ kind: 'remove', member }, [[member, 'absent']]);
    if (reply?.ok === true && leads) world.marks.see('leader removed');
    this.sweep();
  }

  private async replace(member: MemberId, by: MemberId): Promise<void> {
    const { world } = this.ports;
    const goal: [MemberId, Role][] = [
      [member, 'absent'],
      [by, 'voter'],
    ];
    const reply = await this.order({ kind: 'replace', member, by }, goal);
    if (reply?.ok === true) world.marks.see('member replaced by a learner');
    this.sweep();
  }

  private async demote(member: MemberId): Promise<void> {
    if (this.mayLoseOne()) await this.order({ kind: 'demote', member }, [[member, 'learner']]);
  }

  private async transfer(to: MemberId): Promise<void> {
    const { world, calls } = this.ports;
    const leader = world.leader();
    if (leader === null) return;
    this.ports.note(`operator: transfer to ${to}`);
    await calls.ask<string>(this.machine, leader.number, PATIENCE_MS, ({ member }, reply) =>
      member.transferLeadership(to, (error) => reply(error?.code ?? 'done')),
    );
  }

  /** The member comes back at another address. */
  private async move(member: MemberId): Promise<void> {
    const { world, calls } = this.ports;
    const node = world.nodeOf(member);
    if (!node.enrolled || node.life === null) return;
    this.ports.note(`operator: ${member} moves`);
    world.marks.see('address changed');
    world.crash(node, 'kill');
    node.port++;
    await calls.sleep(RETRY_MS);
    world.start(node);
  }

  /** Who came, and who went by itself or after an answer was lost. */
  private sweep(): void {
    const { world, council } = this.ports;
    if (council.isJoint) return;
    for (const node of world.nodes) {
      if (council.isMember(node.id)) node.awaited = false;
      else if (node.enrolled && !node.awaited) this.farewell(node);
    }
  }

  /** A machine is down for a while, and a change is asked for that the group could not survive. */
  private async outage(member: MemberId): Promise<void> {
    const { world, calls } = this.ports;
    const node = world.nodeOf(member);
    if (!node.enrolled || node.life === null) return;
    this.ports.note(`operator: ${member} is down for a while`);
    world.crash(node, 'kill');
    await new Promise<void>((resolve) => calls.after(OUTAGE_MS, resolve, true));
    const risky = this.risky();
    if (risky !== null) await (chance(this.random, 0.5) ? this.remove(risky) : this.demote(risky));
    world.start(node);
  }

  /** The process of a removed member is left alone for a while, or for good; then its machine is given back. */
  private farewell(node: SimNode): void {
    if (!node.enrolled || node.lingers) return;
    const { world, calls, council } = this.ports;
    node.lingers = true;
    if (chance(this.random, 0.3)) return;
    calls.after(LINGER_MS, () => {
      if (!council.isMember(node.id)) world.retire(node);
    });
  }

  /** Who was invited does not find the group, or its token was used up: it is started anew. */
  private again(node: SimNode): void {
    const { world } = this.ports;
    if (this.ports.calls.schedule.now - node.startedUs < 3_000_000) return;
    this.ports.note(`operator: ${node.id} is started again`);
    world.crash(node, 'kill');
    world.start(node);
  }

  // -------------------------------------------------------------------------------------------- how it is asked

  /** Whether one voter less may be damaged at a time than now: what was lost is not back yet. */
  private mayLoseOne(): boolean {
    const { world, council } = this.ports;
    const voters = council.present?.voters.length ?? 0;
    return voters > 1 && world.atlas.damaged <= voters - 1 - majority(voters - 1);
  }

  private order(change: MemberChange, goal: readonly [MemberId, Role][]): Promise<ChangeReply | null> {
    return this.change(change, new Map(goal));
  }

  private async change(change: MemberChange, goal: Order['goal']): Promise<ChangeReply | null> {
    const { world, calls, council } = this.ports;
    const what = Object.values(change)
      .map((word) => JSON.stringify(word))
      .join(' ');
    const order = council.order(what, goal);
    const to = pick(this.random, world.serving).number;
    this.ports.note(`operator: ${what} through m${to + 1}`);
    this.busy = true;
    const reply = await calls.ask<ChangeReply>(
      this.machine,
      to,
      PATIENCE_MS,
      ({ member }, done) => member.changeMembers(change, done),
      LIMIT_MS,
    );
    this.busy = false;
    return this.told(order, reply.kind === 'answer' ? reply.value : null);
  }

  private told(order: Order, reply: ChangeReply | null): ChangeReply | null {
    const { world, council } = this.ports;
    const { counts, marks } = world;
    if (reply === null || (!reply.ok && reply.unknown)) {
      counts.changesUnknown++;
      marks.see('change of members with an unknown outcome');
      council.ended(order, 'unknown', null);
    } else if (reply.ok) {
      counts.changes++;
      council.ended(order, 'done', order.goal.size === 0 ? null : reply.answer);
    } else {
      counts.changesRefused++;
      if (reply.code === 'QUORUM_AT_RISK') marks.see('change refused for the quorum');
      council.ended(order, 'refused', null);
    }
    const text = reply === null ? 'no answer' : reply.ok ? 'done' : `${reply.code}: ${reply.message}`;
    this.ports.note(`operator: ${order.what}: ${text}`);
    return reply;
  }
}
