import assert from 'node:assert/strict';
import { Outbox } from '../../lib/transport/outbox.js';
import { IN_FLIGHT_BYTES, OUTBOX_LIMIT_BYTES } from '../../lib/transport/limits.js';
import { FRAME_LIMIT_BYTES, decodeFrames } from '../../lib/wire/index.js';

const MIB = 1 << 20;

interface Sent {
  readonly batch: Uint8Array;
  readonly gone: () => void;
}

function outbox(): { readonly box: Outbox; readonly sent: Sent[] } {
  const sent: Sent[] = [];
  const box = new Outbox((batch, gone) => sent.push({ batch, gone }));
  return { box, sent };
}

describe('the outbox of a peer', () => {
  it('sends nothing before the turn is over, and then one message', () => {
    const { box, sent } = outbox();
    box.add(1, Uint8Array.of(1));
    box.add(2, Uint8Array.of(2));
    assert.equal(sent.length, 0);
    box.flush();
    box.flush();
    assert.equal(sent.length, 1);
    assert.deepEqual(
      decodeFrames(sent[0]!.batch).map(({ kind }) => kind),
      [1, 2],
    );
  });

  it('holds back what the stream has not digested, and goes on in order when it has', () => {
    const { box, sent } = outbox();
    const total = 8;
    for (let i = 1; i <= total; i++) box.add(i, new Uint8Array(MIB));
    box.flush();
    assert.equal(sent.length, IN_FLIGHT_BYTES / MIB);
    for (let i = 0; i < total; i++) sent[i]!.gone();
    assert.equal(sent.length, total);
    assert.deepEqual(
      sent.map(({ batch }) => decodeFrames(batch)[0]!.kind),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    sent.slice(total).forEach(({ gone }) => {
      gone();
    });
    assert.equal(box.idle, true);
  });

  it('drops what finds no room instead of growing', () => {
    const { box } = outbox();
    let taken = 0;
    while (box.add(1, new Uint8Array(MIB))) taken++;
    assert.ok(taken >= OUTBOX_LIMIT_BYTES / MIB - 1 && taken <= OUTBOX_LIMIT_BYTES / MIB, `${taken} MiB`);
    assert.ok(box.waitingBytes <= OUTBOX_LIMIT_BYTES);
  });

  it('takes one frame of any allowed size when nothing else waits', () => {
    const { box } = outbox();
    assert.equal(box.add(1, new Uint8Array(OUTBOX_LIMIT_BYTES + MIB)), true);
    assert.equal(box.add(1, Uint8Array.of(1)), false);
    assert.equal(outbox().box.add(1, new Uint8Array(FRAME_LIMIT_BYTES + 1)), false);
  });
});
