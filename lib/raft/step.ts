import { assert } from '../base/index.js';
import { handleAppendReply, handleHeartbeatReply } from './acknowledgements.js';
import type { Core } from './core.js';
import { campaign, handleVote, handleVoteReply, hearsLeader } from './election.js';
import { answerDeposed, handleAppend, handleHeartbeat, handleSnapshot } from './follower.js';
import { handleRead, handleReadReply } from './reads.js';
import { becomeFollower } from './roles.js';
import type { Append, Heartbeat, Message } from './types.js';

/** Takes one message of a peer: settles the term first (§5.1), then hands it to its part. */
export function step(core: Core, message: Message): void {
  if (message.to !== core.id || message.from === core.id) return;
  if (message.term > core.term) {
    if (message.type === 'vote' && !message.transfer && hearsLeader(core)) return;
    if (raisesTerm(message)) becomeFollower(core, message.term, isFromLeader(message) ? message.from : null);
  }
  if (message.term < core.term) answerOutdated(core, message);
  else dispatch(core, message);
}

/** Pre-votes carry a term that may never begin. */
function raisesTerm(message: Message): boolean {
  if (message.type === 'vote') return !message.pre;
  if (message.type === 'vote-reply') return !(message.pre && message.granted);
  return true;
}

function isFromLeader(message: Message): message is Append | Heartbeat {
  return message.type === 'append' || message.type === 'heartbeat';
}

/** A sender of an earlier term learns the present one; what it says counts only where terms do not matter. */
function answerOutdated(core: Core, message: Message): void {
  switch (message.type) {
    case 'append':
    case 'heartbeat':
      return answerDeposed(core, message);
    case 'vote':
      return handleVote(core, message);
    case 'read':
      return handleRead(core, message);
    case 'snapshot':
      return handleSnapshot(core, message);
    case 'vote-reply':
    case 'append-reply':
    case 'heartbeat-reply':
    case 'read-reply':
    case 'timeout-now':
      return;
  }
}

function dispatch(core: Core, message: Message): void {
  if (isFromLeader(message)) hearLeader(core, message);
  const { state } = core;
  switch (message.type) {
    case 'vote':
      return handleVote(core, message);
    case 'vote-reply':
      return handleVoteReply(core, message);
    case 'append':
      return handleAppend(core, message);
    case 'heartbeat':
      return handleHeartbeat(core, message);
    case 'snapshot':
      return handleSnapshot(core, message);
    case 'append-reply':
      if (state.role === 'leader') handleAppendReply(core, state, message);
      return;
    case 'heartbeat-reply':
      if (state.role === 'leader') handleHeartbeatReply(core, state, message);
      return;
    case 'read':
      return handleRead(core, message);
    case 'read-reply':
      return handleReadReply(core, message);
    case 'timeout-now':
      if (state.role !== 'leader') campaign(core, 'transfer');
      return;
  }
}

/** The leader of this term speaks: whoever campaigned follows it (§5.2). */
function hearLeader(core: Core, message: Append | Heartbeat): void {
  const { state } = core;
  assert(
    state.role !== 'leader',
    () => `${message.from} leads term ${core.term} as well: a vote was counted twice`,
  );
  if (state.role !== 'follower' || state.leader !== message.from) {
    assert(
      state.role !== 'follower' || state.leader === null,
      () => `${message.from} leads term ${core.term} as well as ${core.leader}: a vote was counted twice`,
    );
    becomeFollower(core, core.term, message.from);
  }
  core.takeover = null;
  core.heardTick = core.now;
  core.restartElectionTimer();
}
