import { TepuiError, type Logger, type MemberId } from '../base/index.js';
import type { DigestVerdict } from '../state/index.js';
import type { ReplicaStatus } from '../replica/index.js';

export interface DivergenceHost {
  readonly status: () => Pick<ReplicaStatus, 'self' | 'leader'>;
  readonly handOver: (done: () => void) => void;
  /** Deletes this member's state, so that its next start takes it from another member. */
  readonly discardState: () => Promise<void>;
  /** Ends the process. */
  readonly fatal: (error: unknown) => void;
  readonly logger: Logger;
}

/**
 * What a member does about a checkpoint at which members differ. One that a majority contradicts no longer knows
 * the truth: it hands over if it leads, gives its state up and ends; its next start is refilled by the others.
 * Where no value has a majority nobody can tell who is right, and stopping would only make it worse: the leader
 * raises an alarm (`lib/master/checkpoints/`), while which the machine refuses writes.
 */
export class DivergenceGuard {
  private readonly host: DivergenceHost;
  private giving = false;

  constructor(host: DivergenceHost) {
    this.host = host;
  }

  /** `measured`: this member's own digest at the checkpoint, of the state that is in force. */
  judged(verdict: DigestVerdict, measured: string | null): void {
    if (verdict.kind === 'split') {
      this.host.logger.error({ verdict }, 'members differ and no majority agrees: writes are refused');
      return;
    }
    const { self, leader } = this.host.status();
    // Not what is on record of this member: that may be about the state which it gave up.
    const contradicted = verdict.kind === 'majority' && measured !== null && measured !== verdict.digest;
    if (!contradicted || this.giving) return;
    this.giving = true;
    if (leader === self.memberId) this.host.handOver(() => this.giveUp(verdict.index, self.memberId));
    else this.giveUp(verdict.index, self.memberId);
  }

  private giveUp(index: number, member: MemberId): void {
    const message = `the state of ${member} at entry ${index} differs from that of a majority: it was given up`;
    const end = () => this.host.fatal(new TepuiError('DAMAGED', message));
    this.host.discardState().then(end, (error: unknown) => this.host.fatal(error));
  }
}
