import assert from 'node:assert/strict';
import { SeededRandom, below, chance, nodeId, type MemberId } from '../../lib/base/index.js';
import { LaneIntake } from '../../lib/replica/intake.js';
import type { Invitation, LaneReply } from '../../lib/replica/lane-frames.js';
import { Lane } from '../../lib/replica/lane.js';
import { REPLICA_LIMITS, type Outcome, type ProposalOrder } from '../../lib/replica/index.js';
import { DEFAULT_LIMITS, Machine, encodeCommand } from '../../lib/state/index.js';

const ORIGIN = nodeId('m1' as MemberId, '0000000000000001');

type Sent = { readonly invitation: Invitation; readonly bytes: Uint8Array };

/** One origin and one leader with a stream each way; the log commits at once. */
class Pair {
  readonly machine = new Machine(DEFAULT_LIMITS);
  readonly lane: Lane;
  readonly intake: LaneIntake;
  readonly outcomes: (Outcome | null)[] = [];
  toLeader: Sent[] = [];
  toOrigin: LaneReply[] = [];
  pushingBack = false;
  accepting = true;
  /** The leader's stream has no room: what it says is lost. */
  mute = false;
  nowMs = 0;
  term = 1;
  private index = 0;

  constructor(window: number) {
    const limits = { ...REPLICA_LIMITS, laneWindow: window, subBatchCommands: 2, entryBytes: 200 };
    this.lane = new Lane({
      node: ORIGIN,
      boot: 1,
      limits,
      nowMs: () => this.nowMs,
      trouble: () => 'none',
      send: (invitation, bytes) => {
        this.toLeader.push({ invitation: { term: invitation.term, epoch: invitation.epoch }, bytes });
        return true;
      },
    });
    this.intake = new LaneIntake({
      machine: () => this.machine,
      propose: (datas) => {
        if (!this.accepting) return { ok: false, reason: 'transferring' };
        for (const data of datas) this.apply(data);
        return { ok: true, index: this.index, term: this.term };
      },
      appended: () => {},
      accepting: () => this.accepting,
      answer: (_lane, reply) => {
        if (this.mute) return false;
        this.toOrigin.push(reply);
        return true;
      },
      stampMs: () => 0,
      pushBack: () => (this.pushingBack ? 'OVERLOADED' : null),
      entryBytes: limits.entryBytes,
    });
    this.intake.open(this.term, [ORIGIN]);
  }

  propose(order?: ProposalOrder): number {
    const number = this.outcomes.push(null) - 1;
    const command = encodeCommand({ kind: 'tree-create', path: `/${number}`, data: new Uint8Array(0) });
    const ended = (outcome: Outcome): void => {
      assert.equal(this.outcomes[number], null, `proposal ${number} ended twice`);
      this.outcomes[number] = outcome;
    };
    assert(this.lane.add(command, ended, number % 3 === 0 ? 'within-apply' : 'after-entry', order));
    return number;
  }

  /** The leader reads what arrived first. */
  leaderReads(): void {
    const sent = this.toLeader.shift();
    if (sent !== undefined) this.intake.take(ORIGIN, sent.invitation, sent.bytes);
  }

  originReads(): void {
    const reply = this.toOrigin.shift();
    if (reply === undefined || reply.term !== this.term) return;
    if (reply.kind === 'open') this.lane.invited(reply);
    else this.lane.refused(reply);
  }

  ask(): void {
    if (this.lane.waitsForInvitation) this.intake.invite(ORIGIN);
  }

  settle(): void {
    this.pushingBack = false;
    this.accepting = true;
    this.mute = false;
    for (let round = 0; round < 200; round++) {
      this.ask();
      this.lane.flush();
      while (this.toLeader.length > 0) this.leaderReads();
      this.intake.flush();
      while (this.toOrigin.length > 0) this.originReads();
    }
  }

  check(): void {
    let applied = 0;
    for (const [number, outcome] of this.outcomes.entries()) {
      const exists = this.machine.tree.exists(`/${number}`) !== null;
      assert(outcome !== null, `proposal ${number} never ended`);
      assert.equal(
        exists,
        outcome.kind === 'applied',
        `proposal ${number}: ${outcome.kind}, in the log: ${exists}`,
      );
      if (outcome.kind === 'applied')
        assert(outcome.result.ok, `proposal ${number} got the result of another`);
      if (exists) applied++;
    }
    assert.equal(this.machine.revision, applied, 'something ran twice');
  }

  private apply(data: Uint8Array): void {
    const { batches } = this.machine.apply(++this.index, this.term, data, {
      event: () => {},
      result: ({ number }, position, result) => this.lane.ran(number, position, result, this.term),
    });
    for (const { number, results, skipped } of batches) {
      assert(!skipped, `sub-batch ${number} was appended out of order`);
      this.lane.applied(number, results, this.term);
    }
  }
}

describe('replica: lanes', () => {
  it('never appends what was refused, though it was sent again before the refusal arrived', () => {
    const pair = new Pair(4);
    pair.originReads();
    const number = pair.propose();
    pair.lane.flush();
    pair.pushingBack = true;
    pair.leaderReads();
    // The stream to the leader is a new one: what the origin knows nothing of may be lost.
    pair.lane.resend();
    pair.lane.flush();
    pair.pushingBack = false;
    pair.leaderReads();
    pair.intake.flush();
    pair.originReads();
    assert.equal(pair.outcomes[number]?.kind, 'refused');
    pair.propose();
    pair.settle();
    pair.check();
  });

  it('answers within apply every command of an entry that holds several sub-batches of the lane', () => {
    const pair = new Pair(4);
    pair.originReads();
    // Two commands make a sub-batch here.
    for (let i = 0; i < 6; i++) pair.propose();
    pair.lane.flush();
    for (let i = 0; i < 3; i++) pair.leaderReads();
    assert.equal(pair.machine.revision, 0);
    pair.intake.flush();
    assert.deepEqual(
      pair.outcomes.map((outcome) => outcome?.kind),
      Array.from({ length: 6 }, () => 'applied'),
    );
    pair.check();
  });

  it('gives a command back as refused when the leader cannot take it, and uses its number again', () => {
    const pair = new Pair(4);
    pair.pushingBack = true;
    pair.originReads();
    pair.propose();
    pair.lane.flush();
    pair.leaderReads();
    pair.originReads();
    assert.deepEqual(
      pair.outcomes.map((outcome) => outcome?.kind),
      ['refused'],
    );
    pair.pushingBack = false;
    pair.propose();
    pair.settle();
    pair.check();
    assert.deepEqual(pair.machine.lane(ORIGIN), { boot: 1, number: 1 });
  });

  it('keeps commands while leadership is being handed over, and sends them again when that came to nothing', () => {
    const pair = new Pair(4);
    pair.originReads();
    pair.accepting = false;
    const number = pair.propose();
    pair.lane.flush();
    pair.leaderReads();
    pair.intake.flush();
    pair.originReads();
    assert.equal(pair.outcomes.filter(Boolean).length, 0);
    pair.settle();
    pair.check();
    assert.equal(pair.outcomes[number]?.kind, 'applied');
  });

  it('voids at the leader what was sent to it in an earlier term', () => {
    const pair = new Pair(4);
    pair.originReads();
    pair.propose();
    pair.lane.flush();
    pair.term = 3;
    pair.intake.open(3, [ORIGIN]);
    pair.leaderReads();
    pair.intake.flush();
    assert.equal(pair.machine.revision, 0);
    pair.lane.hold();
    pair.settle();
    pair.check();
  });

  it('ends a command at its own deadline, whatever it travels with', () => {
    const pair = new Pair(4);
    pair.propose();
    pair.nowMs = 6000;
    pair.propose();
    pair.originReads();
    pair.lane.flush();
    pair.nowMs = REPLICA_LIMITS.proposalDeadlineMs;
    pair.lane.expire();
    assert.deepEqual(
      pair.outcomes.map((outcome) => outcome?.kind ?? 'waits'),
      ['unknown', 'waits'],
    );
  });

  it('refuses for certain, at the deadline, what never had a leader to go to', () => {
    const pair = new Pair(4);
    pair.propose();
    pair.nowMs = REPLICA_LIMITS.proposalDeadlineMs;
    pair.lane.expire();
    assert.equal(pair.outcomes[0]?.kind, 'refused');
  });

  describe('of commands in an order', () => {
    const kinds = (pair: Pair): (string | undefined)[] => pair.outcomes.map((outcome) => outcome?.kind);

    it('none runs without those before it: what waits behind one that passed its deadline is refused with it', () => {
      const pair = new Pair(4);
      const order = { broken: false };
      pair.propose(order);
      pair.nowMs = 6000;
      pair.propose(order);
      const other = pair.propose({ broken: false });
      pair.nowMs = REPLICA_LIMITS.proposalDeadlineMs;
      pair.lane.expire();
      assert.deepEqual(kinds(pair), ['refused', 'refused', undefined]);
      assert(order.broken);
      pair.settle();
      pair.check();
      assert.equal(pair.outcomes[other]?.kind, 'applied');
    });

    it('nor behind one that the leader did not take, though nobody waited for that one any more', () => {
      const pair = new Pair(1);
      const order = { broken: false };
      pair.originReads();
      pair.pushingBack = true;
      pair.propose(order);
      pair.lane.flush();
      pair.nowMs = REPLICA_LIMITS.proposalDeadlineMs;
      pair.lane.expire();
      pair.propose(order);
      pair.leaderReads();
      pair.originReads();
      assert.deepEqual(kinds(pair), ['unknown', 'refused']);
    });
  });

  for (let seed = 1; seed <= 300; seed++) {
    it(`answers truly whatever is lost, repeated or refused (seed ${seed})`, () => {
      const random = new SeededRandom(seed);
      const pair = new Pair(1 + below(random, 6));
      for (let step = 0; step < 300; step++) step1(pair, random);
      pair.settle();
      pair.check();
    });
  }
});

function step1(pair: Pair, random: SeededRandom): void {
  const dice = below(random, 100);
  if (dice < 20) pair.propose();
  else if (dice < 40) pair.lane.flush();
  else if (dice < 62) pair.leaderReads();
  else if (dice < 78) pair.originReads();
  else if (dice < 88) pair.intake.flush();
  else if (dice < 91) pair.pushingBack = chance(random, 0.4);
  else if (dice < 93) pair.accepting = chance(random, 0.7);
  else if (dice < 94) pair.mute = chance(random, 0.3);
  else if (dice < 96) pair.ask();
  else if (dice < 97) {
    // The origin's stream broke and is up again.
    pair.toLeader = [];
    pair.lane.resend();
  } else if (dice < 98) {
    // The leader's stream broke and is up again.
    pair.toOrigin = [];
    pair.intake.invite(ORIGIN);
  } else if (dice < 99) pair.lane.hold();
  else {
    // Another term of the same leader: frames of the one before may still be on their way.
    pair.term++;
    pair.lane.hold();
    pair.intake.open(pair.term, [ORIGIN]);
  }
}
