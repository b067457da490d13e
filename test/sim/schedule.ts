/** One virtual clock and the events planned on it. Times are whole microseconds since the start of the run. */

interface Planned {
  readonly at: number;
  /** Breaks ties: of two events at one instant the one planned first runs first. */
  readonly order: number;
  readonly run: () => void;
}

export const MS = 1000;
export const SECOND = 1_000_000;

function before(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap of events. Nothing moves unless `step` is called: a run is a function of its seed. */
export class Schedule {
  now = 0;
  private readonly heap: Planned[] = [];
  private planned = 0;

  /** Runs `run` after `delayUs`; a delay of 0 runs after everything already planned for this instant. */
  after(delayUs: number, run: () => void): void {
    const event: Planned = { at: this.now + Math.max(0, Math.round(delayUs)), order: this.planned++, run };
    const heap = this.heap;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  /** Runs the next event; false when none is left. */
  step(): boolean {
    const next = this.heap[0];
    if (next === undefined) return false;
    this.removeTop();
    this.now = next.at;
    next.run();
    return true;
  }

  private removeTop(): void {
    const heap = this.heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}
