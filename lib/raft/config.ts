import { assert, type NodeId, type Random } from '../base/index.js';
import type { LogIndex } from './types.js';

/** Settings of one consensus node. Times are counted in ticks of the host's single timer (20 ms by default). */
export interface RaftConfig {
  readonly id: NodeId;
  /** What a tick is at least worth: only to tell how many of them `Configuration.leaseMs` has. */
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  /** Followers campaign after a number of silent ticks drawn from [electionTicks, 2·electionTicks) each term. */
  readonly electionTicks: number;
  /** Append messages in flight to one peer. */
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  /** Entry data in one append message; a larger single entry travels alone. */
  readonly maxAppendBytes: number;
  /** Entry data handed out in one `Ready.committed`. */
  readonly maxCommittedBytes: number;
  /** Proposals are refused while this much entry data of this leader is not committed. */
  readonly maxUncommittedBytes: number;
  readonly random: Random;
  /** Index up to which the host's state is already applied (the cut it loaded). */
  readonly applied: LogIndex;
}

export const RAFT_DEFAULTS: Omit<RaftConfig, 'id' | 'random' | 'applied'> = {
  tickMs: 20,
  heartbeatTicks: 5,
  electionTicks: 20,
  maxInflightMessages: 64,
  maxInflightBytes: 8 << 20,
  maxAppendBytes: 1 << 20,
  maxCommittedBytes: 4 << 20,
  maxUncommittedBytes: 64 << 20,
};

/** Relations that must hold between settings; broken ones are a defect of the host, not of a peer. */
export function checkConfig(config: RaftConfig): void {
  const { heartbeatTicks, electionTicks } = config;
  assert(config.tickMs > 0, `tickMs ${config.tickMs} ≤ 0`);
  assert(heartbeatTicks >= 1, `heartbeatTicks ${heartbeatTicks} < 1`);
  assert(
    electionTicks >= 3 * heartbeatTicks,
    `electionTicks ${electionTicks} < 3 heartbeats of ${heartbeatTicks} ticks: one lost heartbeat would elect`,
  );
  assert(config.maxInflightMessages >= 1, `maxInflightMessages ${config.maxInflightMessages} < 1`);
  assert(config.maxAppendBytes <= config.maxInflightBytes, 'maxAppendBytes > maxInflightBytes');
  assert(config.maxUncommittedBytes >= config.maxAppendBytes, 'maxUncommittedBytes < maxAppendBytes');
}
