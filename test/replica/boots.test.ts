import assert from 'node:assert/strict';
import type { NodeId } from '../../lib/base/index.js';
import { Boots } from '../../lib/replica/boots.js';
import type { RaftLog } from '../../lib/storage/types.js';
import type { PeerHello } from '../../lib/transport/index.js';

const NODE = 'm1@0123456789abcdef' as NodeId;

function hello(boot: number, start: string, unbound: boolean = false): PeerHello {
  return { nodeId: NODE, boot, start, unbound } as PeerHello;
}

function boots(): Boots {
  const log = { note: () => null, writeNote: () => Promise.resolve() } as unknown as RaftLog;
  return new Boots(log, (error) => assert.ifError(error));
}

describe('replica: starts of folders that peers remember', () => {
  it('a lower number, the same one of another process, and none of a group are of a copy from the past', () => {
    const seen = boots();
    seen.saw(hello(3, 'a'));
    assert.match(seen.pastOf(hello(2, 'b'))!.shown, /start 2/);
    assert.match(seen.pastOf(hello(3, 'b'))!.seen, /another start 3/);
    assert.match(seen.pastOf(hello(3, 'b', true))!.shown, /before the group was formed/);
    assert.match(seen.pastOf(hello(4, 'b', true))!.shown, /before the group was formed/);
    assert.equal(seen.pastOf(hello(4, 'b')), null);
  });

  it('what a process said before it belonged to the group may arrive after it does', () => {
    const seen = boots();
    seen.saw(hello(1, 'a'));
    assert.equal(seen.pastOf(hello(1, 'a', true)), null);
  });
});
