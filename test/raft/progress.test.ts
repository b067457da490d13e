import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Inflight } from '../../lib/raft/inflight.js';
import { Progress } from '../../lib/raft/progress.js';
import { id } from './harness.js';

const LIMITS = { maxInflightMessages: 4, maxInflightBytes: 100 };

function peer(next: number = 1): Progress {
  return new Progress(id('m2'), false, next, 0, LIMITS);
}

describe('the window of unanswered appends', () => {
  it('never exceeds its count, nor its bytes by more than one message', () => {
    const operations = fc.array(fc.oneof(fc.nat({ max: 150 }), fc.constant(-1)), { maxLength: 80 });
    fc.assert(
      fc.property(operations, (list) => {
        const window = new Inflight(LIMITS);
        const model: { last: number; bytes: number }[] = [];
        let next = 1;
        for (const operation of list) {
          if (operation === -1) {
            const upTo = model[0]?.last ?? 0;
            window.freeUpTo(upTo);
            model.shift();
          } else if (!window.full) {
            window.add(next, operation);
            model.push({ last: next++, bytes: operation });
          }
          const bytes = model.reduce((sum, message) => sum + message.bytes, 0);
          assert.equal(window.messages, model.length);
          assert.equal(window.bytes, bytes);
          assert.equal(window.full, model.length >= 4 || bytes >= 100);
        }
      }),
    );
  });

  it('one answer frees everything before it', () => {
    const window = new Inflight(LIMITS);
    for (let i = 1; i <= 4; i++) window.add(i * 10, 1);
    window.freeUpTo(30);
    assert.equal(window.messages, 1);
    assert.throws(() => {
      for (let i = 5; i <= 9; i++) window.add(i * 10, 1);
    }, /full window/);
  });
});

describe('progress of a peer', () => {
  it('keeps match below next, and sends nothing into a full window, whatever happens', () => {
    const events = fc.array(
      fc.tuple(
        fc.constantFrom('send', 'ack', 'refuse', 'alive', 'probe', 'snapshot'),
        fc.nat(40),
        fc.nat(60),
      ),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(events, (list) => {
        const progress = peer(20);
        const last = 40;
        for (const [event, a, b] of list) {
          if (event === 'send' && progress.sendable) {
            const end = Math.min(last, progress.next - 1 + (a % 5));
            progress.sent(end, b, 10);
          } else if (event === 'ack') {
            progress.acknowledged(a);
            if (progress.state.kind !== 'replicate') progress.replicate();
          } else if (event === 'refuse') progress.refused(a, Math.min(a, b));
          else if (event === 'alive') progress.resume(last);
          else if (event === 'probe') progress.probe(progress.match + 1);
          else if (event === 'snapshot') progress.awaitSnapshot();
          assert.ok(progress.match < progress.next);
          assert.ok(progress.inflight.messages <= 4);
          assert.ok(progress.state.kind === 'replicate' || progress.inflight.messages === 0);
        }
      }),
    );
  });

  it('probes one append at a time until the peer answers anything', () => {
    const progress = peer();
    assert.equal(progress.sendable, true);
    progress.sent(0, 0, 0);
    assert.equal(progress.sendable, false);
    progress.resume(5);
    assert.equal(progress.sendable, true);
  });

  it('an acknowledgement of old entries moves nothing', () => {
    const progress = peer();
    assert.equal(progress.acknowledged(5), true);
    assert.equal(progress.acknowledged(5), false);
    assert.equal(progress.acknowledged(3), false);
    assert.equal(progress.match, 5);
  });

  it('an outdated refusal is ignored: another probe is on its way, or more is known to match', () => {
    const probing = peer(10);
    assert.equal(probing.refused(7, 3), false);
    assert.equal(probing.refused(9, 4), true);
    assert.equal(probing.next, 5);
    const streaming = peer();
    streaming.acknowledged(8);
    streaming.replicate();
    assert.equal(streaming.refused(6, 2), false);
    assert.equal(streaming.state.kind, 'replicate');
  });

  it('a refusal at what was acknowledged means lost entries: the peer is taken at its word', () => {
    const progress = peer();
    progress.acknowledged(8);
    progress.replicate();
    assert.equal(progress.refused(8, 3), true);
    assert.equal(progress.match, 3);
    assert.equal(progress.state.kind, 'probe');
    assert.equal(progress.next, 4);
  });

  it('a refusal while streaming goes back to what surely matches', () => {
    const progress = peer();
    progress.acknowledged(8);
    progress.replicate();
    progress.sent(12, 10, 0);
    assert.equal(progress.refused(12, 11), true);
    assert.equal(progress.next, 9);
  });

  it('sends nothing while the peer waits for a snapshot', () => {
    const progress = peer();
    progress.awaitSnapshot();
    assert.equal(progress.sendable, false);
    progress.resume(9);
    assert.equal(progress.sendable, false);
    assert.equal(progress.refused(0, 0), false);
  });
});
