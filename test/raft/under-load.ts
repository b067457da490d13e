import assert from 'node:assert/strict';
import { SeededRandom, below, pick } from '../../lib/base/index.js';
import { isJoint, simpleConfiguration, type Message } from '../../lib/raft/index.js';
import { Cluster, data, id, ids, text, type Member } from './harness.js';
import { MemoryLog } from './memory-log.js';

const ELECTION_TICKS = 10;

/**
 * A group under a steady load of proposals, each wanted by a client that notes when it was applied at the member it
 * went to. Messages take a tick, or as long as `lag` says.
 */
export class UnderLoad {
  readonly cluster: Cluster;
  readonly random: SeededRandom;
  /** Ticks that a message takes beyond one. */
  lag: (message: Message) => number = () => 0;
  /** Proposals that a client knows to be applied. */
  readonly acknowledged: string[] = [];
  /** Which member each proposal went to. */
  private readonly wanted = new Map<string, Member>();
  /** How much of what each member applied was looked at. */
  private readonly seen = new Map<Member, number>();
  private wire: { readonly message: Message; readonly due: number }[] = [];
  private now = 0;
  private count = 0;

  constructor(size: number, seed: number, spare: number = 0) {
    const names = Array.from({ length: size + spare }, (_, i) => `m${i + 1}`);
    const configuration = simpleConfiguration(ids(...names.slice(0, size)));
    this.random = new SeededRandom(seed);
    this.cluster = new Cluster([], { seed, settings: { electionTicks: ELECTION_TICKS, heartbeatTicks: 2 } });
    for (const name of names) this.cluster.add(name, new MemoryLog(configuration));
    this.cluster.manual = true;
    this.pass(4 * ELECTION_TICKS, 0);
    assert.ok(this.leader !== null, 'nobody was elected');
  }

  get leader(): Member | null {
    const leaders = [...this.cluster.members.values()].filter(({ role }) => role === 'leader');
    return leaders.sort((a, b) => b.term - a.term)[0] ?? null;
  }

  get leaderName(): string {
    assert.ok(this.leader !== null, 'nobody leads');
    return this.leader.id;
  }

  /** Terms that had begun by now. */
  get term(): number {
    return Math.max(...[...this.cluster.members.values()].map(({ term }) => term));
  }

  /** Lets `ticks` ticks go by, with `rate` proposals in each. */
  pass(ticks: number, rate: number = 2): void {
    for (let n = 0; n < ticks; n++) {
      this.now++;
      for (let i = 0; i < rate; i++) this.propose();
      for (const { id: name } of this.cluster.members.values()) this.cluster.tick(name);
      this.carry();
      this.note();
    }
  }

  follower(): string {
    const leader = this.leaderName;
    const { voters } = this.cluster.member(leader).node.view.configuration;
    return pick(
      this.random,
      voters.filter((name) => name !== leader),
    );
  }

  /** Asks whoever leads for this membership, again and again until it is in force and committed. */
  changeTo(...voters: string[]): void {
    const next = { ...simpleConfiguration(ids(...voters)), autoLeave: true };
    for (let n = 0; n < 500; n++) {
      const leader = this.leader;
      if (leader !== null) {
        const { configuration, configurationIndex, commit } = leader.node.view;
        const arrived = !isJoint(configuration) && configuration.voters.join() === [...voters].sort().join();
        if (arrived && configurationIndex <= commit) return;
        if (!arrived) leader.node.proposeConfiguration(next);
      }
      this.pass(1);
    }
    throw new Error(`the group never became ${voters.join(', ')}`);
  }

  transferTo(name: string): void {
    this.leader?.node.transferLeadership(id(name));
  }

  /** Everything is repaired, the load ends, and all must come to the same. */
  end(): void {
    this.cluster.heal();
    this.lag = () => 0;
    this.pass(20 * ELECTION_TICKS, 0);
    const leader = this.leader;
    assert.ok(leader !== null, 'nobody leads at the end');
    for (const name of leader.node.view.configuration.voters) {
      const member = this.cluster.member(name);
      assert.deepEqual(member.entries, leader.entries, `the log of ${name}`);
      assert.deepEqual(member.texts, leader.texts, `what ${name} applied`);
    }
    const applied = new Set(leader.texts);
    assert.equal(applied.size, leader.texts.length, 'something was applied twice');
    for (const text of this.acknowledged)
      assert.ok(applied.has(text), `${text} was acknowledged and is lost`);
  }

  private propose(): void {
    const { leader } = this;
    if (leader === null) return;
    const name = `e${++this.count}`;
    if (leader.node.propose([data(name)]).ok) this.wanted.set(name, leader);
  }

  private carry(): void {
    const { cluster } = this;
    const due = this.wire.filter((one) => one.due <= this.now);
    this.wire = this.wire.filter((one) => one.due > this.now);
    for (const { message } of due) cluster.step(message);
    for (const member of cluster.members.values()) this.work(member);
    for (const message of cluster.wire.splice(0)) {
      this.wire.push({ message, due: this.now + 1 + this.lag(message) });
    }
  }

  private work(member: Member): void {
    let busy = true;
    while (busy) {
      busy = this.cluster.drain(member);
      if (member.pendingWrite === null) continue;
      this.cluster.completeWrite(member.id);
      busy = true;
    }
  }

  private note(): void {
    for (const member of this.cluster.members.values()) {
      for (const entry of member.applied.slice(this.seen.get(member) ?? 0)) {
        if (this.wanted.get(text(entry)) === member) this.acknowledged.push(text(entry));
      }
      this.seen.set(member, member.applied.length);
    }
  }
}

/** A lag of up to `ticks` for the messages that `slow` picks. */
export function lagOf(load: UnderLoad, ticks: number, slow: (message: Message) => boolean): void {
  load.lag = (message) => (slow(message) ? below(load.random, ticks + 1) : 0);
}
