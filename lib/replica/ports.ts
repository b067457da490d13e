import type { Clock, Logger, MemberId, Random, Timers } from '../base/index.js';
import type { MachineLimits } from '../state/index.js';
import type { DataFolder } from '../storage/index.js';
import type { Doors, Transport, TransportHandlers } from '../transport/types.js';
import type { ReplicaLimits } from './limits.js';

export interface ReplicaOptions {
  readonly memberId: MemberId;
  /** Peer addresses of all *other* founding members, by id; of a group that exists, where they may be found. */
  readonly peers: ReadonlyMap<MemberId, string>;
  /** Dial nothing but `peers` where they name a member: addresses that members tell do not lead there from here. */
  readonly peersOnly?: boolean;
  /** For a new member of an existing group: what `members add` printed, and addresses of members that take it. */
  readonly invitation?: { readonly token: string; readonly contacts: readonly string[] } | null;
  /**
   * Leader leases that the group is to have while this member leads, in ms; 0: none. Not given, or null: whatever it
   * has. At most an election timeout; see `LEASE_CLOCK_BOUND` for what it asks of clocks.
   */
  readonly leaseMs?: number | null;
  /** What this member advertises about itself. */
  readonly doors: Doors;
  readonly release: string;
  readonly pid: number;
  /** What the replicated state may take here at present; 0 stops its growth (a full disk). */
  readonly memoryBudgetBytes: () => number;
  /** Opened, and closed by the member when it stops. */
  readonly disk: DataFolder;
  readonly transport: (handlers: TransportHandlers) => Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: ReplicaLimits;
  readonly machineLimits: MachineLimits;
  readonly heartbeatTicks: number;
  /** The process cannot go on: storage failed or an invariant broke. Called once; nothing runs after it. */
  readonly fatal: (error: unknown) => void;
}
