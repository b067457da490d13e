/** Who led last, and since when nobody does. `dead`: the leader's process ended, so it is gone for certain. */
interface Vacant {
  readonly sinceMs: number;
  readonly dead: boolean;
}

/** How long the cluster is without a leader: from the end of the leader's process, or from the look that saw none. */
export class Vacancy {
  private leader: string | null = null;
  private term = 0;
  private vacant: Vacant | null = null;

  /** A process of the cluster ended. */
  ended(id: string, atMs: number): void {
    if (id === this.leader) this.vacant = { sinceMs: this.vacant?.sinceMs ?? atMs, dead: true };
  }

  /** What a look saw. Returns for how long there was no leader, when one of a new term ends such a time. */
  seen(leader: string | null, term: number, atMs: number): number | null {
    if (leader === null) {
      // Before its first leader the cluster was only starting.
      if (this.leader !== null) this.vacant ??= { sinceMs: atMs, dead: false };
      return null;
    }
    const { vacant } = this;
    // A look that began before the death of a leader may still name it.
    if (term <= this.term && vacant?.dead === true) return null;
    const withoutMs = vacant === null || term <= this.term ? null : atMs - vacant.sinceMs;
    this.leader = leader;
    this.term = term;
    this.vacant = null;
    return withoutMs;
  }
}
