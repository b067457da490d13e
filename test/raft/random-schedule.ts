import { SeededRandom, below, chance, pick } from '../../lib/base/index.js';
import { isJoint, leaveJoint, simpleConfiguration } from '../../lib/raft/index.js';
import { Cluster, ids, type Member } from './harness.js';
import { MemoryLog } from './memory-log.js';

/** What a run met; a batch of runs that never meets something tests nothing. */
export interface Coverage {
  elections: number;
  restarts: number;
  snapshots: number;
  truncations: number;
  changes: number;
  transfers: number;
  reads: number;
  committed: number;
}

const NAMES = ['m1', 'm2', 'm3', 'm4', 'm5'];

/**
 * A random history of one group under loss, duplication, reordering, cuts, slow disks and crashes, checked at
 * every step; ends with a healed network in which everyone must agree.
 */
export class RandomSchedule {
  readonly cluster: Cluster;
  readonly coverage: Coverage = {
    elections: 0,
    restarts: 0,
    snapshots: 0,
    truncations: 0,
    changes: 0,
    transfers: 0,
    reads: 0,
    committed: 0,
  };
  private readonly random: SeededRandom;
  /** What was committed when a read began, by member and context; contexts rise over restarts. */
  private readonly committedBefore = new Map<string, number>();
  private readonly loss: number;
  private readonly lag: number;
  private nextContext = 1;
  private nextText = 1;
  private readonly leaders = new Set<string>();

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.loss = pick(this.random, [0, 0, 0.02, 0.1]);
    this.lag = pick(this.random, [0, 0.3, 0.7]);
    const voters = ids(...NAMES.slice(0, pick(this.random, [1, 3, 3, 5])));
    const configuration = simpleConfiguration(voters, [], pick(this.random, [0, 0, 0, 0, 100, 400]));
    this.cluster = new Cluster(NAMES.slice(0, voters.length), {
      seed,
      configuration,
      settings: {
        electionTicks: pick(this.random, [10, 20]),
        heartbeatTicks: pick(this.random, [2, 3]),
        maxInflightMessages: pick(this.random, [1, 2, 8]),
        maxInflightBytes: pick(this.random, [40, 1000]),
        maxAppendBytes: pick(this.random, [8, 40]),
        maxCommittedBytes: pick(this.random, [10, 1000]),
        maxUncommittedBytes: pick(this.random, [100, 2000]),
      },
      nodeOptions: { cacheBytes: pick(this.random, [0, 400, 100_000]) },
    });
    for (const name of NAMES.slice(voters.length)) {
      this.cluster.add(name, new MemoryLog(configuration));
    }
    this.cluster.manual = true;
  }

  run(steps: number): Coverage {
    for (let i = 0; i < steps; i++) this.act(pick(this.random, [...this.cluster.members.values()]));
    this.settle();
    return this.coverage;
  }

  private act(member: Member): void {
    const { cluster, random } = this;
    const roll = below(random, 1000);
    if (roll < 120) cluster.tick(member.id);
    else if (roll < 720) this.deliver();
    else if (roll < 800) this.completeWrite(member);
    else if (roll < 900) this.propose(member);
    else if (roll < 930) this.read(member);
    else if (roll < 932) this.restart(member);
    else if (roll < 945) this.compact(member);
    else if (roll < 950) this.change(member);
    else if (roll < 953) this.transfer(member);
    else if (roll < 956) member.node.campaignHint();
    else if (roll < 958) cluster.cutOneWay(member.id, pick(random, NAMES));
    else if (roll < 962) cluster.isolate(member.id);
    else if (roll < 968) cluster.heal();
    else if (roll < 975) this.report(member);
    this.drain(member);
  }

  private drain(member: Member): void {
    const before = member.node.view.lastIndex;
    if (!chance(this.random, this.lag)) this.cluster.drain(member);
    if (member.node.view.lastIndex < before) this.coverage.truncations++;
    this.note(member);
    this.sendSnapshots(member);
    this.checkReads(member);
  }

  private note(member: Member): void {
    this.coverage.committed = this.cluster.checker.lastCommitted;
    if (member.role !== 'leader') return;
    checkUncommitted(member);
    const key = `${member.id} ${member.term}`;
    if (!this.leaders.has(key)) this.coverage.elections++;
    this.leaders.add(key);
  }

  private deliver(): void {
    const { wire } = this.cluster;
    if (wire.length === 0) return;
    const at = chance(this.random, 0.7) ? 0 : below(this.random, wire.length);
    const message = wire[at]!;
    if (!chance(this.random, 0.03)) wire.splice(at, 1);
    if (chance(this.random, this.loss)) return;
    const last = this.cluster.members.get(message.to)?.node.view.lastIndex ?? 0;
    this.cluster.step(message);
    const member = this.cluster.members.get(message.to);
    if (member === undefined) return;
    if (member.node.view.lastIndex < last) this.coverage.truncations++;
    this.drain(member);
  }

  private completeWrite(member: Member): void {
    if (member.pendingWrite !== null) this.cluster.completeWrite(member.id);
  }

  private propose(member: Member): void {
    if (member.role !== 'leader') return;
    const texts = Array.from({ length: 1 + below(this.random, 3) }, () => `v${this.nextText++}`);
    member.node.propose(texts.map((text) => new TextEncoder().encode(text)));
    this.cluster.checker.stepped(member.id, { type: 'other' });
  }

  private read(member: Member): void {
    const context = this.nextContext++;
    this.committedBefore.set(`${member.id} ${context}`, this.cluster.checker.lastCommitted);
    member.node.readIndex(context);
  }

  /** S21: the index covers everything that was committed anywhere before the read began. */
  private checkReads(member: Member): void {
    for (const { context, index } of member.reads.splice(0)) {
      const before = this.committedBefore.get(`${member.id} ${context}`);
      if (before === undefined || index === -1) continue;
      this.coverage.reads++;
      if (index < before) {
        throw new Error(`S21 read ${context} of ${member.id}: ${index} < ${before}`);
      }
    }
  }

  private restart(member: Member): void {
    this.coverage.restarts++;
    this.cluster.restart(member.id);
  }

  private compact(member: Member): void {
    const { appliedIndex } = member;
    // A state that is being replaced by a snapshot is not cut.
    if (appliedIndex <= member.node.view.baseIndex() || member.log.termAt(appliedIndex) === null) return;
    this.cluster.compact(member.id, below(this.random, 4));
  }

  private change(member: Member): void {
    if (member.role !== 'leader') return;
    const { configuration } = member.node.view;
    const chosen = NAMES.filter(() => chance(this.random, 0.6));
    const learners = NAMES.filter((name) => !chosen.includes(name) && chance(this.random, 0.5));
    const next = isJoint(configuration)
      ? leaveJoint(configuration)
      : simpleConfiguration(ids(...chosen), ids(...learners), pick(this.random, [0, 0, 0, 200]));
    if (next.voters.length === 0) return;
    const result = member.node.proposeConfiguration({ ...next, autoLeave: chance(this.random, 0.5) });
    if (result.ok) this.coverage.changes++;
    this.cluster.checker.stepped(member.id, { type: 'other' });
  }

  private transfer(member: Member): void {
    const result = member.node.transferLeadership(pick(this.random, ids(...NAMES)));
    if (result === 'started') this.coverage.transfers++;
    this.cluster.checker.stepped(member.id, { type: 'other' });
  }

  private report(member: Member): void {
    const other = pick(this.random, ids(...NAMES));
    const what = below(this.random, 4);
    if (what === 0) member.node.unreachable(other);
    else if (what === 1) member.node.snapshotFailed(other);
    else if (what === 2) member.node.stalled();
    else member.node.forgetLeader();
    this.cluster.checker.stepped(member.id, { type: 'other' });
  }

  private sendSnapshots(member: Member): void {
    for (const to of member.snapshotsWanted.splice(0)) {
      if (chance(this.random, 0.3) || member.node.view.termAt(member.appliedIndex) === null) {
        member.node.snapshotFailed(to);
        continue;
      }
      const before = this.cluster.member(to).node.view.commit;
      if (member.appliedIndex > before) this.coverage.snapshots++;
      this.cluster.sendSnapshot(member.id, to);
      this.drain(this.cluster.member(to));
    }
  }

  /** With everything healed the group elects, commits and agrees within a few election timeouts. */
  private settle(): void {
    const { cluster } = this;
    cluster.heal();
    cluster.manual = false;
    for (const member of cluster.members.values()) {
      member.slowDisk = false;
      if (member.pendingWrite !== null) cluster.completeWrite(member.id);
    }
    const deadline = 1000;
    for (let tick = 0; tick < deadline; tick++) {
      cluster.tickAll();
      for (const member of cluster.members.values()) {
        for (const to of member.snapshotsWanted.splice(0)) cluster.sendSnapshot(member.id, to);
      }
      if (this.proposeLast() && this.agreed()) break;
    }
    if (!this.agreed()) throw new Error(`no agreement ${deadline} ticks after the heal: ${this.describe()}`);
    cluster.checker.checkDurability(cluster.leader.node.view);
  }

  private proposeLast(): boolean {
    const leaders = [...this.cluster.members.values()].filter((member) => member.role === 'leader');
    if (leaders.length !== 1) return false;
    const result = leaders[0]!.node.propose([new TextEncoder().encode('last')]);
    this.cluster.pump();
    return result.ok;
  }

  private agreed(): boolean {
    const leaders = [...this.cluster.members.values()].filter((member) => member.role === 'leader');
    if (leaders.length !== 1) return false;
    const { view } = leaders[0]!.node;
    const { voters, learners } = view.configuration;
    if (view.commit !== view.lastIndex) return false;
    return [...voters, ...learners].every((id) => this.cluster.member(id).appliedIndex === view.lastIndex);
  }

  private describe(): string {
    return JSON.stringify(
      [...this.cluster.members.values()].map((member) => ({
        ...member.node.status(),
        applied: member.appliedIndex,
      })),
      null,
      1,
    );
  }
}

/** S16: the uncommitted bytes are those of the leader's own entries above the commit index. */
function checkUncommitted(member: Member): void {
  const { view } = member.node;
  let bytes = 0;
  for (let i = Math.max(view.commit + 1, view.leadingFrom!); i <= view.lastIndex; i++) {
    bytes += view.entryAt(i).data.length;
  }
  if (bytes !== view.uncommittedBytes)
    throw new Error(`S16 ${member.id}: ${view.uncommittedBytes} of ${bytes} B`);
}
