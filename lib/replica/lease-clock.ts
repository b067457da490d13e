/**
 * The bound on clocks that leases assume: within the length of a lease, the monotonic clocks and timers of any two
 * members disagree by less than this share of the time. Real ones do by far less; a virtual machine that is frozen
 * and goes on without its clock having moved does not keep to it. Beyond the bound a lease promises nothing.
 */
export const LEASE_CLOCK_BOUND = 0.1;

/** Ticks whose times are remembered. */
const REMEMBERED_TICKS = 512;

/** What the ticks of consensus are worth on the clock of this process: says whether a lease counted in them holds. */
export class LeaseClock {
  private readonly times: number[] = [];
  private ticks = 0;

  /** To be called before consensus is given each tick. */
  ticked(nowMs: number): void {
    this.times[this.ticks++ % REMEMBERED_TICKS] = nowMs;
  }

  /** Whether a lease of `leaseMs` that was asked for `ageTicks` ago holds at `nowMs`. */
  holds(ageTicks: number, leaseMs: number, nowMs: number): boolean {
    if (ageTicks >= Math.min(this.ticks, REMEMBERED_TICKS)) return false;
    const askedMs = this.times[(this.ticks - 1 - ageTicks) % REMEMBERED_TICKS]!;
    return nowMs - askedMs < leaseMs * (1 - LEASE_CLOCK_BOUND);
  }
}
