import type { ErrorCode, MemberId } from '../base/index.js';
import type { LeadershipView } from './types.js';

type Done = (error: { readonly code: ErrorCode; readonly message: string } | null) => void;

interface Waiting {
  readonly to: MemberId;
  readonly deadlineMs: number;
  readonly done: Done;
}

/** Callers that asked for a transfer of leadership and wait to see who leads next. */
export class TransferWaiters {
  private waiting: Waiting[] = [];
  private readonly nowMs: () => number;
  private readonly patienceMs: number;

  constructor(nowMs: () => number, patienceMs: number) {
    this.nowMs = nowMs;
    this.patienceMs = patienceMs;
  }

  add(to: MemberId, done: Done): void {
    this.waiting.push({ to, done, deadlineMs: this.nowMs() + this.patienceMs });
  }

  viewChanged(view: LeadershipView): void {
    if (view.kind !== 'following') return;
    const over = this.waiting;
    this.waiting = [];
    for (const { to, done } of over) {
      const message = `${view.leader} took over instead of ${to}`;
      done(view.leader === to ? null : { code: 'TRANSFERRING', message });
    }
  }

  expire(nowMs: number): void {
    if (this.waiting.every((one) => one.deadlineMs > nowMs)) return;
    const late = this.waiting.filter((one) => one.deadlineMs <= nowMs);
    this.waiting = this.waiting.filter((one) => one.deadlineMs > nowMs);
    for (const { to, done } of late) {
      done({ code: 'TRANSFERRING', message: `${to} did not take over within ${this.patienceMs} ms` });
    }
  }

  /** The member stops: who leads next is not learnt here. */
  close(): void {
    const over = this.waiting;
    this.waiting = [];
    for (const { done } of over) done({ code: 'SHUTTING_DOWN', message: 'this member is stopping' });
  }
}
