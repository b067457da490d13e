import assert from 'node:assert/strict';
import type { NodeId } from '../../../lib/base/index.js';
import type { Message, Ready } from '../../../lib/raft/index.js';
import type { RaftLog } from '../../../lib/storage/types.js';
import { Words } from './word.js';

const [ME, OTHER] = ['m1@1', 'm2@1'] as NodeId[] as [NodeId, NodeId];

/** A log of which every entry is of term 1. */
const LOG = { termAt: () => 1 } as unknown as RaftLog;

function out(...messages: object[]): Ready {
  return { messages, persist: null } as unknown as Ready;
}

const acknowledges = (index: number, term: number): object => {
  return { type: 'append-reply', from: ME, to: OTHER, term, index, rejected: false };
};
const asks = (lastIndex: number, term: number): Message => {
  return {
    type: 'vote',
    from: OTHER,
    to: ME,
    term,
    pre: false,
    lastIndex,
    lastTerm: 1,
    transfer: false,
  };
};
const grants = (term: number): object => {
  return { type: 'vote-reply', from: ME, to: OTHER, term, pre: false, granted: true };
};

describe('the word of a folder', () => {
  it('is kept by a vote for whoever has all that it acknowledged', () => {
    const words = new Words();
    words.handed(ME, LOG, out(acknowledges(7, 1)));
    words.received(ME, asks(7, 2));
    words.handed(ME, LOG, out(grants(2)));
  });

  it('is broken by a vote for whoever has less', () => {
    const words = new Words();
    words.handed(ME, LOG, out(acknowledges(7, 1)));
    words.received(ME, asks(6, 2));
    assert.throws(
      () => words.handed(ME, LOG, out(grants(2))),
      /S31: m1@1 votes in term 2 for m2@1, whose log ends at 6/,
    );
  });

  it('is broken by anything said in an earlier term', () => {
    const words = new Words();
    words.handed(ME, LOG, out(acknowledges(7, 3)));
    assert.throws(
      () => words.handed(ME, LOG, out(acknowledges(7, 2))),
      /S31: .* of term 2 after one of term 3/,
    );
  });

  it('no longer holds for what a leader had replaced', () => {
    const words = new Words();
    words.handed(ME, LOG, out(acknowledges(7, 1)));
    words.handed(ME, LOG, { ...out(), persist: { truncateFrom: 6 } } as unknown as Ready);
    words.received(ME, asks(5, 2));
    words.handed(ME, LOG, out(grants(2)));
  });
});
