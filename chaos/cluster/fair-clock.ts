import { readFileSync } from 'node:fs';

const TICK_MS = 100;

export interface FairClockPorts {
  /** Monotonic. */
  readonly nowMs: () => number;
  /** How long the process has waited for a processor since it began, in ms; null when nobody can tell. */
  readonly waitedMs: (pid: number) => number | null;
}

const SYSTEM: FairClockPorts = { nowMs: () => performance.now(), waitedMs };

/**
 * A clock that goes on only while the machine runs whoever has something to do: the time that the worst off of some
 * processes had to wait for a processor, or by which this process itself was late, does not count. What has a limit
 * by this clock is late by its own doing, on a machine however busy.
 */
export class FairClock {
  private readonly pids: () => readonly number[];
  private readonly ports: FairClockPorts;
  /** What each had waited at the last tick. */
  private waits: ReadonlyMap<number, number> = new Map();
  private timer: NodeJS.Timeout | null = null;
  private tickedMs = 0;
  private fairMs = 0;
  private starved = 0;

  /** `pids` are the processes that live now. */
  constructor(pids: () => readonly number[], ports: FairClockPorts = SYSTEM) {
    this.pids = pids;
    this.ports = ports;
  }

  start(): void {
    this.tickedMs = this.ports.nowMs();
    this.waits = this.look();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** Fair time since the start: never more than has passed. */
  nowMs(): number {
    return this.fairMs + Math.min(TICK_MS, this.ports.nowMs() - this.tickedMs);
  }

  /** Time since the start that does not count. */
  get starvedMs(): number {
    return this.starved;
  }

  /** Called by the timer. */
  tick(): void {
    const now = this.ports.nowMs();
    const passed = now - this.tickedMs;
    const waits = this.look();
    // Who is new has waited since it began, which was after the last tick.
    const others = [...waits].map(([pid, waited]) => waited - (this.waits.get(pid) ?? 0));
    const lost = Math.min(passed, Math.max(0, passed - TICK_MS, ...others));
    this.fairMs += passed - lost;
    this.starved += lost;
    this.tickedMs = now;
    this.waits = waits;
  }

  private look(): Map<number, number> {
    const waits = new Map<number, number>();
    for (const pid of this.pids()) {
      const waited = this.ports.waitedMs(pid);
      if (waited !== null) waits.set(pid, waited);
    }
    return waits;
  }
}

/** The second field is the time in the run queue, of the main thread, in ns. Elsewhere than on Linux there is none. */
function waitedMs(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return null;
  }
}
