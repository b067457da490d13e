import assert from 'node:assert/strict';
import { SeededRandom, utf8Decode, utf8Encode, type ClusterId, type MemberId } from '../../lib/base/index.js';
import type { CallReply } from '../../lib/replica/index.js';
import { ChangeRequests, type ChangeReply } from '../../lib/replica/membership/requests.js';
import { VirtualTime } from '../support/virtual-time.js';

const M2 = 'm2' as MemberId;
const LOST: CallReply = { ok: false, code: 'OUTCOME_UNKNOWN', message: 'lost', unknown: true };
const GONE: CallReply = { ok: false, code: 'UNKNOWN_MEMBER', message: 'm2 is none of m1', unknown: false };
const SLOW: CallReply = { ok: false, code: 'TRANSFERRING', message: 'ask again', unknown: false };
const NOW: CallReply = { ok: true, revision: 0, body: utf8Encode('{"voters":["m1"],"learners":[]}') };

interface Asked {
  readonly kind: string;
  readonly answer: (reply: CallReply) => void;
}

function removal(): { time: VirtualTime; asked: Asked[]; replies: ChangeReply[] } {
  const time = new VirtualTime();
  const asked: Asked[] = [];
  const replies: ChangeReply[] = [];
  const requests = new ChangeRequests({
    memberId: 'm1' as MemberId,
    random: new SeededRandom(1),
    timers: time,
    nowMs: () => time.monotonicMs(),
    deadlineMs: 5000,
    clusterId: () => 'c'.repeat(32) as ClusterId,
    callLeader: (_method, body, answer) => {
      const { change } = JSON.parse(utf8Decode(body)) as { change: { kind: string } };
      asked.push({ kind: change.kind, answer });
    },
  });
  requests.make({ kind: 'remove', member: M2 }, (reply) => replies.push(reply));
  return { time, asked, replies };
}

describe('replica: changes of the membership asked of one leader after the other', () => {
  it('a removal whose first answer was lost is done when the next leader knows no such member', () => {
    const { time, asked, replies } = removal();
    asked[0]!.answer(LOST);
    time.advance(100);
    asked[1]!.answer(GONE);
    assert.equal(asked[2]!.kind, 'upkeep');
    asked[2]!.answer(NOW);
    assert.deepEqual(
      replies.map(({ ok }) => ok),
      [true],
    );
  });

  it('one that was called unknown is answered no second time, however late its last question comes back', () => {
    const { time, asked, replies } = removal();
    asked[0]!.answer(LOST);
    time.advance(100);
    asked[1]!.answer(GONE);
    time.advance(1000);
    assert.equal(replies.length, 1);
    asked[2]!.answer(NOW);
    assert.equal(replies.length, 1);
    assert.ok(replies[0]?.ok === false && replies[0].unknown);
  });

  it('and is asked for no more: the group may have been changed in another way since', () => {
    const { time, asked } = removal();
    asked[0]!.answer(LOST);
    for (let i = 1; i <= 9; i++) {
      time.advance(100);
      asked[i]!.answer(SLOW);
    }
    time.advance(5000);
    assert.equal(asked.length, 10);
  });
});
