import { between, type NodeId } from '../base/index.js';
import type { Core, Takeover } from './core.js';
import { isPromised } from './lease.js';
import { votersOf } from './membership.js';
import { voteOutcome } from './quorum.js';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles.js';
import type { VoteReply, VoteRequest } from './types.js';

export type Campaign = 'pre' | 'election' | 'transfer';

/** Whether this node may stand for election: its vote may be needed, its host is ready, its disk answers. */
export function isPromotable(core: Core): boolean {
  const { outstanding, config } = core;
  const diskStalled = outstanding !== null && core.now - outstanding.sinceTick >= config.electionTicks;
  if (!core.mayCampaign || !core.mayVote || diskStalled) return false;
  return core.membership.isNeeded(core.id, core.commit, core.log);
}

/** Starts an election round (§5.2), or before it the question whether one could be won (thesis §9.6). */
export function campaign(core: Core, kind: Campaign): void {
  if (!isPromotable(core) || (kind !== 'transfer' && isPromised(core))) return;
  if (kind === 'pre') becomePreCandidate(core);
  else becomeCandidate(core);
  for (const id of votersOf(core.configuration)) if (id !== core.id) askVote(core, id, kind);
  if (kind === 'pre') decide(core);
  else voteForSelf(core);
}

function askVote(core: Core, to: NodeId, kind: Campaign): void {
  const { id: from, log } = core;
  const { lastIndex, lastTerm } = log;
  const transfer = kind === 'transfer';
  const request = { type: 'vote', from, to, lastIndex, lastTerm, transfer } as const;
  if (kind === 'pre') core.send({ ...request, pre: true, term: core.term + 1 });
  else core.sendDurable({ ...request, pre: false, term: core.term });
}

/** The own vote takes the way of all votes: it counts once it is durable. */
function voteForSelf(core: Core): void {
  const { id, term } = core;
  core.sendDurable({ type: 'vote-reply', from: id, to: id, term, pre: false, granted: true });
}

/** Whether a leader was heard so recently that nobody may be elected against it (§6, thesis §4.2.3). */
export function hearsLeader(core: Core): boolean {
  if (core.state.role === 'leader' || isPromised(core)) return true;
  return core.leader !== null && core.electionElapsed < core.config.electionTicks;
}

/** Grants at most one vote a term, and only to a log at least as complete (§5.2, §5.4.1). */
export function handleVote(core: Core, message: VoteRequest): void {
  const granted =
    core.mayVote && isFree(core, message) && core.log.isUpToDate(message.lastIndex, message.lastTerm);
  if (message.pre) {
    const term = granted ? message.term : core.term;
    core.send({ type: 'vote-reply', from: core.id, to: message.from, term, pre: true, granted });
    return;
  }
  if (granted) {
    core.vote = message.from;
    core.restartElectionTimer();
  }
  core.sendDurable({
    type: 'vote-reply',
    from: core.id,
    to: message.from,
    term: core.term,
    pre: false,
    granted,
  });
}

function isFree(core: Core, message: VoteRequest): boolean {
  if (message.term < core.term || (!message.transfer && isPromised(core))) return false;
  if (message.pre) return message.term > core.term;
  return core.vote === message.from || (core.vote === null && core.leader === null);
}

export function handleVoteReply(core: Core, message: VoteReply): void {
  const { state } = core;
  const awaited = message.pre ? 'pre-candidate' : 'candidate';
  if (state.role !== awaited) return;
  if (message.granted && message.term !== core.term + (message.pre ? 1 : 0)) return;
  if (!state.votes.has(message.from)) state.votes.set(message.from, message.granted);
  decide(core);
}

function decide(core: Core): void {
  const { state } = core;
  if (state.role !== 'pre-candidate' && state.role !== 'candidate') return;
  const outcome = voteOutcome(core.configuration, state.votes);
  if (outcome === 'lost') becomeFollower(core, core.term, null);
  else if (outcome === 'won' && state.role === 'pre-candidate') campaign(core, 'election');
  else if (outcome === 'won') becomeLeader(core);
}

/** Ticks before the first campaign after a hint, and between later ones while nobody answers. */
const TAKEOVER_FIRST = { low: 1, high: 2 } as const;
const TAKEOVER_AGAIN = { low: 2, high: 3 } as const;

/** The leader's process is surely gone: it is forgotten, and this node campaigns within a few ticks. */
export function hintLeaderGone(core: Core): void {
  if (core.state.role === 'leader' || core.takeover !== null) return;
  core.takeover = {
    nextTick: core.now + draw(core, TAKEOVER_FIRST),
    untilTick: core.now + 2 * core.config.electionTicks,
    attempts: 0,
  };
  forgetLeader(core);
}

/** A leader begins a term after its own. Like a transfer to itself: votes are asked at once, whoever is heard. */
export function renewTerm(core: Core): void {
  becomeFollower(core, core.term, null);
  campaign(core, 'transfer');
}

/** A leader that may count on this node is not forgotten before its lease has ended. */
export function forgetLeader(core: Core): void {
  if (core.state.role !== 'follower') return;
  if (isPromised(core)) return;
  core.state.leader = null;
}

/** The clock of every node that does not lead. */
export function tickElection(core: Core): void {
  const { takeover } = core;
  if (takeover !== null && core.now >= takeover.nextTick) continueTakeover(core, takeover);
  else if (core.electionElapsed >= core.electionTimeout) campaign(core, 'pre');
}

/**
 * Campaigns again and again after a hint, until the ordinary timer would have. An undecided election is given
 * twice as much time at each attempt: its votes wait for disks.
 */
function continueTakeover(core: Core, takeover: Takeover): void {
  if (core.state.role === 'candidate') takeover.attempts++;
  takeover.nextTick = core.now + draw(core, TAKEOVER_AGAIN) * 2 ** Math.min(takeover.attempts, 3);
  if (core.now >= takeover.untilTick) core.takeover = null;
  forgetLeader(core);
  if (core.leader === null) campaign(core, 'pre');
}

function draw(core: Core, range: { readonly low: number; readonly high: number }): number {
  return between(core.config.random, range.low, range.high);
}
