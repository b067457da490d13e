import assert from 'node:assert/strict';
import type { MemberId, NodeId } from '../../lib/base/index.js';
import { Roster } from '../../lib/replica/roster.js';
import type { PeerHello } from '../../lib/transport/index.js';

const M1 = 'm1' as MemberId;
const M2 = 'm2' as MemberId;
const FOLDER = 'm2@0000000000000002' as NodeId;
const HELLO = { memberId: M2, nodeId: FOLDER, boot: 1 } as PeerHello;

describe('the roster', () => {
  it('knows who is no member for a moment as long as its stream stands: nobody greets twice on one', () => {
    const roster = new Roster([M1]);
    roster.up(HELLO);
    roster.keep(new Set([M1]));
    roster.keep(new Set([M1, M2]));
    assert.equal(roster.answering(M2), FOLDER);
  });

  it('forgets who is no member and is not connected', () => {
    const roster = new Roster([M1]);
    roster.up(HELLO);
    roster.down(M2, { kind: 'refused' });
    roster.keep(new Set([M1]));
    assert.equal(roster.hello(M2), null);
  });
});
