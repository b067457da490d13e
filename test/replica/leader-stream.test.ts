import assert from 'node:assert/strict';
import type { MemberId, NodeId } from '../../lib/base/index.js';
import type { RaftNode } from '../../lib/raft/index.js';
import { LeaderStream, type LeaderStreamHost } from '../../lib/replica/leader-stream.js';
import type { PeerHello, Transport } from '../../lib/transport/index.js';
import { quiet } from '../support/quiet.js';

const LEADER = 'm1' as MemberId;

function start(folder: string, boot: number): PeerHello {
  return { memberId: LEADER, nodeId: `${LEADER}@${folder}` as NodeId, boot } as PeerHello;
}

/** A member that follows m1, and how often it took that for gone. */
function follower(): { readonly stream: LeaderStream; readonly hints: () => number } {
  let hints = 0;
  const host: LeaderStreamHost = {
    raft: { campaignHint: () => void hints++ } as unknown as RaftNode,
    transport: {} as Transport,
    logger: quiet,
    view: () => ({ kind: 'following', term: 3, leader: LEADER }),
  };
  return { stream: new LeaderStream(host), hints: () => hints };
}

describe('replica: the stream to the leader', () => {
  it('tells that the leader is gone when another start of its process answers', () => {
    const { stream, hints } = follower();
    stream.heard(start('a', 4));
    stream.up(start('a', 5), 4);
    assert.equal(hints(), 1);
  });

  it('tells nothing of the kind when that start is the one that leads', () => {
    const { stream, hints } = follower();
    stream.heard(start('a', 5));
    stream.up(start('a', 5), 4);
    assert.equal(hints(), 0);
  });

  it('counts the starts of a new folder anew', () => {
    const { stream, hints } = follower();
    stream.heard(start('a', 9));
    stream.heard(start('b', 1));
    stream.up(start('b', 2), 1);
    assert.equal(hints(), 1);
  });
});
