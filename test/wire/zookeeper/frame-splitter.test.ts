import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MalformedError } from '../../../lib/base/index.js';
import { FRAME_LIMIT_BYTES, FrameSplitter } from '../../../lib/wire/zookeeper/frame-splitter.js';
import { hex } from './support.js';

describe('a stream of ZooKeeper frames', () => {
  it('gives the same frames however the bytes are cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (frames, cuts) => {
        const stream = Buffer.concat(
          frames.map((body) => {
            const length = Buffer.alloc(4);
            length.writeInt32BE(body.length);
            return Buffer.concat([length, body]);
          }),
        );
        const seen: string[] = [];
        const splitter = new FrameSplitter();
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = at + cuts[i % cuts.length]!;
          splitter.push(stream.subarray(at, end), (body) => seen.push(body.toString('hex')));
          at = end;
        }
        assert.deepEqual(
          seen,
          frames.map((body) => Buffer.from(body).toString('hex')),
        );
        assert.equal(splitter.heldBytes, 0);
      }),
    );
  });

  it('ends at a length below 0 or above the limit, without waiting for the bytes', () => {
    for (const length of ['ffffffff', '00100000', '7fffffff']) {
      assert.throws(() => new FrameSplitter().push(hex(length), () => undefined), MalformedError, length);
    }
    const splitter = new FrameSplitter();
    splitter.push(hex('0010'), () => undefined);
    assert.throws(() => splitter.push(hex('0000'), () => undefined), /a frame of 1048576 bytes/);
  });

  it('takes a frame of exactly the limit', () => {
    const bytes = Buffer.alloc(4 + FRAME_LIMIT_BYTES);
    bytes.writeInt32BE(FRAME_LIMIT_BYTES);
    let size = 0;
    new FrameSplitter().push(bytes, (body) => (size = body.length));
    assert.equal(size, FRAME_LIMIT_BYTES);
  });
});
