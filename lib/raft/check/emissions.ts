import { assert } from '../../base/index.js';
import type { AppendReply, Message, VoteReply, VoteRequest } from '../types.js';
import type { GroupHistory } from './history.js';
import { preVoteKey, type Witness } from './witness.js';

/** S2, S3, S13, S19: whatever a message promises is durable at the moment it leaves. */
export function checkEmitted(witness: Witness, message: Message, history: GroupHistory): void {
  switch (message.type) {
    case 'vote':
      if (!message.pre) checkOwnVote(witness, message, history);
      return;
    case 'vote-reply':
      checkVote(witness, message, history);
      return;
    case 'append-reply':
      checkAcknowledgement(witness, message);
      return;
    case 'append':
    case 'heartbeat':
    case 'heartbeat-reply':
    case 'read':
    case 'read-reply':
    case 'snapshot':
    case 'timeout-now':
      return;
  }
}

function checkOwnVote(witness: Witness, message: VoteRequest, history: GroupHistory): void {
  checkVoteDurable(witness, message.term, message.from);
  history.granted(witness.id, message.term, message.from);
}

function checkVote(witness: Witness, message: VoteReply, history: GroupHistory): void {
  if (message.pre) {
    if (!message.granted) return;
    const grantable = witness.grantable.has(preVoteKey(message.to, message.term));
    assert(
      grantable,
      () => `S19 ${witness.id} grants ${message.to} a pre-vote against its log or its leader`,
    );
    return;
  }
  notePromise(witness, message.term);
  if (!message.granted) return;
  checkVoteDurable(witness, message.term, message.to);
  history.granted(witness.id, message.term, message.to);
}

function checkVoteDurable(witness: Witness, term: number, candidate: string): void {
  const { hardState } = witness.durable;
  notePromise(witness, term);
  assert(
    hardState.term === term && hardState.vote === candidate,
    () =>
      `S2 ${witness.id} votes for ${candidate} in ${term}; durable: ${hardState.vote} in ${hardState.term}`,
  );
}

function checkAcknowledgement(witness: Witness, message: AppendReply): void {
  notePromise(witness, message.term);
  if (message.rejected) return;
  const last = witness.durable.lastIndex();
  assert(
    last >= message.index,
    () => `S13 ${witness.id} acknowledges ${message.index}; durable up to ${last}`,
  );
}

function notePromise(witness: Witness, term: number): void {
  const { hardState } = witness.durable;
  assert(
    hardState.term >= term,
    () => `S3 ${witness.id} answers in term ${term}; durable term is ${hardState.term}`,
  );
  witness.promisedTerm = Math.max(witness.promisedTerm, term);
}
