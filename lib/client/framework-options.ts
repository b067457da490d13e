import { userInfo } from 'node:os';
import type { TepuiError } from '../base/index.js';
import type { EventFailure, EventMessage, FrameworkInfo, Labels, Offer, TaskStatus } from './mesos.js';
import type { ConnectionOptions } from './connection.js';

export interface FrameworkOptions extends ConnectionOptions {
  readonly name: string;
  /** Default `['*']`. */
  readonly roles?: readonly string[];
  /** The account that tasks run as where they name none. Default: that of this process. */
  readonly user?: string;
  readonly principal?: string;
  readonly hostname?: string;
  readonly webuiUrl?: string;
  readonly labels?: Labels;
  /** For how long tasks outlive the last connection of this framework, in ms. Default one minute. */
  readonly failoverTimeoutMs?: number;
  /** Of a former run: the framework goes on with its tasks. */
  readonly id?: string;
  /** Called once with the id of a new framework, before the group hears of it; awaited. */
  readonly saveId?: (id: string) => void | Promise<void>;
  /** `automatic` acknowledges an update once its handler has returned or resolved. */
  readonly acknowledge?: 'automatic' | 'manual';
  /** How long a call is tried before it ends as not done or unknown, in ms. Default 30 s. */
  readonly callTimeoutMs?: number;
  readonly handlers: FrameworkHandlers;
}

/** What a framework hears. A handler that throws, or rejects, is reported to `error`. */
export interface FrameworkHandlers {
  /** At the first subscription and after every reconnection. Offers of before are void. */
  subscribed?(event: SubscribedEvent): void;
  offers?(offers: readonly Offer[]): void | Promise<void>;
  /** The offer is void: taken back by the master, or lost with the connection. */
  rescind?(offerId: string): void;
  /**
   * Never called twice for one update, even if it arrives again. Not acknowledged if it throws: the update
   * comes again with the next connection, and the task's later ones wait behind it.
   */
  update?(status: TaskStatus, index: number): void | Promise<void>;
  message?(message: EventMessage): void | Promise<void>;
  failure?(failure: EventFailure): void;
  /** The connection is lost; the next one is on its way. */
  disconnected?(reason: TepuiError): void;
  /** Something went wrong that no call reports: mostly a handler's own error. Without it, it is thrown. */
  error?(error: unknown): void;
}

export interface SubscribedEvent {
  readonly frameworkId: string;
  /** False at the very first subscription of this framework. */
  readonly resumed: boolean;
  readonly index: number;
}

/** What Tepui knows how to use of what Mesos lets a framework declare. */
const CAPABILITIES = ['MULTI_ROLE', 'PARTITION_AWARE', 'TASK_KILLING_STATE'] as const;

export const DEFAULT_FAILOVER_TIMEOUT_MS = 60_000;

export function frameworkInfo(options: FrameworkOptions): FrameworkInfo {
  return {
    user: options.user ?? ownUser(),
    name: options.name,
    roles: options.roles ?? ['*'],
    failover_timeout: (options.failoverTimeoutMs ?? DEFAULT_FAILOVER_TIMEOUT_MS) / 1000,
    checkpoint: true,
    capabilities: CAPABILITIES.map((type) => ({ type })),
    ...(options.principal === undefined ? {} : { principal: options.principal }),
    ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
    ...(options.webuiUrl === undefined ? {} : { webui_url: options.webuiUrl }),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
  };
}

function ownUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that has no name.
    return String(process.getuid?.() ?? 'nobody');
  }
}
