import assert from 'node:assert/strict';
import { judgeOrder } from '../../chaos/judges/zookeeper/order.js';
import { Recorder, stat } from './wire-histories.js';

const one = new Recorder('one');
const other = new Recorder('other');

describe('the order of what a session is told', () => {
  it('may be behind what others have written', () => {
    const records = [one.read(1, '/n', 5), other.wrote(2, '/n', 'b', 8), one.read(3, '/n', 5)];
    assert.deepEqual(judgeOrder(records), []);
  });

  it('is wrong when the zxid falls, also on another connection', () => {
    const records = [one.read(1, '/n', 5), one.lost(2), one.granted(3), one.read(4, '/m', 4)];
    assert.match(judgeOrder(records)[0] ?? '', /one got zxid 4 for getData \/m after 5/);
  });

  it('is wrong when a read lacks a write of the session itself', () => {
    const records = [one.wrote(1, '/n', 'a', 7), one.read(2, '/n', 5, { zxid: 7 })];
    assert.match(judgeOrder(records)[0] ?? '', /read \/n of zxid 5 .* it was written at zxid 7/);
  });

  it('is wrong when a read lacks a write of another session before the zxid that was seen', () => {
    const records = [
      other.wrote(1, '/n', 'a', 7),
      one.read(2, '/m', 3, { zxid: 9 }),
      one.read(3, '/n', 5, { zxid: 9 }),
    ];
    assert.match(judgeOrder(records)[0] ?? '', /having seen zxid 9: it was written at zxid 7/);
  });

  it('is wrong when a read does not find a node that was written and that nobody deletes', () => {
    const records = [one.wrote(1, '/n', 'a', 7), one.read(2, '/n', null, { zxid: 7 })];
    assert.match(judgeOrder(records)[0] ?? '', /one did not find \/n at 2.000 s/);
    const deletes = other.reply(3, { op: 'delete', zxid: 9, written: [{ path: '/n', value: null }] });
    assert.deepEqual(judgeOrder([...records, deletes]), []);
  });

  it('is wrong when an answer comes out of its turn', () => {
    const record = one.record(1, { wire: 'disorder', connection: 1, what: 'answer 7 where 6 is due' });
    assert.equal(judgeOrder([record]).length, 1);
  });
});

describe('a write that was not answered before its connection was lost', () => {
  const lost = one.lost(2, { wrote: [['/n', 'w']] });
  const resumed = [one.granted(3), one.reply(4, { op: 'ping', path: '', zxid: 20 })];
  const seen = (mzxid: number) => {
    return other.read(6, '/n', mzxid, { value: 'w', zxid: 30, stat: stat({ mzxid }) });
  };

  it('may have happened before the session was taken up again', () => {
    assert.deepEqual(judgeOrder([one.granted(1), lost, ...resumed, seen(19)]), []);
  });

  it('may not happen after that', () => {
    assert.match(
      judgeOrder([one.granted(1), lost, ...resumed, seen(25)])[0] ?? '',
      /it happened at zxid 25, after the session had been taken up again by zxid 20/,
    );
  });

  it('may happen at any time while nobody takes the session up', () => {
    assert.deepEqual(judgeOrder([one.granted(1), lost, seen(25)]), []);
  });
});

describe('the contents of a node', () => {
  it('are wrong when two clients are told different ones of the same zxid', () => {
    const records = [one.read(1, '/n', 5, { value: 'a' }), other.read(2, '/n', 5, { value: 'b' })];
    assert.match(judgeOrder(records)[0] ?? '', /other read \/n of zxid 5 as .*"b"/);
  });
});
