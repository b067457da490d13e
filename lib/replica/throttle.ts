import type { Clock, Timers } from '../base/index.js';
import type { LogSyncs } from '../storage/types.js';

export interface PaceHost {
  /** The most that is sent, but in a hurry. */
  readonly bytesPerSecond: number;
  /** Whether commits gain more by an early end of the transfer than by its going slowly. */
  readonly hurry: () => boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Of the log of this member. */
  readonly logSyncs: () => LogSyncs;
}

/** What was felt during one wait: how late the loop was, and how long the log's last sync took if one ended. */
interface Strain {
  readonly loopMs: number;
  readonly syncMs: number;
}

/** Below these nobody minds. */
const EASY: Strain = { loopMs: 5, syncMs: 5 };
/** What is felt without the transfer counts as usual up to this percentile; the transfer may add half of it. */
const USUAL_PERCENTILE = 0.9;
const TOLERANCE = 1.5;

/** Strain with nothing sent is taken in so many steps, first after so many bytes and then this often. */
const LISTEN_STEPS = 40;
const LISTEN_STEP_MS = 10;
const LISTEN_AFTER_BYTES = 4 << 20;
const LISTEN_EVERY_MS = 10_000;

/** The rate falls by a third or so at each chunk with strain and recovers slowly: about one chunk in eight meets some. */
const SLOWER = 0.7;
const FASTER = 1.05;
/** A machine that is always under strain still sends at this part of the rate. */
const LEAST_PART = 1 / 4;
/** In a hurry it sends at this multiple of the rate, whatever is felt. */
const HURRY = 2;

/**
 * Decides when the next chunk of a transfer may go. From time to time it stops and listens how late the loop is and
 * how long syncs of the log take when nothing is sent; where they become clearly worse than that, it slows down, as
 * a background transfer does on a network whose delay rises (LEDBAT, RFC 6817).
 */
export class Throttle {
  private readonly host: PaceHost;
  private rate: number;
  /** When what was handed out has taken its time. */
  private dueMs: number;
  private bytes = 0;
  private listenAtMs = Infinity;
  private limit: Strain = EASY;
  private syncs: number;

  constructor(host: PaceHost) {
    this.host = host;
    this.rate = host.bytesPerSecond;
    this.dueMs = host.clock.monotonicMs();
    this.syncs = host.logSyncs().count;
  }

  /** Resolves when `bytes` may go. What was not used is not saved up for a burst. */
  async turn(bytes: number): Promise<void> {
    const { clock, bytesPerSecond, hurry } = this.host;
    if (this.bytes > 0) this.adapt(await this.wait(this.dueMs - clock.monotonicMs()));
    const quietBytes = Math.min(LISTEN_AFTER_BYTES, bytesPerSecond);
    const first = this.bytes < quietBytes && this.bytes + bytes >= quietBytes;
    if (first || clock.monotonicMs() >= this.listenAtMs) await this.listen();
    this.bytes += bytes;
    const rate = hurry() ? bytesPerSecond * HURRY : this.rate;
    this.dueMs = Math.max(this.dueMs, clock.monotonicMs()) + (bytes / rate) * 1000;
  }

  private adapt({ loopMs, syncMs }: Strain): void {
    const { bytesPerSecond } = this.host;
    const strained = loopMs > this.limit.loopMs || syncMs > this.limit.syncMs;
    this.rate = strained
      ? Math.max(bytesPerSecond * LEAST_PART, this.rate * SLOWER)
      : Math.min(bytesPerSecond, this.rate * FASTER);
  }

  private async listen(): Promise<void> {
    const heard: Strain[] = [];
    for (let step = 0; step < LISTEN_STEPS; step++) heard.push(await this.wait(LISTEN_STEP_MS));
    this.limit = {
      loopMs: limitOf(
        heard.map(({ loopMs }) => loopMs),
        EASY.loopMs,
      ),
      syncMs: limitOf(
        heard.map(({ syncMs }) => syncMs),
        EASY.syncMs,
      ),
    };
    this.listenAtMs = this.host.clock.monotonicMs() + LISTEN_EVERY_MS;
  }

  /** Waits at least a millisecond: without any wait there would be nothing to feel. */
  private async wait(delayMs: number): Promise<Strain> {
    const { clock, timers, logSyncs } = this.host;
    const untilMs = clock.monotonicMs() + Math.max(delayMs, 1);
    await new Promise<void>((resolve) => void timers.after(Math.max(delayMs, 1), resolve));
    const { count, lastMs } = logSyncs();
    const syncMs = count === this.syncs ? 0 : lastMs;
    this.syncs = count;
    return { loopMs: Math.max(clock.monotonicMs() - untilMs, 0), syncMs };
  }
}

function limitOf(heard: readonly number[], easy: number): number {
  const sorted = [...heard].sort((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length * USUAL_PERCENTILE)] ?? 0;
  return Math.max(easy, usual * TOLERANCE);
}
