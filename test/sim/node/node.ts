import type { Logger, MemberId, NodeId } from '../../../lib/base/index.js';
import type { NodeView } from '../../../lib/raft/index.js';
import type { Copy } from './damage.js';
import type { NodeDisk } from './disk.js';
import type { MachineClock } from './host.js';
import type { Life } from './life.js';

/** A token, and its digest as the group keeps it. */
export interface Invitation {
  readonly token: string;
  readonly hash: string;
}

/** One machine of the group with what outlives the process on it. */
export class SimNode {
  readonly number: number;
  readonly id: MemberId;
  readonly disk: NodeDisk;
  readonly clock: MachineClock;
  readonly logger: Logger;
  /** Null while no process runs. */
  life: Life | null = null;
  /** Without power: nobody is told anything. */
  dark = false;
  /** Counts the processes started here. */
  lives = 0;
  /** The folder that the last process here ran on; null: it belonged to no group yet. */
  folder: NodeId | null = null;
  /** The consensus of the last process here; when that is over, as it was at the end. */
  view: NodeView | null = null;
  /** No process is started here. */
  barred = false;
  /** Its process began with a folder that belonged to the group. */
  opened = false;
  /** The folder whose term and vote were lost. */
  votesLost: NodeId | null = null;
  /** Writes were made to fail: some process here will end of each. */
  failing = false;
  /** A process is meant to run here. */
  enrolled = true;
  /** It was invited, and is not in the group yet. */
  awaited = false;
  /** It was removed from the group, and its process was left running. */
  lingers = false;
  /** Its process ended because it is no member any more. */
  dismissed = false;
  /** With what it came, unless it founded the group. */
  invitation: Invitation | null = null;
  /** It listens here. */
  port = 1;
  startedUs = 0;
  /** When its process last went on after it had been stopped. */
  stoppedUs = -Infinity;
  /** When the last process ended, if none runs. */
  endedUs = 0;
  /** Where the log of the last process ended. */
  lastIndex = 0;
  /** An older copy of the disk. */
  copy: Copy | null = null;
  private readonly endings = new Set<() => void>();

  constructor(number: number, disk: NodeDisk, clock: MachineClock, logger: Logger) {
    this.number = number;
    this.id = `m${number + 1}` as MemberId;
    this.disk = disk;
    this.clock = clock;
    this.logger = logger;
  }

  get term(): number {
    return this.view?.term ?? 0;
  }

  /** Calls back when the present process ends; returns how to forget it. */
  onEnd(callback: () => void): () => void {
    this.endings.add(callback);
    return () => this.endings.delete(callback);
  }

  /** The process is over. */
  ended(): void {
    const { life } = this;
    this.life = null;
    life?.host.die();
    const endings = [...this.endings];
    this.endings.clear();
    for (const callback of endings) callback();
  }
}
