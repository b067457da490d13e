import assert from 'node:assert/strict';
import {
  isSamePlace,
  parseNumber,
  parseServer,
  parseServers,
} from '../../../../lib/api/zookeeper/reconfig/server-text.js';

describe('servers as clients of ZooKeeper name them', () => {
  it('have a place, a role (participant where none is named), and a place for clients', () => {
    assert.deepEqual(parseServer('a.example:2888:3888:observer;a.example:2181'), {
      votes: false,
      peer: 'a.example:2888',
      client: 'a.example:2181',
    });
    assert.deepEqual(parseServer('[::1]:2888:3888;2181'), {
      votes: true,
      peer: '[::1]:2888',
      client: '2181',
    });
    assert.equal(parseServer('a:1:2')?.client, null);
  });

  it('are none without both ports, with another role, or with several places', () => {
    for (const text of [
      '',
      'a',
      'a:1',
      'a:1:2:leader',
      'a:1:2;x',
      'a:1:2|b:1:2',
      'a:1:2:participant;b:1:2',
    ]) {
      assert.equal(parseServer(text), null, text);
    }
  });

  it('are at the same place when both say so, or one says less', () => {
    const same = (one: string, other: string): boolean => isSamePlace(parseServer(one)!, parseServer(other)!);
    const there = 'a:1:1:participant;a:5';
    for (const text of ['a:1:9:observer;a:5', 'a:1:1;5', 'a:1:1']) assert.ok(same(text, there), text);
    for (const text of ['b:1:1;a:5', 'a:2:1;a:5', 'a:1:1;b:5', 'a:1:1;6'])
      assert.ok(!same(text, there), text);
  });

  it('are read from lines with comments, spaces and a version', () => {
    const servers = parseServers(
      '# mine\n\n server.3 = a:1:2 : observer ; a:5\r\nserver.10=b:1:2\nversion=5f',
    );
    assert.ok(typeof servers !== 'string');
    assert.deepEqual([...servers.keys()], [3, 10]);
  });

  it('are not read from lines about groups, weights or anything else', () => {
    for (const text of ['group.1=1:2', 'weight.1=1', 'foo=bar', 'server.1', 'server.1=a']) {
      assert.equal(parseServers(text), 'malformed', text);
    }
    assert.equal(parseServers('server.x=a:1:2'), 'no-number');
  });

  it('have numbers as Java reads them', () => {
    assert.deepEqual(['1', '+2', '-3', 'x', '', '1.5'].map(parseNumber), [1, 2, -3, null, null, null]);
  });
});
