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
  changed(change: NumberedChange): void;
  /** The record of changes was replaced: what came between is not known here. */
  lost(): void;
}

/** Changes kept for streams that come back: some seconds of a busy cluster. */
const KEPT = 10_000;

/**
 * A bounded record of recent changes, so that a stream that broke resumes where it was. Every member keeps its
 * own from the same log, so a stream may resume at another member.
 */
export class ChangeRecord {
  private readonly listeners = new Set<ChangeListener>();
  private ring: NumberedChange[] = [];
  /** Everything after this index is in the ring. */
  private since: number;
  private stopListening: (() => void) | null = null;
  private readonly replica: Replica;

  constructor(replica: Replica) {
    this.replica = replica;
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
    this.tellLost();
  }

  /**
   * Follows changes after `index` (0: from now on); the kept ones are told before this returns. Throws
   * OUT_OF_RANGE naming the oldest index that is kept.
   */
  follow(index: number, listener: ChangeListener): () => void {
    if (index !== 0 && index < this.since) {
      throw new TepuiError(
        'OUT_OF_RANGE',
        `changes after ${index} are gone; kept are those after ${this.since}`,
        {
          fields: { oldest: this.since },
        },
      );
    }
    if (index !== 0) for (const change of this.ring) if (change.index > index) listener.changed(change);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private reset(revision: number): void {
    this.ring = [];
    this.since = revision;
    this.tellLost();
  }

  private tellLost(): void {
    const listeners = Array.from(this.listeners);
    this.listeners.clear();
    for (const listener of listeners) listener.lost();
  }

  private take(events: readonly StateEvent[]): void {
    for (const event of events) {
      const change = changeOf(event);
      if (change === null) continue;
      const numbered = { index: event.revision, change };
      this.ring.push(numbered);
      for (const listener of this.listeners) listener.changed(numbered);
    }
    if (this.ring.length > KEPT * 2) {
      const dropped = this.ring.length - KEPT;
      this.since = this.ring[dropped - 1]!.index;
      this.ring = this.ring.slice(dropped);
    }
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
