import assert from 'node:assert/strict';
import type { MemberId } from '../../../lib/base/index.js';
import { serverLines, serverNumber, serversIn } from '../../../lib/state/index.js';
import { configText } from '../../../lib/state/zookeeper/servers.js';

const id = (text: string): MemberId => text as MemberId;

describe('members as servers of ZooKeeper', () => {
  it('m1, m2, … have the numbers of their names', () => {
    assert.deepEqual(['m1', 'm2', 'm10', 'm254'].map(id).map(serverNumber), [1, 2, 10, 254]);
  });

  it('any other name has a number of its own, always the same, that no mN has', () => {
    const numbers = ['m0', 'm01', 'x1', 'alpha', 'M1', 'm1000000000'].map(id).map(serverNumber);
    assert.equal(new Set(numbers).size, numbers.length);
    for (const number of numbers) assert.ok(number >= 2 ** 32 && number < 2 ** 33, `${number}`);
    assert.equal(serverNumber(id('alpha')), 4_984_404_429);
  });

  it('are listed in order of numbers; without a door for clients none is shown', () => {
    const doors = (peer: string, zookeeper: string) => ({ peer, zookeeper });
    const lines = serverLines([
      { member: id('m10'), votes: true, doors: doors('[::1]:5070', '[::1]:2181') },
      { member: id('m2'), votes: false, doors: doors('host.example:5170', '') },
    ]);
    assert.deepEqual(lines.split('\n'), [
      'server.2=host.example:5170:5170:observer',
      'server.10=[::1]:5070:5070:participant;[::1]:2181',
    ]);
  });

  it('are what is left of the text without its version', () => {
    assert.equal(configText('server.1=a:1:1:participant', 255), 'server.1=a:1:1:participant\nversion=ff');
    assert.equal(serversIn(configText('a\nb', 2 ** 40)), 'a\nb');
    assert.equal(serversIn('x'), 'x');
  });
});
