import type { Level } from './repeat.js';

/** Exact text of the build, found once, and what replaces it. */
export interface Edit {
  /** Below `dist/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A fault to plant. */
export interface Mutant extends Edit {
  readonly name: string;
  /** What goes wrong, and in which part of the protocol. */
  readonly about: string;
  /** Where it is hunted. */
  readonly level: Level;
  /** Edits that belong to it: a fault that something else makes up for shows only together with that. */
  readonly also?: readonly Edit[];
}

function mutant(file: string, name: string, about: string, find: string, replace: string): Mutant {
  return { name, about, level: 'core', file: `lib/raft/${file}.js`, find, replace };
}

/** The five faults that every release must find. */
const PLANTED: readonly Mutant[] = [
  mutant(
    'commit',
    'old-term-counted',
    'entries of an earlier term are committed by counting (Figure 8)',
    'if (reached <= core.commit || reached < leader.firstIndex)',
    'if (reached <= core.commit)',
  ),
  mutant(
    'election',
    'vote-not-synced',
    'a vote leaves before it is durable (§5.1)',
    "core.sendDurable({\n        type: 'vote-reply',\n        from: core.id,\n        to: message.from,",
    "core.send({\n        type: 'vote-reply',\n        from: core.id,\n        to: message.from,",
  ),
  mutant(
    'reads',
    'read-before-noop',
    'a new leader answers reads before it has committed in its term (§8)',
    'return leader.reads.due && core.commit >= leader.firstIndex;',
    'return leader.reads.due;',
  ),
  mutant(
    'follower',
    'conflict-kept',
    'entries that conflict with the leader stay (§5.3)',
    'core.log.termAt(entry.index) !== entry.term',
    'entry.index > core.log.lastIndex',
  ),
  mutant(
    'core',
    'vote-lost-on-restart',
    'the vote of the present term is forgotten at a restart (§5.1)',
    'this.vote = hardState.vote;',
    'this.vote = null;',
  ),
];

const ELECTION: readonly Mutant[] = [
  mutant(
    'core',
    'term-and-vote-apart',
    'term and vote become durable in two writes',
    'this.writtenHardState = { term: this.term, vote: this.vote };',
    'const vote = this.term > this.writtenHardState.term ? null : this.vote;\n        this.writtenHardState = { term: this.term, vote };',
  ),
  mutant(
    'core',
    'term-not-written',
    'a new term becomes durable only with a vote',
    'return this.term !== this.writtenHardState.term || this.vote !== this.writtenHardState.vote;',
    'return this.vote !== this.writtenHardState.vote && this.vote !== null;',
  ),
  mutant(
    'roles',
    'vote-cleared-in-term',
    'stepping down within a term clears the vote (CCF#8094)',
    'if (term > core.term) {\n        core.term = term;\n        core.vote = null;\n    }',
    'core.term = term;\n    core.vote = null;',
  ),
  mutant(
    'election',
    'candidate-not-synced',
    'a candidate asks for votes before its own is durable',
    'core.sendDurable({ ...request, pre: false, term: core.term });',
    'core.send({ ...request, pre: false, term: core.term });',
  ),
  mutant(
    'log',
    'vote-for-any-log',
    'votes are granted to logs that miss entries (§5.4.1)',
    'return term > lastTerm || (term === lastTerm && index >= this.lastIndex);',
    'return true;',
  ),
  mutant(
    'election',
    'two-votes',
    'a second candidate of a term is granted a vote too (§5.2)',
    'return core.vote === message.from || (core.vote === null && core.leader === null);',
    'return core.leader === null;',
  ),
  mutant(
    'quorum',
    'half-is-a-majority',
    'half of the voters decide',
    'return Math.floor(size / 2) + 1;',
    'return Math.ceil(size / 2);',
  ),
  mutant(
    'step',
    'no-stickiness',
    'votes are granted although a leader is heard (thesis §4.2.3)',
    "if (message.type === 'vote' && !message.transfer && hearsLeader(core))",
    'if (false)',
  ),
  mutant(
    'election',
    'pre-vote-refreshes-timer',
    'granting a pre-vote restarts the election timer (hashicorp/raft#609)',
    'const term = granted ? message.term : core.term;',
    'const term = granted ? message.term : core.term;\n        if (granted)\n            core.restartElectionTimer();',
  ),
  mutant(
    'leader-clock',
    'lonely-leader-stays',
    'a leader that hears no quorum goes on leading (CheckQuorum)',
    'if (!quorumActiveWithin(core, leader, electionTicks))',
    'if (false)',
  ),
  mutant(
    'leader-clock',
    'dead-disk-leads',
    'a leader whose disk hangs goes on leading',
    'return outstanding !== null && now - outstanding.sinceTick >= config.electionTicks;',
    'return false;',
  ),
];

const REPLICATION: readonly Mutant[] = [
  mutant(
    'follower',
    'append-not-synced',
    'entries are acknowledged before they are durable',
    "core.sendDurable({\n        type: 'append-reply',\n        from,\n        to: message.from,\n        term,\n        index,",
    "core.send({\n        type: 'append-reply',\n        from,\n        to: message.from,\n        term,\n        index,",
  ),
  mutant(
    'commit',
    'own-write-counted-early',
    'the leader counts its own entries before they are durable',
    'return core.log.stable;',
    'return core.log.lastIndex;',
  ),
  mutant(
    'follower',
    'no-match-check',
    'entries are accepted after any predecessor (§5.3)',
    'log.termAt(message.prevIndex) === message.prevTerm',
    'log.termAt(message.prevIndex) !== null',
  ),
  mutant(
    'follower',
    'equal-entries-truncated',
    'a delayed append cuts off what was acknowledged after it',
    'const start = entries.findIndex((entry) => core.log.termAt(entry.index) !== entry.term);',
    'const start = entries.findIndex((entry) => entry.index > core.commit);',
  ),
  mutant(
    'acknowledgements',
    'sent-counts-as-held',
    'the leader takes what it sent for what the peer acknowledged',
    'peer.acknowledged(message.index)',
    'peer.acknowledged(Math.max(message.index, peer.next - 1))',
  ),
  mutant(
    'sending',
    'heartbeat-commit-not-capped',
    'a heartbeat names a commit index that the receiver may not hold',
    'const commit = Math.min(peer.match, core.commit);',
    'const commit = core.commit;',
  ),
  mutant(
    'log',
    'stale-storage-ack',
    'a completed write counts for entries that replaced its own meanwhile',
    'this.inFlight.to = Math.min(this.inFlight.to, from - 1);',
    ';',
  ),
  mutant(
    'ready',
    'applied-before-durable',
    'committed entries are handed out before they are durable here (etcd#14370)',
    'const upTo = Math.min(core.commit, core.log.stable);\n    const room',
    'const upTo = core.commit;\n    const room',
  ),
  mutant(
    'core',
    'applied-twice-after-restart',
    'the last applied entry is applied again after a restart',
    'this.handedOut = config.applied;',
    'this.handedOut = Math.max(log.base().index, config.applied - 1);\n        this.applied = this.handedOut;',
  ),
];

const READS: readonly Mutant[] = [
  mutant(
    'reads',
    'read-without-quorum',
    'a leader answers reads without asking whether it still leads (§8)',
    'const reached = quorumIndex(core.configuration, (id) => confirmedRound(core, leader, id));',
    'const reached = leader.reads.last;',
  ),
  mutant(
    'read-rounds',
    'read-joins-old-round',
    'a read joins a round that began before it (etcd-io/raft#397)',
    'this.waiting.push(read);',
    'if (this.rounds.length > 0)\n            this.rounds[0].reads.push(read);\n        else\n            this.waiting.push(read);',
  ),
];

const SNAPSHOTS: readonly Mutant[] = [
  mutant(
    'follower',
    'snapshot-over-newer-log',
    'an old snapshot replaces a log that is ahead of it',
    'if (meta.index > core.commit) {',
    'if (meta.index > core.applied - 20 && meta.index !== core.commit) {',
  ),
  mutant(
    'log',
    'snapshot-keeps-suffix',
    'entries above an installed snapshot stay on disk though they conflict with it',
    'cutAbove(snapshot.index, this.disk)',
    'null',
  ),
  mutant(
    'core',
    'snapshot-without-configuration',
    'the configuration that came with a snapshot is ignored',
    'this.membership.reset(meta.index, meta.configuration);',
    'this.membership.reset(meta.index, this.membership.current);',
  ),
];

const MEMBERSHIP: readonly Mutant[] = [
  mutant(
    'proposals',
    'two-changes-at-once',
    'a change of membership begins while another is not committed',
    'const pending = core.membership.index > core.commit || core.commit < leader.firstIndex;',
    'const pending = core.commit < leader.firstIndex;',
  ),
  mutant(
    'proposals',
    'change-before-own-commit',
    'a leader changes the membership before it has committed in its term',
    'const pending = core.membership.index > core.commit || core.commit < leader.firstIndex;',
    'const pending = core.membership.index > core.commit;',
  ),
  mutant(
    'membership',
    'no-joint-phase',
    'voters change in one step (thesis §4.3)',
    'if (sameNodes(current.voters, target.voters))',
    'if (true)',
  ),
  mutant(
    'quorum',
    'half-of-joint',
    'one half of a joint configuration decides (thesis §4.3)',
    'return Math.min(majorityIndex(configuration.voters, valueOf), majorityIndex(configuration.outgoing, valueOf));',
    'return majorityIndex(configuration.voters, valueOf);',
  ),
  mutant(
    'commit',
    'learner-counted',
    'learners count for the commit index',
    'const reached = quorumIndex(core.configuration, (id) => durableAt(core, leader, id));',
    'const { configuration: c } = core;\n    const reached = quorumIndex({ ...c, voters: [...c.voters, ...c.learners] }, (id) => durableAt(core, leader, id));',
  ),
  mutant(
    'commit',
    'removed-leader-stays',
    'a leader goes on after its removal is committed',
    'handOver(core, leader);',
    ';',
  ),
  mutant(
    'follower',
    'configuration-not-rolled-back',
    'a truncated configuration stays in force (thesis §4.1)',
    'if (core.membership.truncate(conflict.index, core.log))',
    'if (false)',
  ),
];

/** Faults in consensus, the five of the release gate first. */
export const CORE_MUTANTS: readonly Mutant[] = [
  ...PLANTED,
  ...ELECTION,
  ...REPLICATION,
  ...READS,
  ...SNAPSHOTS,
  ...MEMBERSHIP,
];
