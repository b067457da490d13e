import { TepuiError, type AgentId, type FrameworkId, type TaskId } from '../base/index.js';
import type { Replica } from '../replica/index.js';
import type { StateEvent } from '../state/index.js';

/** What changed, by name only: subscribers get the present summary of it. */
export type Change =
  | { readonly kind: 'agent'; readonly agentId: AgentId }
  | { readonly kind: 'framework'; readonly frameworkId: FrameworkId }
  | { readonly kind: 'task'; readonly frameworkId: FrameworkId; readonly taskId: TaskId };

export interface NumberedChange {
  readonly index: number;
  readonly change: Change;
}

export interface ChangeListener {
  /** There is more to read. */
  changed(): void;
  /** The record ends here; nothing follows. */
  ended(error: TepuiError): void;
}

/** Changes kept for streams that come back: some seconds of a busy cluster. */
const KEPT = 10_000;

/**
 * A bounded record of recent changes, which streams read at their own pace: one that breaks or is slow goes on
 * where it was. Every member keeps its own from the same log, so a stream may resume at another member.
 */
export class ChangeRecord {
  private readonly listeners = new Set<ChangeListener>();
  private readonly replica: Replica;
  private readonly kept: number;
  private changes: NumberedChange[] = [];
  /** Position of the first change that is kept: how many were dropped before it. */
  private first = 0;
  /** Every change after this index is kept. */
  private since: number;
  private stopListening: (() => void) | null = null;

  constructor(replica: Replica, kept: number = KEPT) {
    this.replica = replica;
    this.kept = kept;
    this.since = replica.machine.revision;
  }

  start(): void {
    this.since = this.replica.machine.revision;
    this.stopListening = this.replica.listen({
      applied: (events) => this.take(events),
      reset: (machine) => this.reset(machine.revision),
    });
  }

  stop(): void {
    this.stopListening?.();
    this.end(new TepuiError('SHUTTING_DOWN', 'this master is stopping: resume at another one'));
  }

  /** Position after the last change. */
  get endPosition(): number {
    return this.first + this.changes.length;
  }

  /** Position of the first change after `index` (0: of the next one there will be). Throws OUT_OF_RANGE. */
  positionAfter(index: number): number {
    if (index === 0) return this.endPosition;
    if (index < this.since) throw this.gone(`changes after ${index}`);
    let low = 0;
    let high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.changes[middle]!.index > index) high = middle;
      else low = middle + 1;
    }
    return this.first + low;
  }

  /** The change at a position; null: there is none yet. Throws OUT_OF_RANGE when it is no longer kept. */
  at(position: number): NumberedChange | null {
    if (position < this.first)
      throw this.gone(`${this.endPosition - position} changes that were left unread`);
    return this.changes[position - this.first] ?? null;
  }

  listen(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private gone(what: string): TepuiError {
    return new TepuiError('OUT_OF_RANGE', `${what} are not kept any more; those after ${this.since} are`, {
      fields: { oldest: this.since },
    });
  }

  private reset(revision: number): void {
    this.first = this.endPosition;
    this.changes = [];
    this.since = revision;
    this.end(
      new TepuiError('OUT_OF_RANGE', `this member received the state of index ${revision} anew: list again`),
    );
  }

  private end(error: TepuiError): void {
    const listeners = Array.from(this.listeners);
    this.listeners.clear();
    for (const listener of listeners) listener.ended(error);
  }

  private take(events: readonly StateEvent[]): void {
    const before = this.changes.length;
    for (const event of events) {
      const change = changeOf(event);
      if (change !== null) this.changes.push({ index: event.revision, change });
    }
    if (this.changes.length === before) return;
    this.trim();
    for (const listener of Array.from(this.listeners)) listener.changed();
  }

  private trim(): void {
    if (this.changes.length <= this.kept * 2) return;
    const dropped = this.changes.length - this.kept;
    this.since = this.changes[dropped - 1]!.index;
    this.changes = this.changes.slice(dropped);
    this.first += dropped;
  }
}

function changeOf(event: StateEvent): Change | null {
  switch (event.kind) {
    case 'agent-registered':
    case 'agent-disconnected':
    case 'agent-unreachable':
    case 'agent-removed':
      return { kind: 'agent', agentId: event.agentId };
    case 'framework-subscribed':
    case 'framework-disconnected':
    case 'framework-tearing-down':
    case 'framework-completed':
    case 'framework-roles-changed':
      return { kind: 'framework', frameworkId: event.frameworkId };
    case 'task-launched':
    case 'task-updated':
    case 'task-completed':
    case 'kill-requested':
      return { kind: 'task', frameworkId: event.frameworkId, taskId: event.taskId };
    default:
      return null;
  }
}
