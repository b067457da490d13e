import { memberOf, type Logger } from '../base/index.js';
import type { Configuration } from '../raft/types.js';
import { comparePoints, type LogPoint, type RaftLog } from '../storage/index.js';
import type { NodeId } from '../base/index.js';
import { AcknowledgedGate } from './acknowledged-gate.js';

/** A majority answers within milliseconds if it is there. */
const PATIENCE_MS = 2_000;

export interface StandingHost {
  readonly node: NodeId;
  readonly log: RaftLog;
  readonly logger: Logger;
  readonly retryMs: number;
  readonly nowMs: () => number;
  /** Asks the leader for a read index; returns the number that the answer will carry. */
  readonly askIndex: () => number;
  /** Index up to which this member knows the log to be committed. */
  readonly commit: () => number;
  /** `good` or `recovering` changed. */
  readonly changed: () => void;
  /** This folder forgot its term, and with it perhaps votes: it must never take part again. */
  readonly forgot: (message: string) => void;
  readonly fatal: (error: unknown) => void;
}

/**
 * Whether this member may take part, and whether its vote may count.
 *
 *   waiting ──── a majority has told what we acknowledged ────► good
 *      │                                                         │
 *      ├── log damaged, or shorter than that ──► recovering ◄────┘ (a peer that was away knows of more)
 *      └── too few are left to be asked ─────────────┘ │
 *                                                      └── log complete again ──► good
 *
 * A member whose peers know it from a later term than it remembers is a copy from the past: term and vote are synced
 * before anything of the term leaves, so no other damage makes a folder forget them. It ends as this instance.
 *
 * Of whom to ask, the configuration at the end of its log tells, and those may be gone for good: it was away while the
 * group changed. When it is written to all the same and has waited long enough, it recovers as if its log had been
 * found damaged, which needs nobody's answer but a leader's.
 *
 * A recovering member may have forgotten entries that it once helped to commit. It is whole again when its log
 * reaches everything that it is known to have acknowledged, and everything that the group had committed when it
 * asked: a read index, which a leader gives only after a quorum has confirmed it since.
 */
export class Standing {
  private readonly host: StandingHost;
  private readonly gate: AcknowledgedGate;
  private waiting = true;
  private isRecovering: boolean;
  /** It recovers only because too few have answered: if enough do after all, that is over. */
  private unheard = false;
  private readonly begunMs: number;
  /** Number of the last question for a read index, and when it was asked. */
  private asked: { readonly context: number; readonly atMs: number } | null = null;
  /** The log has to reach this index. */
  private target: number | null = null;

  constructor(host: StandingHost, configuration: Configuration) {
    this.host = host;
    this.gate = new AcknowledgedGate(host.node, configuration);
    this.begunMs = host.nowMs();
    const { health } = host.log;
    this.isRecovering = health.kind === 'log-damaged';
    if (health.kind === 'log-damaged') this.gate.learned(health.promised);
  }

  /** Whether this member takes part at all. */
  get open(): boolean {
    return !this.waiting;
  }

  get recovering(): boolean {
    return this.isRecovering;
  }

  /** The group was formed just now: nobody can have acknowledged anything. */
  founded(): void {
    this.waiting = false;
    this.host.changed();
  }

  /** A peer said how far it knows us to have acknowledged. */
  heard(peer: NodeId, point: LogPoint): void {
    const { term } = this.host.log.hardState;
    if (point.term > term) {
      const message =
        `${memberOf(peer)} knows that this member held entry ${point.index} of term ${point.term}, and this folder ` +
        `knows no term above ${term}: it is a copy from the past that has forgotten votes`;
      return this.host.forgot(message);
    }
    this.gate.heard(peer, point);
    this.judge();
  }

  /** A member of the group writes to us about the log. */
  addressed(): void {
    if (!this.waiting || this.host.nowMs() - this.begunMs < PATIENCE_MS) return;
    this.host.logger.warn({}, 'too few of those whom this log names have answered: recovering');
    this.waiting = false;
    this.unheard = !this.isRecovering;
    this.isRecovering = true;
    this.host.changed();
  }

  /** Opens the gate when enough peers have spoken; begins to recover when they know of more than the log holds. */
  judge(): void {
    if ((this.waiting || this.unheard) && !this.gate.open) return;
    const before = this.waiting || this.unheard;
    if (this.unheard) this.isRecovering = false;
    this.unheard = false;
    this.waiting = false;
    const { promised } = this.gate;
    const last = this.lastPoint();
    const short = !this.isRecovering && comparePoints(promised, last) > 0;
    if (short) {
      this.isRecovering = true;
      this.host.logger.error({ promised, last }, 'peers know the log to have been longer: recovering');
    }
    if (before || short) this.host.changed();
  }

  /** Called on each tick. */
  tick(): void {
    if (!this.isRecovering || this.waiting) return;
    const now = this.host.nowMs();
    if (this.target === null && (this.asked === null || now - this.asked.atMs >= this.host.retryMs))
      this.asked = { context: this.host.askIndex(), atMs: now };
    this.check();
  }

  /** The answer to a question for a read index, perhaps ours; below 0: refused. */
  indexGiven(context: number, index: number): void {
    if (context !== this.asked?.context || index < 0) return;
    this.target = index;
    this.check();
  }

  /** The log grew, or more of it is known to be committed. */
  check(): void {
    const { target, host } = this;
    if (!this.isRecovering || target === null) return;
    const last = this.lastPoint();
    if (last.index < target || host.commit() < target || comparePoints(last, this.gate.promised) < 0) return;
    this.isRecovering = false;
    this.unheard = false;
    this.target = null;
    this.asked = null;
    host.logger.info({ last }, 'recovered: the log holds everything the group had committed');
    host.log.markRecovered().catch((error: unknown) => host.fatal(error));
    host.changed();
  }

  private lastPoint(): LogPoint {
    const index = this.host.log.lastIndex();
    return { term: this.host.log.termAt(index) ?? 0, index };
  }
}
