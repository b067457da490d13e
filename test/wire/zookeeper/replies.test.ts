import assert from 'node:assert/strict';
import { ZK_ERROR } from '../../../lib/wire/zookeeper/error-codes.js';
import { JuteReader } from '../../../lib/wire/zookeeper/jute-reader.js';
import { EVENT } from '../../../lib/wire/zookeeper/opcodes.js';
import { readStat, STAT_BYTES, writeStat, type WireStat } from '../../../lib/wire/zookeeper/records.js';
import {
  beginReply,
  readEvent,
  readMultiResults,
  readReplyHeader,
  writeBareReply,
  writeEvent,
  writeMultiResults,
  type MultiResult,
} from '../../../lib/wire/zookeeper/replies.js';
import { framesOf, hex, written } from './support.js';

const STAT: WireStat = {
  czxid: 1,
  mzxid: 2,
  ctimeMs: 3,
  mtimeMs: 4,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: '0000000000000008',
  dataLength: 9,
  numChildren: 10,
  pzxid: 11,
};
const STAT_HEX =
  '0000000000000001 0000000000000002 0000000000000003 0000000000000004 00000005 00000006 00000007' +
  '0000000000000008 00000009 0000000a 000000000000000b';

function packed(text: string): string {
  return text.replaceAll(' ', '');
}

describe('replies to ZooKeeper clients', () => {
  it('have the request’s number, a zxid and an error, behind the length', () => {
    assert.equal(
      written((w) => writeBareReply(w, 3, 0x200000001, ZK_ERROR.noNode)),
      packed('00000010 00000003 0000000200000001 ffffff9b'),
    );
  });

  it('hold a Stat in 68 bytes', () => {
    assert.equal(
      written((w) => writeStat(w, STAT)),
      packed(STAT_HEX),
    );
    assert.equal(hex(STAT_HEX).length, STAT_BYTES);
    assert.deepEqual(readStat(new JuteReader(hex(STAT_HEX))), STAT);
  });

  it('are replies to nobody when they carry an event', () => {
    const bytes = written((w) => writeEvent(w, -1, EVENT.deleted, '/a'));
    assert.equal(
      bytes,
      packed('0000001e ffffffff ffffffffffffffff 00000000 00000002 00000003 00000002 2f61'),
    );
    const r = new JuteReader(framesOf(hex(bytes))[0]!);
    assert.deepEqual(readReplyHeader(r), { xid: -1, zxid: -1, err: 0 });
    assert.deepEqual(readEvent(r), { type: EVENT.deleted, path: '/a' });
  });

  it('to a multi have one header and result for each operation', () => {
    const results: MultiResult[] = [
      { kind: 'created', path: '/a' },
      { kind: 'deleted' },
      { kind: 'error', err: ZK_ERROR.badVersion },
    ];
    assert.equal(
      written((w) => writeMultiResults(w, results)),
      packed(
        '00000001 00 00000000 00000002 2f61  00000002 00 00000000  ffffffff 00 ffffff99 ffffff99  ffffffff 01 ffffffff',
      ),
    );
  });

  it('to a multi are read as they were written', () => {
    const results: MultiResult[] = [
      { kind: 'created', path: '/a' },
      { kind: 'created2', path: '/b', stat: STAT },
      { kind: 'set', stat: STAT },
      { kind: 'deleted' },
      { kind: 'checked' },
      { kind: 'data', data: null, stat: STAT },
      { kind: 'children', names: ['x', 'y'] },
      { kind: 'error', err: ZK_ERROR.runtimeInconsistency },
    ];
    const r = new JuteReader(hex(written((w) => writeMultiResults(w, results))));
    assert.deepEqual(readMultiResults(r), results);
    assert.equal(r.remaining, 0);
  });

  it('can be taken back while they are written', () => {
    const bytes = written((w) => {
      writeBareReply(w, 1, 1, ZK_ERROR.ok);
      const start = beginReply(w, 2, 2, ZK_ERROR.ok);
      w.text('not this');
      w.rewind(start);
    });
    assert.equal(bytes, packed('00000010 00000001 0000000000000001 00000000'));
  });
});
