import type { AgentId, ErrorCode } from '../../base/index.js';
import type { MasterMessage } from '../../wire/index.js';
import type { AgentServiceLimits, AgentSink } from './types.js';

export type AgentStreamState =
  | { readonly kind: 'new' }
  /** Its registration is on its way through the log. */
  | { readonly kind: 'registering' }
  | { readonly kind: 'attached'; readonly agentId: AgentId; readonly attachment: number }
  | { readonly kind: 'closed' };

/** One agent's stream at this member. */
export class AgentStream {
  /** `Connection.stream` of the registration it makes. */
  readonly number: number;
  readonly openedMs: number;
  private readonly sink: AgentSink;
  private readonly limits: AgentServiceLimits;
  private current: AgentStreamState = { kind: 'new' };
  /** Updates proposed and not yet committed. 0 ≤ updates ≤ limit. */
  private updates = 0;

  constructor(number: number, openedMs: number, sink: AgentSink, limits: AgentServiceLimits) {
    this.number = number;
    this.openedMs = openedMs;
    this.sink = sink;
    this.limits = limits;
  }

  get state(): AgentStreamState {
    return this.current;
  }

  become(state: Exclude<AgentStreamState, { kind: 'new' }>): void {
    if (this.current.kind !== 'closed') this.current = state;
  }

  /** False when too many updates wait: the stream ends, and the agent resends them on its next one. */
  beginUpdate(): boolean {
    if (this.updates >= this.limits.updatesInFlight) {
      this.refuse('OVERLOADED', `${this.updates} status updates wait to be committed`);
      return false;
    }
    this.updates++;
    return true;
  }

  finishUpdate(): void {
    this.updates--;
  }

  write(message: MasterMessage): void {
    if (this.current.kind === 'closed') return;
    this.sink.write(message);
    if (this.sink.queued > this.limits.unread) {
      this.refuse('OVERLOADED', `${this.sink.queued} messages were left unread`);
    }
  }

  /** Tells the agent why, and ends the stream; its owner hears of the end as of any other. */
  refuse(code: ErrorCode, message: string): void {
    if (this.current.kind !== 'closed') this.sink.refuse(code, message);
  }
}
