import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MessageReader, encodeMessage, type ToHolder } from '../../lib/agent/holder/protocol.js';
import { refOf } from '../../lib/agent/types.js';
import { shellTask } from '../support/agent/master-double.js';

describe('frames between agent and holder', () => {
  it('come out whole and in order however the stream is cut', () => {
    const message = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .map((id): ToHolder => ({ op: 'kill', ref: refOf(shellTask(id, '')), graceMs: id.length }));
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 60 })), (messages, cuts) => {
        const stream = Buffer.concat(messages.map(encodeMessage));
        const reader = new MessageReader<ToHolder>();
        const read: ToHolder[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          if (at < stream.length) reader.push(stream.subarray(at, at + cut), (one) => read.push(one));
          at += cut;
        }
        assert.deepEqual(read, messages);
      }),
    );
  });

  it('are refused when they are too large or not JSON', () => {
    const huge = Buffer.alloc(4);
    huge.writeUInt32LE(2 ** 31);
    assert.throws(() => new MessageReader().push(huge, () => {}), { code: 'TOO_LARGE' });
    const garbage = Buffer.from([1, 0, 0, 0, 0x7b]);
    assert.throws(() => new MessageReader().push(garbage, () => {}), { code: 'MALFORMED' });
  });
});
