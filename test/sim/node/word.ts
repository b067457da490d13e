import type { NodeId } from '../../../lib/base/index.js';
import type { Message, Ready } from '../../../lib/raft/index.js';
import { comparePoints, type LogPoint } from '../../../lib/storage/index.js';
import type { RaftLog } from '../../../lib/storage/types.js';
import { check } from '../violation.js';

/** What one folder has told others, in all lives of it. */
interface Word {
  /** It has spoken in this term. */
  term: number;
  /** The furthest point of the log that it has acknowledged and has not replaced since, as its leader wanted. */
  acknowledged: LogPoint;
  /** Where the logs of candidates end, as their latest requests said. */
  readonly candidates: Map<NodeId, LogPoint>;
}

/**
 * S31: whatever a crash or damage left, a folder never speaks in an earlier term than before, and never helps to elect
 * anybody, itself included, who has less of the log than it ever acknowledged. One that may have lost some of it waits,
 * recovers, or ends.
 */
export class Words {
  private readonly words = new Map<NodeId, Word>();

  /** How far a folder has acknowledged the log, whatever it remembers of that. */
  acknowledged(id: NodeId): LogPoint {
    return this.words.get(id)?.acknowledged ?? { term: 0, index: 0 };
  }

  /** What consensus is given. */
  received(id: NodeId, message: Message): void {
    if (message.type !== 'vote' || message.pre) return;
    const { from, lastIndex, lastTerm } = message;
    this.word(id).candidates.set(from, { index: lastIndex, term: lastTerm });
  }

  /** What consensus hands out: messages leave, and a conflict is about to be replaced. */
  handed(id: NodeId, log: RaftLog, { messages, persist }: Ready): void {
    const word = this.word(id);
    for (const message of messages) if (isPromise(message)) told(id, log, message, word);
    const from = persist?.truncateFrom ?? null;
    if (from === null || from > word.acknowledged.index) return;
    word.acknowledged = { index: from - 1, term: log.termAt(from - 1) ?? 0 };
  }

  private word(id: NodeId): Word {
    let word = this.words.get(id);
    if (word === undefined) {
      word = { term: 0, acknowledged: { term: 0, index: 0 }, candidates: new Map() };
      this.words.set(id, word);
    }
    return word;
  }
}

type Promised = Extract<Message, { readonly type: 'append-reply' | 'vote' | 'vote-reply' }>;

function isPromise(message: Message): message is Promised {
  const { type } = message;
  return type === 'append-reply' || ((type === 'vote' || type === 'vote-reply') && !message.pre);
}

function told(id: NodeId, log: RaftLog, message: Promised, word: Word): void {
  check(
    message.term >= word.term,
    'S31',
    () => `${id} sends a ${message.type} of term ${message.term} after one of term ${word.term}`,
  );
  word.term = message.term;
  if (message.type === 'append-reply') {
    if (!message.rejected) acknowledges(log, message.index, word);
    return;
  }
  if (message.type === 'vote-reply' && !message.granted) return;
  const { acknowledged, candidates } = word;
  const own = message.type === 'vote';
  const last = own ? { index: message.lastIndex, term: message.lastTerm } : candidates.get(message.to);
  // A vote for itself follows its own request.
  if (last === undefined) return;
  check(
    comparePoints(last, acknowledged) >= 0,
    'S31',
    () =>
      `${id} votes in term ${message.term} for ${own ? 'itself' : message.to}, whose log ends at ${last.index} of ` +
      `term ${last.term}; it has acknowledged ${acknowledged.index} of term ${acknowledged.term}`,
  );
}

function acknowledges(log: RaftLog, index: number, word: Word): void {
  const term = log.termAt(index);
  if (term !== null && comparePoints({ index, term }, word.acknowledged) > 0)
    word.acknowledged = { index, term };
}
