import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MalformedError } from '../../../lib/base/index.js';
import { JuteReader } from '../../../lib/wire/zookeeper/jute-reader.js';
import { JuteWriter } from '../../../lib/wire/zookeeper/jute-writer.js';
import { reader, written } from './support.js';

describe('jute, the encoding of ZooKeeper', () => {
  it('has big-endian integers of 4 and 8 bytes, negative ones as two’s complement', () => {
    assert.equal(
      written((w) => w.int(1).int(-8)),
      '00000001fffffff8',
    );
    assert.equal(
      written((w) => w.long(0x1_0000_0002).long(-1)),
      '0000000100000002ffffffffffffffff',
    );
  });

  it('reads every integer of 53 bits as it was written', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const r = new JuteReader(
          Buffer.from(
            written((w) => w.long(value)),
            'hex',
          ),
        );
        assert.equal(r.long(), value);
      }),
    );
  });

  it('keeps a null buffer apart from an empty one', () => {
    assert.equal(
      written((w) => w.buffer(null).buffer(new Uint8Array(0))),
      'ffffffff00000000',
    );
    const r = reader('ffffffff 00000000');
    assert.equal(r.buffer(), null);
    assert.deepEqual([...r.buffer()!], []);
  });

  it('reads every text of Unicode as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const r = new JuteReader(
          Buffer.from(
            written((w) => w.text(text)),
            'hex',
          ),
        );
        assert.equal(r.text(), text);
      }),
    );
  });

  it('takes 64-bit ids as 16 digits, the highest bit included', () => {
    assert.equal(
      written((w) => w.hexLong('f00000000000000a')),
      'f00000000000000a',
    );
    assert.equal(reader('f00000000000000a').hexLong(), 'f00000000000000a');
  });

  it('reads a null vector as an empty one', () => {
    assert.deepEqual(
      reader('ffffffff').vector(4, (r) => r.int()),
      [],
    );
  });

  it('refuses lengths that cannot be, before it makes room for them', () => {
    for (const bytes of ['7fffffff', 'fffffffe', '00000002 00']) {
      assert.throws(() => reader(bytes).buffer(), MalformedError, bytes);
      assert.throws(() => reader(bytes).text(), MalformedError, bytes);
      assert.throws(() => reader(bytes).vector(4, (r) => r.int()), MalformedError, bytes);
    }
  });

  it('refuses input that ends early', () => {
    assert.throws(() => reader('000000').int(), MalformedError);
    assert.throws(() => reader('00000000000000').long(), MalformedError);
    assert.throws(() => reader('').boolean(), MalformedError);
  });

  it('writes frames of a turn one after the other, each behind its length', () => {
    const w = new JuteWriter(4);
    for (const value of [7, 8]) {
      const frame = w.begin();
      w.int(value).buffer(new Uint8Array(value));
      w.end(frame);
    }
    assert.equal(
      w.take().toString('hex'),
      `0000000f0000000700000007${'00'.repeat(7)}000000100000000800000008${'00'.repeat(8)}`,
    );
    assert.equal(w.length, 0);
  });
});
