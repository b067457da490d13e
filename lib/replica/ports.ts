import type { Clock, ClusterId, Logger, MemberId, NodeId, Random, Timers } from '../base/index.js';
import type { MachineLimits } from '../state/index.js';
import type {
  CutMeta,
  Identity,
  InstalledState,
  RaftLog,
  SnapshotReceiver,
  StateStore,
} from '../storage/types.js';
import type { Doors, Transport, TransportHandlers } from '../transport/types.js';
import type { ReplicaLimits } from './limits.js';

/** The member's data folder as the driver uses it. Real: `lib/storage`'s data folder. */
export interface MemberDisk {
  readonly identity: Identity;
  /** Null until the group has formed. */
  readonly log: RaftLog | null;
  /** The folder in force. */
  readonly state: StateStore;
  /** Founds the group in this empty folder, synced; afterwards `log` is set. */
  form(clusterId: ClusterId, voters: readonly NodeId[]): Promise<void>;
  /** Begins or resumes the reception of snapshot `id`. */
  receive(id: string, meta: CutMeta): Promise<SnapshotReceiver>;
  /** Makes the received folder the one in force, after the log's batch that names it is durable. */
  adopt(installed: InstalledState): Promise<StateStore>;
  /** Why growth must be refused for want of space, in numbers; null while there is enough. */
  spaceTrouble(): string | null;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly memberId: MemberId;
  /** Peer addresses of all *other* founding members, by id. */
  readonly peers: ReadonlyMap<MemberId, string>;
  /** What this member advertises about itself. */
  readonly doors: Doors;
  readonly release: string;
  readonly pid: number;
  readonly memoryBudgetBytes: number;
  readonly disk: MemberDisk;
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

