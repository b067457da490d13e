import assert from 'node:assert/strict';
import { FRONT_BYTES, copyWithFront, takeFront, withFront } from '../../lib/base/index.js';

describe('room in front of bytes', () => {
  it('comes together with the bytes, in the same memory', () => {
    const bytes = copyWithFront(Uint8Array.of(7, 8, 9));
    const whole = takeFront(bytes, 5);
    assert.ok(whole !== null);
    assert.equal(whole.buffer, bytes.buffer);
    assert.deepEqual([...whole.subarray(5)], [7, 8, 9]);
    whole.fill(1, 0, 5);
    assert.deepEqual([...bytes], [7, 8, 9]);
  });

  it('is given once: a second header would be written over the first', () => {
    const bytes = copyWithFront(Uint8Array.of(1));
    assert.ok(takeFront(bytes, 8) !== null);
    assert.equal(takeFront(bytes, 8), null);
  });

  it('is not there in front of a view of something else, wherever it lies', () => {
    const message = new Uint8Array(2 * FRONT_BYTES);
    assert.equal(takeFront(message.subarray(FRONT_BYTES), 8), null);
    const bytes = withFront(message);
    assert.equal(takeFront(bytes.subarray(0), 8), null);
    assert.ok(takeFront(bytes, 8) !== null);
  });

  it('is not given where it is too small, and stays to be had', () => {
    const bytes = copyWithFront(Uint8Array.of(1));
    assert.equal(takeFront(bytes, FRONT_BYTES + 1), null);
    assert.equal(takeFront(bytes, FRONT_BYTES)?.length, FRONT_BYTES + 1);
  });
});
