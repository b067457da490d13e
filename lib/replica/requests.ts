import type { ErrorCode } from '../base/index.js';
import type { RunningMember } from './running.js';
import type { AnswerTime, LeadershipView, Outcome, ProposalOrder } from './types.js';

type Refusal = { readonly code: ErrorCode; readonly message: string };

export interface RequestsHost {
  readonly running: () => RunningMember | null;
  readonly leadership: () => LeadershipView;
  /** This member is stopping, or has failed. */
  readonly ended: () => boolean;
  readonly soon: (callback: () => void) => void;
  readonly trouble: () => string;
}

/** What services ask of the group through this member. Whoever cannot be served is told so, in a turn of its own. */
export class Requests {
  private readonly host: RequestsHost;

  constructor(host: RequestsHost) {
    this.host = host;
  }

  propose(
    command: Uint8Array,
    done: (outcome: Outcome) => void,
    when?: AnswerTime,
    order?: ProposalOrder,
  ): void {
    const running = this.host.running();
    if (running === null) {
      const code = this.host.ended() ? 'SHUTTING_DOWN' : 'NO_LEADER';
      return this.refuse(done, { code, message: this.host.trouble() }, order);
    }
    if (order?.broken === true) {
      return this.refuse(done, { code: 'OVERLOADED', message: 'what was asked for before it was refused' });
    }
    const fault = running.proposalFault(command);
    if (fault !== null) return this.refuse(done, fault, order);
    if (running.lane.add(command, done, when, order)) return running.schedule();
    const message = `${running.lane.depth} commands are waiting: ${this.host.trouble()}`;
    this.refuse(done, { code: 'OVERLOADED', message }, order);
  }

  /** `proof`: by asking a quorum, even if a lease would do. */
  read(proof: boolean, done: (refusal: Refusal | null) => void): void {
    const running = this.host.running();
    if (running?.reads.add(done, proof) === true) return running.schedule();
    const message =
      running === null ? this.host.trouble() : `too many reads are waiting: ${this.host.trouble()}`;
    this.host.soon(() => done({ code: running === null ? 'NO_LEADER' : 'OVERLOADED', message }));
  }

  /** Whether this member led, and a quorum asked after the call confirmed it. */
  verifyLeadership(done: (confirmed: boolean) => void): void {
    const { leadership, soon } = this.host;
    const { term, kind } = leadership();
    if (kind !== 'leading') return soon(() => done(false));
    this.read(true, (refusal) => {
      const now = leadership();
      done(refusal === null && now.kind === 'leading' && now.term === term);
    });
  }

  private refuse(done: (outcome: Outcome) => void, refusal: Refusal, order?: ProposalOrder): void {
    if (order !== undefined) order.broken = true;
    this.host.soon(() => done({ kind: 'refused', ...refusal }));
  }
}
