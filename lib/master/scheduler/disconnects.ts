import type { FrameworkId } from '../../base/index.js';
import { proposeCommand, type MasterContext } from '../context.js';

/**
 * Tells the group that a framework's stream ended, as often as it takes. One that is never committed (this
 * member is cut off, or dies) is found by the leader's own deadline.
 */
export class Disconnects {
  private readonly context: MasterContext;
  private readonly retryMs: number;
  private readonly underWay: Map<FrameworkId, number> = new Map();
  private running = false;

  constructor(context: MasterContext, retryMs: number) {
    this.context = context;
    this.retryMs = retryMs;
  }

  start(): void {
    this.running = true;
  }

  stop(): void {
    this.running = false;
    this.underWay.clear();
  }

  ended(frameworkId: FrameworkId, subscription: number): void {
    if (!this.running || (this.underWay.get(frameworkId) ?? 0) >= subscription) return;
    this.underWay.set(frameworkId, subscription);
    this.propose(frameworkId, subscription);
  }

  private propose(frameworkId: FrameworkId, subscription: number): void {
    const current = (): boolean => this.running && this.underWay.get(frameworkId) === subscription;
    proposeCommand(this.context, { kind: 'framework-disconnect', frameworkId, subscription }, (outcome) => {
      if (!current()) return;
      if (outcome.kind === 'applied') this.underWay.delete(frameworkId);
      else {
        this.context.timers.after(this.retryMs, () => {
          if (current()) this.propose(frameworkId, subscription);
        });
      }
    });
  }
}
