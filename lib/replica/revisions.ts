interface Waiting {
  readonly revision: number;
  readonly deadlineMs: number;
  readonly done: (reached: boolean) => void;
}

/** Callers that wait until this member's machine has reached a revision. */
export class RevisionWaiters {
  private waiting: Waiting[] = [];
  private closed = false;

  /** False once closed: nothing will be reached any more. */
  get open(): boolean {
    return !this.closed;
  }

  add(revision: number, deadlineMs: number, done: (reached: boolean) => void): void {
    this.waiting.push({ revision, deadlineMs, done });
  }

  reached(revision: number): void {
    this.endWhere((one) => one.revision <= revision, true);
  }

  expire(nowMs: number): void {
    this.endWhere((one) => one.deadlineMs <= nowMs, false);
  }

  close(): void {
    this.closed = true;
    this.endWhere(() => true, false);
  }

  private endWhere(ends: (one: Waiting) => boolean, reached: boolean): void {
    if (this.waiting.length === 0) return;
    const over = this.waiting.filter(ends);
    if (over.length === 0) return;
    this.waiting = this.waiting.filter((one) => !ends(one));
    for (const { done } of over) done(reached);
  }
}
