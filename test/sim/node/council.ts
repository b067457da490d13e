import { memberOf, type MemberId, type NodeId } from '../../../lib/base/index.js';
import {
  isJoint,
  leaveJoint,
  membersOf,
  sameConfiguration,
  sameNodes,
  type Configuration,
} from '../../../lib/raft/index.js';
import type { MembershipView } from '../../../lib/state/index.js';
import type { MemberChangeAnswer } from '../../../lib/replica/index.js';
import { check } from '../violation.js';
import type { Mark } from './marks.js';

export type Role = 'voter' | 'learner' | 'absent';

/** What an operator asked for, and what became of it as it was told. */
export interface Order {
  readonly what: string;
  /** What each of the members that it names is to be afterwards. */
  readonly goal: ReadonlyMap<MemberId, Role>;
  readonly calledUs: number;
  /** Configurations that were known when it was called. */
  readonly era: number;
  fate: 'open' | 'done' | 'refused' | 'unknown';
  endedUs: number;
  /** What was committed then. */
  commit: number;
  answer: MemberChangeAnswer | null;
}

/** One configuration that the group committed, and when that was seen first. */
interface Era {
  readonly index: number;
  readonly configuration: Configuration;
  readonly atUs: number;
}

/** A difference between two configurations that somebody must have asked for. */
interface Turn {
  readonly member: MemberId;
  readonly to: Role;
  readonly text: string;
  readonly atUs: number;
}

/** A change may be seen in the history later than its answer: its leader may have been lost meanwhile. */
const SLACK_US = 15_000_000;

/** Automatic removal and demotion leave groups of this size alone. */
const FEWEST_VOTERS = 3;

/**
 * Who is in the group, by the history of it alone. Every change of it must be one that an operator asked for and was
 * not told to be refused, or one that the group makes by itself; and what was answered as done must be in it.
 */
export class Council {
  private readonly eras: Era[] = [];
  private readonly orders: Order[] = [];
  private readonly turns: Turn[] = [];
  /** Members that were given a token, and have not come yet. */
  private readonly invited = new Set<MemberId>();
  /** Whose place each learner was to take when the present configuration was committed. */
  private places: ReadonlyMap<NodeId, string> = new Map();
  private readonly nowUs: () => number;
  private readonly record: () => MembershipView;

  private readonly see: (mark: Mark) => void;
  private readonly commit: () => number;

  constructor(
    nowUs: () => number,
    record: () => MembershipView,
    see: (mark: Mark) => void,
    commit: () => number,
  ) {
    this.nowUs = nowUs;
    this.record = record;
    this.see = see;
    this.commit = commit;
  }

  /** The group was formed. */
  founded(configuration: Configuration): void {
    if (this.eras.length === 0) this.eras.push({ index: 0, configuration, atUs: this.nowUs() });
  }

  get known(): number {
    return this.eras.length;
  }

  /** The last one committed; null before the group was formed. */
  get present(): Configuration | null {
    return this.eras.at(-1)?.configuration ?? null;
  }

  get isJoint(): boolean {
    return this.present !== null && isJoint(this.present);
  }

  /** Before the group was formed everybody counts. */
  isMember(member: MemberId): boolean {
    return this.present === null || membersOf(this.present).some((node) => memberOf(node) === member);
  }

  get members(): MemberId[] {
    return this.present === null ? [] : [...new Set(membersOf(this.present).map(memberOf))];
  }

  isVoter(member: MemberId): boolean {
    return this.present?.voters.some((node) => memberOf(node) === member) ?? false;
  }

  /** Somebody is about to get a vote without being asked. */
  get isGrowing(): boolean {
    const { voters, learners } = this.present ?? { voters: [], learners: [] };
    return learners.some((node) => {
      const successor = voters.some(
        (one) => memberOf(one) === memberOf(node) || this.takes(node, memberOf(one)),
      );
      return successor || this.promotesBySelf(node);
    });
  }

  invite(member: MemberId): void {
    this.invited.add(member);
  }

  order(what: string, goal: ReadonlyMap<MemberId, Role>): Order {
    const order: Order = {
      what,
      goal,
      calledUs: this.nowUs(),
      era: this.eras.length,
      fate: 'open',
      endedUs: 0,
      commit: 0,
      answer: null,
    };
    this.orders.push(order);
    return order;
  }

  ended(order: Order, fate: Order['fate'], answer: MemberChangeAnswer | null): void {
    order.fate = fate;
    order.endedUs = this.nowUs();
    order.commit = this.commit();
    order.answer = answer;
  }

  /** The group committed `next`. */
  committed(index: number, next: Configuration): void {
    const before = this.present;
    this.eras.push({ index, configuration: next, atUs: this.nowUs() });
    if (before === null) return;
    this.judge(before, next);
    this.places = new Map(next.learners.map((node) => [node, this.record().mark(node)?.replaces ?? '']));
  }

  private judge(before: Configuration, next: Configuration): void {
    if (isJoint(before)) {
      check(
        sameConfiguration(next, leaveJoint(before)),
        'S17',
        () => `${describe(before)} is followed by ${describe(next)}`,
      );
      return;
    }
    check(
      isJoint(next) ? sameNodes(next.outgoing, before.voters) : sameNodes(next.voters, before.voters),
      'S17',
      () => `${describe(before)} is followed by ${describe(next)} without the voters of both`,
    );
    if (sameNodes(before.voters, next.voters) && sameNodes(before.learners, next.learners)) return;
    this.compare(before, isJoint(next) ? leaveJoint(next) : next);
    if (!isJoint(next)) {
      const voters = new Set(next.voters.map(memberOf));
      check(voters.size === next.voters.length, 'members', () => `a member votes twice: ${describe(next)}`);
    }
    if (next.voters.length === 1) this.see('one voter');
    if (next.voters.length === 5 && before.voters.length < 5) this.see('five voters');
  }

  /** At the end of the run, when the whole history is known. */
  finish(): void {
    for (const turn of this.turns) {
      check(
        this.orders.some((order) => explains(order, turn)),
        'members',
        () => `${turn.text}, which nobody asked for; asked for was ${this.list()}`,
      );
    }
    for (const order of this.orders) if (order.fate === 'done') this.checkDone(order);
  }

  // -------------------------------------------------------------------------------------------------------

  /** What was answered as done is in the history, as it was shown with the answer. */
  private checkDone({ what, goal, era, answer, commit }: Order): void {
    const reached = this.eras.slice(Math.max(0, era - 1)).some(({ index, configuration }) => {
      if (index > commit) return false;
      const { voters, learners } = configuration;
      const shown = answer === null || (same(voters, answer.voters) && same(learners, answer.learners));
      return shown && [...goal].every(([member, role]) => roleOf(configuration, member) === role);
    });
    check(reached, 'members', () => {
      const told =
        answer === null
          ? ''
          : `, with voters ${answer.voters.join(', ')} and learners ${answer.learners.join(', ')}`;
      const since = this.eras.slice(Math.max(0, era - 1)).map(({ configuration }) => describe(configuration));
      return `${what} was answered as done${told}, with ${commit} committed; since then the group was ${since.join('; then ')}`;
    });
  }

  private compare(before: Configuration, after: Configuration): void {
    for (const node of membersOf(after)) this.came(node, before, after);
    for (const node of membersOf(before)) this.went(node, before, after);
  }

  private came(node: NodeId, before: Configuration, after: Configuration): void {
    const member = memberOf(node);
    const was = partOf(before, node);
    const is = partOf(after, node);
    if (was === is) return;
    if (was === 'absent') {
      check(
        is === 'learner' && (has(before, member) || this.invited.has(member)),
        'members',
        () => `${node} came as a ${is} to ${describe(before)}, and nobody invited it`,
      );
      if (!has(before, member)) this.invited.delete(member);
    } else if (is === 'voter') {
      const renewed = before.voters.some((one) => memberOf(one) === member);
      const replaced = before.voters.some(
        (one) => this.takes(node, memberOf(one)) && !has(after, memberOf(one)),
      );
      if (replaced) this.see('member replaced by one that was let in for it');
      else if (!renewed) this.see('learner promoted after catching up');
      if (renewed || replaced || this.promotesBySelf(node)) return;
      this.needs(member, 'voter', `${node} became a voter`);
    } else {
      this.see('voter demoted');
      if (this.record().upkeep.unstableLosses > 0 && before.voters.length > FEWEST_VOTERS) return;
      this.needs(member, 'learner', `${node} lost its vote`);
    }
  }

  private went(node: NodeId, before: Configuration, after: Configuration): void {
    const member = memberOf(node);
    if (partOf(after, node) !== 'absent' || has(after, member)) return;
    const taken = [...after.voters].some(
      (one) => partOf(before, one) === 'learner' && this.takes(one, member),
    );
    if (!taken) this.needs(member, 'absent', `${node} left ${describe(before)}`);
  }

  /**
   * Whether `node` was let in for `member`. A leader knows no more than it has applied: what an operator changed about it
   * since the configuration before may have come too late.
   */
  private takes(node: NodeId, member: MemberId): boolean {
    return this.record().mark(node)?.replaces === member || this.places.get(node) === member;
  }

  private promotesBySelf(node: NodeId): boolean {
    return this.record().upkeep.promoteAfterMs > 0 && this.record().mark(node)?.held !== true;
  }

  private needs(member: MemberId, to: Role, text: string): void {
    this.turns.push({ member, to, text, atUs: this.nowUs() });
  }

  private list(): string {
    return this.orders.map(({ what, fate }) => `${what} (${fate})`).join(', ') || 'nothing';
  }
}

function explains({ goal, calledUs, endedUs, fate }: Order, { member, to, atUs }: Turn): boolean {
  if (goal.get(member) !== to || calledUs > atUs || fate === 'refused') return false;
  return fate !== 'done' || atUs <= endedUs + SLACK_US;
}

function partOf({ voters, learners }: Configuration, node: NodeId): Role {
  if (voters.includes(node)) return 'voter';
  return learners.includes(node) ? 'learner' : 'absent';
}

function roleOf(configuration: Configuration, member: MemberId): Role {
  if (configuration.voters.some((node) => memberOf(node) === member)) return 'voter';
  return has(configuration, member) ? 'learner' : 'absent';
}

function has(configuration: Configuration, member: MemberId): boolean {
  return membersOf(configuration).some((node) => memberOf(node) === member);
}

function same(nodes: readonly NodeId[], members: readonly MemberId[]): boolean {
  const ids = nodes.map(memberOf);
  return ids.length === members.length && ids.every((id) => members.includes(id));
}

export function describe({ voters, outgoing, learners }: Configuration): string {
  const joint = outgoing.length === 0 ? '' : ` after {${outgoing.join(' ')}}`;
  return `{${voters.join(' ')}}${joint}${learners.length === 0 ? '' : ` and learners {${learners.join(' ')}}`}`;
}
