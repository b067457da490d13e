import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  ByteReader,
  ByteWriter,
  MalformedError,
  crc32c,
  utf8Decode,
  utf8Encode,
} from '../../lib/base/index.js';

describe('bytes', () => {
  it('reads back every integer, text and byte string that was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string({ unit: 'grapheme' }), fc.uint8Array(), (n, text, bytes) => {
        const written = new ByteWriter(1).uint(n).text(text).bytes(bytes).finish();
        const reader = new ByteReader(written);
        assert.equal(reader.uint(), n);
        assert.equal(reader.text(), text);
        assert.deepEqual([...reader.bytes()], [...bytes]);
        reader.expectEnd('record');
      }),
    );
  });

  it('refuses bytes that no encoder of UTF-8 writes', () => {
    const bad = ['80', 'c080', 'e08080', 'eda080', 'edbfbf', 'f0808080', 'f4908080', 'f5808080', 'e282'];
    for (const hex of bad) assert.throws(() => utf8Decode(Buffer.from(hex, 'hex')), MalformedError, hex);
  });

  it('encodes text exactly as the platform does, lone surrogates included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.deepEqual([...utf8Encode(text)], [...Buffer.from(text, 'utf8')]);
      }),
    );
  });

  it('refuses malformed UTF-8 instead of guessing', () => {
    for (const bad of [[0xc0, 0x80], [0xff], [0xe2, 0x82], [0x80]]) {
      assert.throws(() => utf8Decode(Uint8Array.from(bad)), MalformedError);
    }
  });

  it('refuses input that ends early, whatever the cut', () => {
    const whole = new ByteWriter()
      .uint(300)
      .text('abc')
      .bytes(Uint8Array.of(1, 2, 3))
      .finish();
    for (let size = 0; size < whole.length; size++) {
      const reader = new ByteReader(whole.subarray(0, size));
      assert.throws(() => {
        reader.uint();
        reader.text();
        reader.bytes();
      }, MalformedError);
    }
  });

  it('matches the published CRC-32C check value (RFC 3720 B.4)', () => {
    assert.equal(crc32c(utf8Encode('123456789')), 0xe3069283);
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  });

  it('has the checksum of a whole from its bytes one by one, wherever they lie', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, from) => {
        let byByte = 0;
        for (let i = from; i < bytes.length; i++) byByte = crc32c(bytes, byByte, i, i + 1);
        assert.equal(crc32c(bytes, 0, from), byByte);
      }),
    );
  });
});
