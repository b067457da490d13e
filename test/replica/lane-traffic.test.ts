import assert from 'node:assert/strict';
import type { NodeId } from '../../lib/base/index.js';
import { REPLICA_LIMITS } from '../../lib/replica/index.js';
import { LaneTraffic, type LaneTrafficHost } from '../../lib/replica/lane-traffic.js';
import { DEFAULT_LIMITS, Machine } from '../../lib/state/index.js';

const SELF = 'm1@00000000000000a1' as NodeId;
const FORMER = 'm2@00000000000000b1' as NodeId;
const RENEWED = 'm2@00000000000000b2' as NodeId;

/** Frames that a new leader sends while `m2` answers with `folder`. */
function framesAtElection(folder: NodeId | null): string[] {
  const sent: string[] = [];
  const configuration = { voters: [SELF, FORMER] };
  const host = {
    node: SELF,
    boot: 1,
    limits: REPLICA_LIMITS,
    raft: { status: () => ({ configuration }) },
    transport: { send: (to: string, kind: string) => sent.push(`${kind} to ${to}`) > 0 },
    answering: () => folder,
    machine: () => new Machine(DEFAULT_LIMITS),
    view: () => ({ kind: 'leading', term: 2 }),
    schedule: () => undefined,
  } as unknown as LaneTrafficHost;
  new LaneTraffic(host).viewChanged({ kind: 'leading', term: 2 }, { kind: 'none', term: 2, since: 0 });
  return sent;
}

describe('replica: the lanes that a leader invites', () => {
  it('are those of the folders that answer: one that was replaced has a lane whose numbers mean nothing', () => {
    assert.deepEqual(framesAtElection(FORMER), ['laneReply to m2']);
    assert.deepEqual(framesAtElection(RENEWED), []);
  });
});
