import assert from 'node:assert/strict';
import { must, type NodeId } from '../../lib/base/index.js';
import {
  ClusterChecker,
  RAFT_DEFAULTS,
  checkNode,
  encodeConfiguration,
  simpleConfiguration,
  type Configuration,
  type Entry,
  type Message,
  type NodeView,
  type PeerProgress,
  type Role,
} from '../../lib/raft/index.js';
import { data, id, ids } from './harness.js';
import { MemoryLog } from './memory-log.js';
import { configurationEntry, entriesOf } from './solo.js';

const THREE = simpleConfiguration(ids('m1', 'm2', 'm3'));

/** A node that is whatever a test says, right or wrong. */
class Fake implements NodeView {
  readonly id: NodeId;
  readonly disk = new MemoryLog(THREE);
  role: Role = 'follower';
  term = 0;
  vote: NodeId | null = null;
  leader: NodeId | null = null;
  entries: Entry[] = [];
  stableIndex = 0;
  commit = 0;
  handedOut = 0;
  applied = 0;
  configuration: Configuration = THREE;
  configurationIndex = 0;
  uncommittedConfigurations = 0;
  electionElapsed = 0;
  leadingFrom: number | null = null;
  uncommittedBytes = 0;
  progress: PeerProgress[] = [];
  readonly firstIndex = 1;
  readonly maxInflightMessages: number = RAFT_DEFAULTS.maxInflightMessages;
  readonly electionTicks: number = RAFT_DEFAULTS.electionTicks;

  constructor(name: string) {
    this.id = id(name);
  }

  get lastIndex(): number {
    return this.entries.length;
  }

  termAt(index: number): number | null {
    return index === 0 ? 0 : (this.entries[index - 1]?.term ?? null);
  }

  entryAt(index: number): Entry {
    return must(this.entries[index - 1], `no entry ${index}`);
  }

  baseIndex(): number {
    return 0;
  }

  baseConfiguration(): Configuration {
    return THREE;
  }

  peers(): readonly PeerProgress[] {
    return this.progress;
  }

  /** Leads `term` with a log of `terms`, all of it durable. */
  lead(term: number, terms: readonly number[]): void {
    this.follow(term, terms);
    this.role = 'leader';
    this.leader = this.id;
    this.vote = this.id;
    this.leadingFrom = terms.length;
  }

  follow(term: number, terms: readonly number[]): void {
    this.term = term;
    this.entries = entriesOf(terms);
    this.store();
  }

  /** Memory becomes durable. */
  store(): void {
    const truncateFrom = this.disk.lastIndex() === 0 ? null : 1;
    this.disk.apply({
      truncateFrom,
      snapshot: null,
      entries: this.entries,
      hardState: { term: this.term, vote: this.vote },
      configuration: null,
    });
    this.stableIndex = this.lastIndex;
  }
}

function group(): { checker: ClusterChecker; m1: Fake; m2: Fake; m3: Fake } {
  const checker = new ClusterChecker();
  const [m1, m2, m3] = [new Fake('m1'), new Fake('m2'), new Fake('m3')];
  for (const node of [m1, m2, m3]) checker.started(node, node.disk);
  return { checker, m1, m2, m3 };
}

function look(checker: ClusterChecker, ...nodes: Fake[]): void {
  for (const node of nodes) checker.stepped(node.id, { type: 'other' });
}

function peer(fields: Partial<PeerProgress>): PeerProgress {
  return {
    id: id('m2'),
    state: 'replicate',
    match: 0,
    next: 1,
    recentlyActive: true,
    inflightMessages: 0,
    inflightBytes: 0,
    learner: false,
    catchUp: 'caught-up',
    slowRounds: 0,
    answeredRound: 0,
    ...fields,
  };
}

function acknowledgement(from: string, index: number, term: number): Message {
  const common = { from: id(from), to: id('m1'), rejected: false, hintIndex: 0, hintTerm: 0 };
  return { type: 'append-reply', ...common, index, term };
}

function grant(from: string, to: string, term: number, pre: boolean = false): Message {
  return { type: 'vote-reply', from: id(from), to: id(to), term, pre, granted: true };
}

describe('the checker of a group sees', () => {
  it('S1: two leaders of one term, however long after another', () => {
    const { checker, m1, m2 } = group();
    m1.lead(2, [2]);
    look(checker, m1);
    checker.stopped(m1.id);
    m2.lead(2, [2]);
    assert.throws(() => look(checker, m2), /S1/);
  });

  it('S2: a vote that is not durable, and a second vote in one term', () => {
    const { checker, m1 } = group();
    m1.term = 3;
    assert.throws(() => checker.emitted(m1.id, [grant('m1', 'm2', 3)]), /S3|S2/);
    m1.vote = id('m2');
    m1.store();
    checker.emitted(m1.id, [grant('m1', 'm2', 3)]);
    m1.vote = id('m3');
    m1.store();
    assert.throws(() => checker.emitted(m1.id, [grant('m1', 'm3', 3)]), /S2/);
  });

  it('S3: a term that falls, also over a restart', () => {
    const { checker, m1, m2 } = group();
    m1.term = 3;
    look(checker, m1);
    m1.term = 2;
    assert.throws(() => look(checker, m1), /S3/);
    m2.follow(4, []);
    checker.emitted(m2.id, [acknowledgement('m2', 0, 4)]);
    checker.stopped(m2.id);
    m2.follow(3, []);
    assert.throws(() => checker.started(m2, m2.disk), /S3/);
  });

  it('S4: a vote taken back within its term', () => {
    const { checker, m1 } = group();
    m1.term = 3;
    m1.vote = id('m2');
    look(checker, m1);
    m1.vote = null;
    assert.throws(() => look(checker, m1), /S4/);
  });

  it('S5: a leader that changes its own log', () => {
    const { checker, m1 } = group();
    m1.lead(2, [2, 2]);
    look(checker, m1);
    m1.entries = entriesOf([2]);
    m1.stableIndex = 1;
    assert.throws(() => look(checker, m1), /S5/);
  });

  it('S6: two entries with one index and term, or with different ones before them', () => {
    const { checker, m1, m2, m3 } = group();
    m1.follow(2, [1, 2]);
    m2.follow(2, [2, 2]);
    m3.follow(2, [1]);
    m3.entries = [{ ...m3.entries[0]!, data: data('other') }];
    look(checker, m1);
    assert.throws(() => look(checker, m2), /S6/);
    assert.throws(() => look(checker, m3), /S6/);
  });

  it('S7: a leader without a committed entry', () => {
    const { checker, m1, m2, m3 } = group();
    for (const node of [m2, m3]) node.follow(1, [1]);
    m1.lead(1, [1]);
    m1.commit = 1;
    look(checker, m1);
    m3.lead(2, [2]);
    assert.throws(() => look(checker, m3), /S7|S9/);
  });

  it('S8: a commit by counting entries of an earlier term, without a quorum, or by a follower', () => {
    const { checker, m1, m2, m3 } = group();
    for (const node of [m2, m3]) node.follow(1, [1]);
    m1.lead(2, [1]);
    m1.commit = 1;
    assert.throws(() => look(checker, m1), /S8/);

    const alone = group();
    alone.m1.lead(1, [1]);
    alone.m1.commit = 1;
    assert.throws(() => look(alone.checker, alone.m1), /S8/);

    const follower = group();
    for (const node of [follower.m1, follower.m2]) node.follow(1, [1]);
    follower.m1.commit = 1;
    assert.throws(() => look(follower.checker, follower.m1), /S8/);
  });

  it('S9: a committed entry that is truncated, or no longer durable on a quorum', () => {
    const { checker, m1, m2, m3 } = group();
    for (const node of [m2, m3]) node.follow(1, [1]);
    m1.lead(1, [1]);
    m1.commit = 1;
    look(checker, m1);
    m2.commit = 1;
    look(checker, m2);
    checker.checkDurability(m1);
    m2.follow(2, []);
    m2.commit = 0;
    assert.throws(() => look(checker, m2), /S9/);
    m3.follow(2, []);
    assert.throws(() => checker.checkDurability(m1), /S9/);
  });

  it('S10: something applied that was not committed, other data, or states that differ', () => {
    const { checker, m1, m2 } = group();
    m2.follow(1, [1]);
    m1.lead(1, [1]);
    assert.throws(() => checker.applied(m1.id, m1.entries[0]!), /S10/);
    m1.commit = 1;
    look(checker, m1);
    checker.applied(m2.id, m2.entries[0]!);
    checker.digest(m1.id, 1, 'a');
    assert.throws(() => checker.digest(m2.id, 1, 'b'), /S10/);
    checker.stopped(m2.id);
    checker.started(m2, m2.disk);
    assert.throws(() => checker.applied(m2.id, { ...m2.entries[0]!, data: data('other') }), /S10/);
  });

  it('S11: a gap in what is applied', () => {
    const { checker, m1 } = group();
    assert.throws(() => checker.applied(m1.id, entriesOf([1], 2)[0]!), /S11/);
  });

  it('S12: a commit index or a state that goes back', () => {
    const { checker, m1, m2 } = group();
    m2.follow(1, [1]);
    m1.lead(1, [1]);
    m1.commit = 1;
    look(checker, m1);
    m1.commit = 0;
    assert.throws(() => look(checker, m1), /S12/);
    checker.installed(m2.id, 5);
    assert.throws(() => checker.installed(m2.id, 4), /S12/);
  });

  it('S13: an acknowledgement of what is not durable', () => {
    const { checker, m1 } = group();
    m1.follow(1, [1]);
    checker.emitted(m1.id, [acknowledgement('m1', 1, 1)]);
    assert.throws(() => checker.emitted(m1.id, [acknowledgement('m1', 2, 1)]), /S13/);
  });

  it('S14: an entry that counts as durable although another is on disk', () => {
    const { checker, m1 } = group();
    m1.follow(1, [1]);
    m1.entries = entriesOf([2]);
    m1.term = 2;
    assert.throws(() => checker.persisted(m1.id), /S14/);
  });

  it('S15: a match that is not true', () => {
    const { checker, m1 } = group();
    m1.lead(1, [1]);
    m1.progress = [peer({ match: 1, next: 2 })];
    assert.throws(() => look(checker, m1), /S15/);
  });

  it('S17: a configuration that its log does not say, quorums that do not overlap, changes too early', () => {
    const { checker, m1, m2, m3 } = group();
    m1.configuration = simpleConfiguration(ids('m1'));
    assert.throws(() => look(checker, m1), /S17/);

    m2.term = 1;
    const apart = simpleConfiguration(ids('m4', 'm5'));
    m2.entries = [configurationEntry(1, 1, apart)];
    m2.configuration = apart;
    assert.throws(() => look(checker, m2), /S17/);

    m3.lead(2, [2]);
    m3.entries.push({ term: 2, index: 2, kind: 'configuration', data: encodeConfiguration(THREE) });
    assert.throws(() => look(checker, m3), /S17/);
  });

  it('S18: a leader outside the committed configuration', () => {
    const { checker, m1, m2, m3 } = group();
    const two = { ...simpleConfiguration(ids('m2', 'm3')), outgoing: ids('m1', 'm2', 'm3') };
    const without = simpleConfiguration(ids('m2', 'm3'));
    for (const node of [m1, m2, m3]) {
      node.lead(1, [1]);
      node.role = node === m1 ? 'leader' : 'follower';
      node.commit = 0;
    }
    m1.commit = 1;
    look(checker, m1);
    for (const node of [m1, m2, m3]) {
      node.entries.push(configurationEntry(1, 2, two), configurationEntry(1, 3, without));
      node.store();
      node.configuration = without;
      node.configurationIndex = 3;
    }
    m1.commit = 3;
    assert.throws(() => look(checker, m1), /S18/);
  });

  it('S19: a pre-vote that changes the voter, or is granted against its log', () => {
    const { checker, m1, m2 } = group();
    const request = {
      type: 'vote',
      from: id('m3'),
      to: id('m1'),
      term: 9,
      pre: true,
      transfer: false,
    } as const;
    m1.follow(2, [2]);
    look(checker, m1);
    const behind: Message = { ...request, lastIndex: 1, lastTerm: 1 };
    checker.stepped(m1.id, { type: 'message', message: behind });
    assert.throws(() => checker.emitted(m1.id, [grant('m1', 'm3', 9, true)]), /S19/);
    m2.electionElapsed = 5;
    const complete: Message = { ...request, to: id('m2'), lastIndex: 1, lastTerm: 1 };
    assert.throws(() => checker.stepped(m2.id, { type: 'message', message: complete }), /S19/);
  });

  it('S20: a leader that hears nobody and stays', () => {
    const { checker, m1 } = group();
    m1.lead(1, [1]);
    look(checker, m1);
    assert.throws(() => {
      for (let tick = 0; tick < 30; tick++) checker.stepped(m1.id, { type: 'tick' });
    }, /S20/);
  });
});

describe('the checks of one node see', () => {
  it('S11: indexes out of order', () => {
    const node = new Fake('m1');
    node.follow(1, [1, 1]);
    checkNode(node);
    node.commit = 3;
    assert.throws(() => checkNode(node), /S11/);
    node.commit = 2;
    node.handedOut = 1;
    node.applied = 2;
    assert.throws(() => checkNode(node), /S11/);
  });

  it('S11: entries of a term the node has not reached', () => {
    const node = new Fake('m1');
    node.follow(3, [3]);
    node.term = 2;
    assert.throws(() => checkNode(node), /S11/);
  });

  it('S16: progress or window out of bounds', () => {
    const broken = [
      { match: 1, next: 1 },
      { next: 9 },
      { inflightMessages: 65 },
      { state: 'probe' as const, inflightMessages: 1 },
    ];
    for (const fields of broken) {
      const node = new Fake('m1');
      node.lead(1, [1]);
      node.progress = [peer(fields)];
      assert.throws(() => checkNode(node), /S16/);
    }
  });

  it('S17: two changes at once', () => {
    const node = new Fake('m1');
    node.lead(1, [1]);
    node.commit = 1;
    node.uncommittedConfigurations = 2;
    assert.throws(() => checkNode(node), /S17/);
  });
});
