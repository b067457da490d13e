import type { Edit, Mutant } from '../mutants.js';

function mutant(
  name: string,
  about: string,
  ...edits: readonly (readonly [string, string, string])[]
): Mutant {
  const [first, ...others] = edits.map(([file, find, replace]): Edit => {
    return { file: `lib/${file}.js`, find, replace };
  });
  return { name, about, level: 'node', ...first!, also: others };
}

const DURABILITY: readonly Mutant[] = [
  mutant('log-not-awaited', 'entries and votes count as durable while they are being written', [
    'storage/raft-log',
    'const written = this.kv.write(batch.operations);',
    'void this.kv.write(batch.operations).catch(() => {}); const written = Promise.resolve();',
  ]),
  mutant(
    'goes-on-after-failed-write',
    'a write of the log that failed is taken for done (google/leveldb#1180)',
    [
      'storage/failure-latch',
      'if (this.first === null) {',
      'if (this.first === null) { return storageError(what, cause, damaged);',
    ],
    [
      'storage/raft-log',
      'const written = this.kv.write(batch.operations);',
      'const written = this.kv.write(batch.operations).catch(() => {});',
    ],
  ),
  mutant('log-compacted-above-cut', 'entries that no cut covers are dropped', [
    'replica/compaction',
    'const index = Math.min(this.tailBegin(mark), this.host.pinned() ?? Infinity);',
    'const index = log.lastIndex();',
  ]),
];

const CUTS: readonly Mutant[] = [
  mutant('answers-not-in-cut', 'what sessions were answered is lost with a restart or a snapshot', [
    'state/state',
    'this.sessions.results,',
    '',
  ]),
  mutant('lanes-not-in-cut', 'a restart forgets which sub-batches have run', [
    'state/state',
    'this.lanes.table,',
    '',
  ]),
  mutant('deletions-not-in-cut', 'deleted records come back with a restart', [
    'storage/state-store',
    'of deletions)',
    'of [])',
  ]),
  mutant(
    'configuration-not-in-cut',
    'a cut is stamped with another configuration than the one in force (dragonboat, matrixone#23383)',
    [
      'replica/cuts',
      'configuration: this.host.configurationAt(cut.index), chain',
      'configuration: { ...this.host.configurationAt(cut.index), learners: [], voters: this.host.configurationAt(cut.index).voters.slice(0, 1), outgoing: [] }, chain',
    ],
  ),
];

const DAMAGE: readonly Mutant[] = [
  mutant(
    'damaged-log-is-intact',
    'a log that lost or spoiled entries is opened as if it were whole (Alagappan et al., FAST 2018)',
    [
      'storage/log-opening',
      "health = { kind: 'log-damaged', found: contents.table.lastPoint, promised, detail };",
      '',
    ],
    ['storage/log-opening', 'await witness.markRecovering(promised);', ''],
    ['replica/standing', 'if (point.term > term) {', 'if (false) {'],
    [
      'replica/standing',
      'const short = !this.isRecovering && comparePoints(promised, last) > 0;',
      'const short = false;',
    ],
  ),
  mutant(
    'recovering-votes',
    'a member whose log lacks what it acknowledged votes and stands for election',
    ['replica/running', 'this.raft.setVoting(!recovering);', 'this.raft.setVoting(true);'],
    [
      'replica/running',
      'this.raft.setCampaignAllowed(open && !recovering && whole);',
      'this.raft.setCampaignAllowed(open && whole);',
    ],
  ),
  mutant(
    'stale-copy-accepted',
    'a folder from an older copy goes on with votes forgotten',
    ['replica/boots', 'if (last === undefined)', 'if (true)'],
    ['replica/standing', 'if (point.term > term) {', 'if (false) {'],
  ),
  mutant(
    'boot-not-raised',
    'a restart uses the numbers of the life before again',
    ['storage/opening', 'boot: before.boot + 1', 'boot: Math.max(1, before.boot)'],
    ['replica/boots', 'if (last === undefined)', 'if (true)'],
  ),
];

const LANES: readonly Mutant[] = [
  mutant('sequences-run-twice', 'a write that its client repeats is done again', [
    'state/sessions/apply',
    'if (before !== null)',
    'if (false)',
  ]),
  mutant(
    'unknown-called-refused',
    'a proposal that was sent and not answered in time is reported as surely not done',
    [
      'replica/lane',
      "done({ kind: 'unknown', message: `${message}: ${this.host.trouble()}` });",
      "done({ kind: 'refused', code: 'NO_LEADER', message });",
    ],
  ),
  mutant('covered-called-refused', 'a proposal that a received state covers is reported as surely not done', [
    'replica/lane',
    "this.end(batch, { kind: 'unknown', message: 'this member received the state past the proposal' });",
    "this.end(batch, { kind: 'refused', code: 'NO_LEADER', message: '' });",
  ]),
  mutant('expiry-of-used-session', 'a session that was used meanwhile expires', [
    'state/sessions/apply',
    'sessions.usedRevision.get(row) !== command.usedRevision',
    'false',
  ]),
];

const READS: readonly Mutant[] = [
  mutant('read-before-applied', 'a read is answered at its index from a state that has not reached it', [
    'replica/reads',
    'const applied = this.host.appliedIndex();',
    'const applied = Infinity;',
  ]),
  mutant('read-without-asking', 'a read is answered from what is at hand', [
    'replica/reads',
    'const index = this.host.leasedIndex();',
    'const index = 0;',
  ]),
];

const FOLDERS: readonly Mutant[] = [
  mutant(
    'late-hello-is-a-copy',
    'a founder whose first words arrive late is taken for a copy from the past',
    ['replica/boots', 'if (boot === last.boot && start === last.start)', 'if (false)'],
  ),
];

const PROMISES: readonly Mutant[] = [
  mutant(
    'lost-votes-are-none',
    'a folder whose witness is lost goes on as if it had never voted',
    [
      'storage/witness',
      'if (best === null)\n            return null;',
      'if (best === null) return new Witness(file, anchor, 0, { instance, hard: { term: 0, vote: null }, promised: { term: 0, index: 0 }, recovering: false });',
    ],
    ['storage/log-opening', 'if (lastTerm > hard.term) {', 'if (false) {'],
  ),
  mutant(
    'asks-nobody-after-restart',
    'a restarted member takes part before anybody has told it what it had acknowledged',
    ['replica/acknowledged-gate', 'return this.halves.every(', 'return true || this.halves.every('],
  ),
  mutant(
    'recovered-at-once',
    'a member whose log is being refilled calls it whole before it has asked what it lacks',
    ['replica/standing', 'if (!this.isRecovering || target === null)', 'if (!this.isRecovering)'],
    [
      'replica/standing',
      'if (last.index < target || host.commit() < target || comparePoints(last, this.gate.promised) < 0)',
      'if (false)',
    ],
  ),
];

const LEASES: readonly Mutant[] = [
  mutant('lease-too-long', 'a leader counts on a hundred times what it was promised', [
    'replica/lease-clock',
    'leaseMs * (1 - LEASE_CLOCK_BOUND)',
    'leaseMs * 100',
  ]),
  mutant('lease-during-transfer', 'a lease is held although leadership is on offer', [
    'raft/lease',
    'if (leader.transfer !== null || leader.toldSomebody)',
    'if (false)',
  ]),
];

const LASTING: readonly Mutant[] = [
  mutant('followers-relay-nothing', 'what is proposed at a member that does not lead never leaves it', [
    'replica/lane-traffic',
    "if (view.kind !== 'following')\n            return false;",
    "if (view.kind !== 'leading')\n            return false;",
  ]),
  mutant('campaigns-unasked', 'who hears no leader stands for election without asking before (thesis §9.6)', [
    'raft/election',
    "else if (core.electionElapsed >= core.electionTimeout)\n        campaign(core, 'pre');",
    "else if (core.electionElapsed >= core.electionTimeout)\n        campaign(core, 'election');",
  ]),
  mutant('reads-without-limit', 'any number of reads may wait at a member', [
    'replica/reads',
    'if (this.waitingCount >= this.host.limits.reads)',
    'if (false)',
  ]),
  mutant('log-kept-for-ever', 'what a cut covers stays in the log', [
    'replica/compaction',
    'log.compact({ index, term, configuration }).catch(fatal);',
    '',
  ]),
];

const MEMBERS: readonly Mutant[] = [
  mutant('quorum-of-the-dead', 'the arithmetic of a change counts voters that are down', [
    'replica/membership/arithmetic',
    'const up = voters.filter(isUp);',
    'const up = [...voters];',
  ]),
  mutant(
    'promoted-without-catching-up',
    'a learner gets a vote although it lacks the log (thesis §4.2.1)',
    [
      'replica/membership/plan',
      'if (old === null || keptUpMs(learner) === null || !isActive(learner))',
      'if (old === null || !isActive(learner))',
    ],
    [
      'replica/membership/plan',
      'if (keptUp === null || keptUp < policy.promoteAfterMs)',
      'if (keptUp !== null && keptUp < policy.promoteAfterMs)',
    ],
    ['replica/membership/changes', 'return notReady(member, behind(learner));', ';'],
    ['replica/membership/changes', 'return notReady(by, behind(learner));', ';'],
  ),
  mutant('change-done-too-soon', 'a change is answered as done before it is committed', [
    'replica/membership/pending-change',
    'if (!committed || isJoint(configuration))\n            return;',
    '',
  ]),
  mutant('removed-still-counts', 'the joint phase ends with the voters of both halves', [
    'raft/commit',
    'appendConfiguration(core, leader, leaveJoint(configuration));',
    'appendConfiguration(core, leader, { ...leaveJoint(configuration), voters: [...new Set([...configuration.voters, ...configuration.outgoing])], learners: configuration.learners });',
  ]),
  mutant('removed-member-speaks', 'whoever was removed is listened to as before', [
    'replica/membership/peers',
    'return this.members.has(member) || this.leaving.has(member) || this.vouched.has(member);',
    'return true;',
  ]),
  mutant('demoted-is-promoted', 'a learner that an operator wants held gets its vote back by itself', [
    'replica/membership/plan',
    'if (isHeld(learner) || ',
    'if (',
  ]),
  mutant('token-used-twice', 'a token lets in whoever comes with it', [
    'state/membership/apply',
    "if (token.usedBy !== '' && token.usedBy !== node) {",
    'if (false) {',
  ]),
];

const NUMBERS: readonly Mutant[] = [
  mutant(
    'sub-batch-runs-twice',
    'what a member sends again is appended and executed again',
    ['replica/intake', 'if (number < tail.next)\n            return;', ''],
    ['state/lanes', 'head.number === last.number + 1', 'head.number <= last.number + 1'],
  ),
  mutant('offer-outlives-its-leader', 'a launch with offers of an earlier leader is done in a later term', [
    'state/tasks/validate-launch',
    'if (launch.term === term)',
    'if (true)',
  ]),
];

const SESSIONS: readonly Mutant[] = [
  mutant('gap-in-a-connection', 'a write runs although one that its client sent before it was refused', [
    'replica/lane',
    'const behind = this.pending.filter(',
    'const behind = [].filter(',
  ]),
  mutant('event-after-the-answer', 'a watch tells its event after the answer that shows the change', [
    'coordination/connections/session-hub',
    'session.link.event(event, at, revision);',
    'queueMicrotask(() => session.link.event(event, at, revision));',
  ]),
  mutant('expiry-of-a-moved-session', 'a session expires by what was judged before it moved', [
    'state/zookeeper/apply',
    "if ('code' in open)\n        return effect(turn, false);\n    end(state, turn, command.session, open.member, 'expired');",
    "if (open.code === 'SESSION_EXPIRED')\n        return effect(turn, false);\n    end(state, turn, command.session, state.coordination.get(command.session).member, 'expired');",
  ]),
  mutant('deadlines-cut-at-takeover', 'a new leader gives sessions a part of their timeout', [
    'master/liveness/coordination-deadlines',
    'for (const session of this.view().sessions())\n            this.used(session, nowMs);',
    'for (const session of this.view().sessions()) this.deadlines.set(session, nowMs + this.view().get(session).timeoutMs / 4);',
  ]),
  mutant('ephemerals-outlive-expiry', 'the nodes of a session that expires stay', [
    'state/zookeeper/apply',
    'for (const row of state.tree.rowsOwnedBy(session)) {',
    "for (const row of cause === 'expired' ? [] : state.tree.rowsOwnedBy(session)) {",
  ]),
  mutant('read-overtakes-writes', 'a read is answered before the writes that its client sent before it', [
    'coordination/connections/pipeline',
    'if (this.depth === 0)',
    'if (true)',
  ]),
  mutant('read-after-later-writes', 'a read between two writes is served when both have run', [
    'coordination/connections/session-hub',
    "replica.propose(command, done, 'within-apply', order)",
    "replica.propose(command, done, 'after-entry', order)",
  ]),
  mutant('any-password', 'a session is taken up with a wrong password', [
    'state/zookeeper/apply',
    'if (!equalBytes(before.password, command.password)) {',
    'if (false) {',
  ]),
  mutant('write-after-a-move', 'what a member still held back lands after its session has moved', [
    'state/zookeeper/apply',
    'if (open.attachment === attachment)\n        return open;',
    'return open;',
  ]),
  mutant('missed-while-away', 'watches that are set again tell nothing of what changed meanwhile', [
    'api/zookeeper/watches',
    'if (missed === null)',
    'if (true)',
  ]),
  mutant('half-a-multi', 'what a multi did before the operation that is refused stays done', [
    'state/tree/apply',
    'while (undo.length > 0)',
    'while (false)',
  ]),
  mutant('answers-uncovered', 'a member that no leader has heard answers all the same', [
    'api/zookeeper/connection',
    '!this.host.hub.mayAnswer(phase.session)',
    'false',
  ]),
  mutant('sync-asks-nobody', 'a sync is answered by what is at hand', [
    'coordination/connections/attached-session',
    'this.parts.confirm((confirmed) => begin(',
    '((done) => done(true))((confirmed) => begin(',
  ]),
];

/** Faults in what surrounds consensus, found by simulating whole nodes. */
export const NODE_MUTANTS: readonly Mutant[] = [
  ...DURABILITY,
  ...CUTS,
  ...DAMAGE,
  ...LANES,
  ...READS,
  ...FOLDERS,
  ...PROMISES,
  ...LEASES,
  ...LASTING,
  ...MEMBERS,
  ...NUMBERS,
  ...SESSIONS,
];
