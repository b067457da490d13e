import { assert, type Clock, type Timers } from '../base/index.js';
import type { Configuration } from '../raft/types.js';
import type { Cut, Machine } from '../state/index.js';
import type { CutMeta, StateStore } from '../storage/types.js';
import type { ReplicaLimits } from './limits.js';

type CutState =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'encoding';
      readonly cut: Cut;
      readonly configuration: Configuration;
      readonly chain: Uint8Array;
    }
  | { readonly kind: 'writing'; readonly meta: CutMeta }
  /** The folder is being replaced, or the member has stopped: no cut may begin. */
  | { readonly kind: 'suspended' };

export interface CutsHost {
  readonly limits: ReplicaLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly machine: () => Machine | null;
  /** The last entry applied. */
  readonly applied: () => { readonly index: number; readonly term: number };
  readonly store: () => StateStore;
  /** The configuration in force at an applied index. */
  readonly configurationAt: (index: number) => Configuration;
  readonly chainAt: (index: number) => Uint8Array | null;
  readonly begins: (index: number) => void;
  /** The cut is durable. */
  readonly written: (meta: CutMeta) => void;
  readonly fatal: (error: unknown) => void;
}

const RECORDS_PER_STEP = 64;

/**
 * Writes the state in cuts: at index i the set of changed keys is frozen, encoded in slices of a few
 * milliseconds, and written in one synced batch that holds exactly the state at i.
 */
export class Cuts {
  private readonly host: CutsHost;
  private state: CutState = { kind: 'idle' };
  private lastMs: number;
  private afterCut: (() => void) | null = null;
  private stopped = false;

  constructor(host: CutsHost) {
    this.host = host;
    this.lastMs = host.clock.monotonicMs();
  }

  /** Begins a cut when one is due. Called on each tick and after large applies. */
  poll(): void {
    const machine = this.host.machine();
    if (this.state.kind !== 'idle' || machine === null) return;
    const { changedBytes, changedRecords } = machine.changes();
    if (changedRecords === 0) return;
    const elapsed = this.host.clock.monotonicMs() - this.lastMs;
    if (elapsed >= this.host.limits.cutIntervalMs || changedBytes >= this.host.limits.cutBytes)
      this.begin(machine);
  }

  /** A checkpoint was applied: the cut must be at exactly this index, so it begins within the apply. */
  checkpoint(): void {
    const machine = this.host.machine();
    if (machine === null) return;
    if (this.state.kind === 'encoding') this.finishEncoding(this.state.cut);
    // A cut that is still being written keeps this member from reporting at this checkpoint; the next will do.
    if (this.state.kind === 'idle' && this.afterCut === null) this.begin(machine);
  }

  /**
   * No cut begins any more; `done` runs when none is under way. One that was begun is finished: the machine
   * counts what it froze as written.
   */
  suspend(done: () => void): void {
    assert(this.afterCut === null && this.state.kind !== 'suspended', 'cuts are suspended already');
    if (this.state.kind === 'idle') {
      this.state = { kind: 'suspended' };
      done();
    } else this.afterCut = done;
  }

  /** For good: what is being encoded is dropped. */
  stop(): void {
    this.stopped = true;
    if (this.state.kind !== 'writing') this.state = { kind: 'suspended' };
  }

  resume(): void {
    if (this.stopped) return;
    assert(this.state.kind === 'suspended', `cuts resumed while ${this.state.kind}`);
    this.state = { kind: 'idle' };
    this.lastMs = this.host.clock.monotonicMs();
  }

  private begin(machine: Machine): void {
    const { index, term } = this.host.applied();
    const cut = machine.beginCut(index, term);
    const chain = this.host.chainAt(cut.index);
    assert(chain !== null, () => `no chain hash at ${cut.index}: the log was compacted above the last cut`);
    this.host.begins(cut.index);
    this.state = { kind: 'encoding', cut, configuration: this.host.configurationAt(cut.index), chain };
    this.slice();
  }

  private slice(): void {
    if (this.state.kind !== 'encoding') return;
    const { cut } = this.state;
    const { clock, limits, timers } = this.host;
    const until = clock.monotonicMs() + limits.cutSliceMs;
    while (!cut.encodeSlice(RECORDS_PER_STEP)) {
      if (clock.monotonicMs() >= until) {
        timers.soon(() => this.slice());
        return;
      }
    }
    this.write();
  }

  private finishEncoding(cut: Cut): void {
    while (!cut.encodeSlice(RECORDS_PER_STEP));
    this.write();
  }

  private write(): void {
    assert(this.state.kind === 'encoding', `cut written while ${this.state.kind}`);
    const { cut, configuration, chain } = this.state;
    const { index, term, revision, digest } = cut;
    const meta: CutMeta = { index, term, revision, digest, configuration, chain };
    this.state = { kind: 'writing', meta };
    this.lastMs = this.host.clock.monotonicMs();
    this.host
      .store()
      .writeCut(meta, cut.records, cut.deletions, cut.whole)
      .then(
        () => {
          cut.release();
          this.finish(meta);
        },
        (error: unknown) => this.host.fatal(error),
      );
  }

  private finish(meta: CutMeta): void {
    if (this.stopped) return;
    const then = this.afterCut;
    this.afterCut = null;
    this.state = then === null ? { kind: 'idle' } : { kind: 'suspended' };
    this.host.written(meta);
    then?.();
  }
}
