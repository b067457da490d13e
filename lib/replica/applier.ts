import { assert, type NodeId } from '../base/index.js';
import type { Entry } from '../raft/types.js';
import type { ApplyObserver, Machine, StateEvent } from '../state/index.js';
import type { Lane } from './lane.js';

export interface ApplierHost {
  readonly node: NodeId;
  readonly lane: Lane;
  /** While an entry is applied: each change, right after the command that made it. */
  readonly event: (event: StateEvent) => void;
  /** After each entry: what changed. */
  readonly events: (events: readonly StateEvent[]) => void;
  /** `apply` threw: the entry is recorded and the member stops. */
  readonly broke: (index: number, error: unknown) => void;
  /** A state was installed that lies beyond the entry at which this member had to halt. */
  readonly passed: () => void;
}

/**
 * Applies committed entries in order. While the machine is being loaded (at start, or after a snapshot was
 * installed) entries wait here; past a halted index none is applied at all.
 */
export class Applier {
  private readonly host: ApplierHost;
  private machine: Machine | null = null;
  private everLoaded = false;
  private waiting: Entry[] = [];
  private index: number;
  private entryTerm = 0;
  /** Entries from here on are not applied: one of them broke the machine of this release. */
  private haltAt: number | null;
  private bytes = 0;
  private readonly observer: ApplyObserver;
  /** Of the entry that is being applied. */
  private applyingTerm = 0;
  /** What a listener threw meanwhile. */
  private fault: { readonly error: unknown } | null = null;

  constructor(host: ApplierHost, appliedIndex: number, haltAt: number | null) {
    this.host = host;
    this.observer = {
      event: (event) => {
        try {
          host.event(event);
        } catch (error) {
          this.fault ??= { error };
        }
      },
      result: ({ lane, boot, number }, position, result) => {
        if (boot !== host.lane.boot || lane !== host.node) return;
        try {
          host.lane.ran(number, position, result, this.applyingTerm);
        } catch (error) {
          this.fault ??= { error };
        }
      },
    };
    this.index = appliedIndex;
    this.haltAt = haltAt;
  }

  get appliedIndex(): number {
    return this.index;
  }

  /** Entry bytes applied since the start. */
  get appliedBytes(): number {
    return this.bytes;
  }

  /** Term of the last entry applied. */
  get appliedTerm(): number {
    return this.entryTerm;
  }

  /** Everything that may be applied is: the next entry broke the machine of this release. */
  get halted(): boolean {
    return this.haltAt !== null && this.index + 1 >= this.haltAt;
  }

  /** Whether there is an entry ahead that must not be applied. */
  get mustHalt(): boolean {
    return this.haltAt !== null;
  }

  /** Whether a machine is in place. */
  get ready(): boolean {
    return this.machine !== null;
  }

  /** Whether a machine was in place since the start. */
  get loaded(): boolean {
    return this.everLoaded;
  }

  /** The machine at `index` is in place: what waited is applied. */
  use(machine: Machine, index: number, term: number): void {
    this.machine = machine;
    this.everLoaded = true;
    this.index = index;
    this.entryTerm = term;
    // A state from beyond it was made by members that could apply it.
    if (this.haltAt !== null && index >= this.haltAt) {
      this.haltAt = null;
      this.host.passed();
    }
    this.waiting = this.waiting.filter((entry) => entry.index > index);
    this.drain();
  }

  /** The machine is about to be replaced. */
  suspend(): void {
    this.machine = null;
  }

  take(entries: readonly Entry[]): void {
    for (const entry of entries) this.waiting.push(entry);
    this.drain();
  }

  private drain(): void {
    if (this.machine === null || this.waiting.length === 0) return;
    const entries = this.waiting;
    this.waiting = [];
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (this.haltAt !== null && entry.index >= this.haltAt) {
        this.waiting = entries.slice(i);
        return;
      }
      if (!this.apply(this.machine, entry)) return;
    }
  }

  private apply(machine: Machine, entry: Entry): boolean {
    assert(
      entry.index === this.index + 1,
      () => `apply out of order: entry ${entry.index} after ${this.index}; was a committed entry lost?`,
    );
    if (entry.kind === 'normal') {
      let applied;
      try {
        this.applyingTerm = entry.term;
        applied = machine.apply(entry.index, entry.term, entry.data, this.observer);
      } catch (error) {
        this.machine = null;
        this.host.broke(entry.index, error);
        return false;
      }
      this.advance(entry);
      // A defect of whoever was told, not of the entry: this process ends by it, and applies the entry again.
      if (this.fault !== null) throw this.fault.error;
      for (const batch of applied.batches) {
        if (batch.skipped || batch.boot !== this.host.lane.boot || batch.lane !== this.host.node) continue;
        this.host.lane.applied(batch.number, batch.results, entry.term);
      }
      if (applied.events.length > 0) this.host.events(applied.events);
    } else this.advance(entry);
    return true;
  }

  private advance(entry: Entry): void {
    this.index = entry.index;
    this.bytes += entry.data.length;
    this.entryTerm = entry.term;
  }
}
