import type { Random, SeededRandom } from '../../../lib/base/index.js';
import type { History } from '../../history/history.js';
import type { Member } from '../../zookeeper/session.js';

/** Clients of the masters' doors for ZooKeeper. */
export interface Workload {
  /** Resolves when its clients are at work. */
  start(): Promise<void>;
  /** Nothing more is begun; resolves when everything is answered or given up. */
  stop(): Promise<void>;
  /** What has to come about now that all is at rest: null when it has, else what is missing. */
  awaited(): Promise<string | null>;
  /** Ends what is left of its sessions. */
  close(): Promise<void>;
}

export interface Surroundings {
  readonly members: readonly Member[];
  readonly history: History;
  readonly random: SeededRandom;
}

export interface Client {
  readonly name: string;
  /** In the order in which it goes to them. */
  readonly members: readonly Member[];
  readonly random: Random;
}
