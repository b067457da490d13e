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
  if (message.pre) return handlePreVote(core, message);
  const granted = mayElect(core, message);
  if (granted) {
    core.vote = message.from;
    core.restartElectionTimer();
    giveTime(core, 0);
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

/**
 * A pre-vote promises nothing, so an election that is better left alone may count for more. One that waits for this
 * node's disk: nothing is answered, since any answer would have somebody write, and the next vote wait behind that.
 * And the own one, if both were begun at about the same time: else both would win their pre-votes and split the votes.
 */
function handlePreVote(core: Core, message: VoteRequest): void {
  if (isVoting(core)) return;
  const rival = isRival(core, message);
  const granted = mayElect(core, message) && !(rival && core.id > message.from);
  const term = granted ? message.term : core.term;
  core.send({ type: 'vote-reply', from: core.id, to: message.from, term, pre: true, granted });
}

function mayElect(core: Core, message: VoteRequest): boolean {
  const { lastIndex, lastTerm } = message;
  return core.mayVote && isFree(core, message) && core.log.isUpToDate(lastIndex, lastTerm);
}

/** Whether a vote of this node, for itself or another, is on its way to the disk. */
function isVoting(core: Core): boolean {
  return core.vote !== null && core.leader === null && core.outstanding !== null;
}

/** Ticks within which two campaigns were begun at about the same time. */
const RIVAL_TICKS = 3;

/** Whether who asks is as good a leader as this node, which has just asked the same and was not refused by it. */
function isRival(core: Core, { from, lastIndex, lastTerm }: VoteRequest): boolean {
  const { state, log } = core;
  if (state.role !== 'pre-candidate' || core.electionElapsed >= RIVAL_TICKS) return false;
  return state.votes.get(from) !== false && lastIndex === log.lastIndex && lastTerm === log.lastTerm;
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
  // The others are asked from now on, and their disks may need as long as the own one did.
  if (message.from === core.id) giveTime(core, core.electionElapsed + 1);
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
  if (isVoting(core) && core.now < takeover.untilTick) return giveTime(core, 0);
  if (core.state.role === 'candidate') takeover.attempts++;
  const growth = 2 ** Math.min(takeover.attempts, 3);
  takeover.nextTick = core.now + draw(core, TAKEOVER_AGAIN, growth);
  if (core.now >= takeover.untilTick) core.takeover = null;
  forgetLeader(core);
  if (core.leader === null) campaign(core, 'pre');
}

/** An election is under way, and may be won: a takeover leaves it alone for `ticks`, and what it waits anyway. */
function giveTime(core: Core, ticks: number): void {
  const { takeover } = core;
  if (takeover === null) return;
  takeover.nextTick = Math.max(takeover.nextTick, core.now + ticks + draw(core, TAKEOVER_AGAIN));
}

function draw(core: Core, range: { readonly low: number; readonly high: number }, growth = 1): number {
  return between(core.config.random, range.low * growth, range.high * growth);
}
