import type { BackoffOptions, Clock, Logger, Random, Timers } from '../base/index.js';
import type { HostEnvironment } from './environment.js';
import type { Holder } from './holder/port.js';
import type { MasterConnector } from './link.js';
import type { Platform } from './platform/index.js';
import { SESSION_TIMING, type SessionTiming } from './session/timing.js';
import type { ResourceAmounts } from './types.js';

export interface AgentLimits {
  /** Tasks at once; further launches fail. */
  readonly maxTasks: number;
  /** Starts asked of the holder and not yet answered. */
  readonly maxStarts: number;
  /** Status updates sent and not yet known to be committed. */
  readonly updateWindow: number;
  /** Sandboxes of ended tasks that are kept; the oldest go first. */
  readonly keptSandboxes: number;
}

export const AGENT_LIMITS: AgentLimits = {
  // What the masters allow (`tasksPerAgent` of the replicated machine).
  maxTasks: 10_000,
  maxStarts: 32,
  // With repeats, well below what a master takes of one stream (`updatesInFlight` of its agent service).
  updateWindow: 128,
  keptSandboxes: 1000,
};

export interface AgentTiming {
  readonly session: SessionTiming;
  readonly updateRetry: BackoffOptions;
  /** `stop('end-tasks')`: from SIGTERM to SIGKILL, at most. */
  readonly endGraceMs: number;
  /** … until every task has ended. */
  readonly endTasksMs: number;
  /** … until their last updates are committed, if masters are there to do so. */
  readonly endReportMs: number;
  /** … until the holder is gone. */
  readonly endHolderMs: number;
}

/** The last three follow each other: together they stay below 4 s. */
export const AGENT_TIMING: AgentTiming = {
  session: SESSION_TIMING,
  updateRetry: { firstMs: 500, maxMs: 10_000, factor: 2 },
  endGraceMs: 1500,
  endTasksMs: 2300,
  endReportMs: 800,
  endHolderMs: 600,
};

export interface AgentOptions {
  /** The agent's data folder; holds `meta/` and `tasks/`. One live agent process per folder. */
  readonly folder: string;
  readonly hostname: string;
  readonly resources: ResourceAmounts;
  readonly attributes: Readonly<Record<string, string>>;
  /** host:port of the agent doors of masters, tried in turn. */
  readonly masters: readonly string[];
  readonly connector: MasterConnector;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /**
   * The agent can go no further and has let go of its tasks, which run on. STORAGE, DAMAGED and NEWER_FORMAT:
   * its disk; FOREIGN_CLUSTER: wrong masters. The process must end.
   */
  readonly onFatal: (error: Error) => void;
  /** Passed to the holder; watching it is the business of the process (`run-process.ts`). */
  readonly lifelineFd?: number;
  /** What tasks get as PATH, HOME and LANG. Default: that of this process. */
  readonly host?: HostEnvironment;
  readonly limits?: Partial<AgentLimits>;
  readonly timing?: Partial<AgentTiming>;
  /** The holder's program; default: `holder/main.js`. */
  readonly holderMain?: string;
  /** Ports that are normally made from the folder and the system. */
  readonly holder?: Holder;
  readonly platform?: Platform;
}
