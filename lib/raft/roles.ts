import { assert, type NodeId } from '../base/index.js';
import { appendOwn } from './append.js';
import { peerOf, type Core, type Leader } from './core.js';
import { membersOf } from './membership.js';
import { Progress } from './progress.js';
import { ReadRounds } from './read-rounds.js';
import { refuseReads } from './reads.js';
import type { Term } from './types.js';

/** The only transitions between roles (Figure 4; pre-candidate: thesis §9.6). */

/** Follows `leader`, or nobody yet. A vote is forgotten with its term only, never within it. */
export function becomeFollower(core: Core, term: Term, leader: NodeId | null): void {
  assert(term >= core.term, () => `term would fall from ${core.term} to ${term}`);
  const previous = core.state;
  if (term > core.term) {
    core.term = term;
    core.vote = null;
  }
  core.state = { role: 'follower', leader, acknowledged: 0 };
  core.drawElectionTimeout();
  if (previous.role !== 'follower' || leader !== null) core.restartElectionTimer();
  if (leader !== null) core.takeover = null;
  if (previous.role === 'leader') refuseReads(core, previous.reads.takeAll());
}

/** Asks whether an election could be won; neither term nor vote changes. */
export function becomePreCandidate(core: Core): void {
  assert(core.state.role !== 'leader', 'a leader does not campaign');
  core.state = { role: 'pre-candidate', votes: new Map([[core.id, true]]) };
  core.drawElectionTimeout();
  core.restartElectionTimer();
}

/** Starts a new term and votes for itself; the vote counts once it is durable. */
export function becomeCandidate(core: Core): void {
  assert(core.state.role !== 'leader', 'a leader does not campaign');
  core.term++;
  core.vote = core.id;
  core.state = { role: 'candidate', votes: new Map() };
  core.drawElectionTimeout();
  core.restartElectionTimer();
}

/** Won the election: appends the empty entry that commits everything before it (§5.4.2, §8). */
export function becomeLeader(core: Core): void {
  assert(core.state.role === 'candidate', () => `a ${core.state.role} can not become leader`);
  const leader: Leader = {
    role: 'leader',
    firstIndex: core.log.lastIndex + 1,
    peers: [],
    reads: new ReadRounds(),
    transfer: null,
    toldSomebody: false,
    lastHeartbeatTick: core.now,
    uncommittedBytes: 0,
    sendDue: true,
    newsHeld: 'none',
  };
  core.state = leader;
  core.takeover = null;
  trackMembers(core, leader);
  appendOwn(core, leader, 'noop', new Uint8Array(0));
}

/** Makes the leader's peers those of the configuration in force; known ones keep their progress. */
export function trackMembers(core: Core, leader: Leader): void {
  const { learners } = core.configuration;
  const next = core.log.lastIndex + 1;
  leader.peers = membersOf(core.configuration)
    .filter((id) => id !== core.id)
    .map((id) => {
      const learner = learners.includes(id);
      const known = peerOf(leader, id);
      if (known === undefined) return new Progress(id, learner, next, core.now, core.config);
      known.learner = learner;
      return known;
    });
  leader.sendDue = true;
}
