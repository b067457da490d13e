import { RAFT_DEFAULTS, RaftNode } from '../raft/index.js';
import type { RaftLog } from '../storage/types.js';
import type { ReplicaOptions } from './ports.js';

/** Small entries are read and sent again one by one: of more of them at once the loop would stall when a peer is behind. */
const MAX_INFLIGHT_BYTES = 2 << 20;

/** The consensus node of a member, as its log left it. */
export function makeConsensus(options: ReplicaOptions, log: RaftLog): RaftNode {
  const { disk, limits, random, heartbeatTicks } = options;
  const { electionTicks, tickMs } = limits;
  const id = disk.identity.nodeId;
  const applied = disk.state.meta?.index ?? 0;
  const config = {
    ...RAFT_DEFAULTS,
    maxInflightBytes: MAX_INFLIGHT_BYTES,
    id,
    tickMs,
    heartbeatTicks,
    electionTicks,
    random,
    applied,
  };
  const { hardState, configuration } = log;
  return new RaftNode(config, log, hardState, configuration, { cacheBytes: limits.logCacheBytes });
}
