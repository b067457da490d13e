import type { NodeView } from '../../../lib/raft/index.js';
import { check } from '../violation.js';
import type { Inside } from './inside.js';

/**
 * S22: while a read is answered under a lease, nobody has committed anything in a later term. Clocks of the simulation
 * keep to the bound that leases ask for. A stale read (S21) is what a broken lease may lead to, when somebody was shown
 * in time what it lacks; this rule sees the lease itself.
 */
export class LeaseRule {
  /** The latest term in which a leader committed an entry of its own. */
  private term = 0;
  private leader = '';

  /** Called after every step of consensus. */
  look({ role, term, leadingFrom, commit, id }: NodeView): void {
    if (role !== 'leader' || term <= this.term || leadingFrom === null || commit < leadingFrom) return;
    this.term = term;
    this.leader = id;
  }

  /** Looks at every read that this member answers without asking anybody. */
  watch({ raft, reads }: Inside, guard: (look: () => void) => void): void {
    const { host } = reads;
    const { leasedIndex } = host;
    host.leasedIndex = () => {
      const index = leasedIndex();
      if (index !== null) guard(() => this.served(raft.view));
      return index;
    };
  }

  private served({ id, term }: NodeView): void {
    check(
      term >= this.term,
      'S22',
      () => `${id} reads under its lease of term ${term}; ${this.leader} has committed in term ${this.term}`,
    );
  }
}
