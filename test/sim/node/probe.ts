import type { Life } from './life.js';
import type { SimNode } from './node.js';

const SESSION_MS = 600_000;

/** A question whether a member answers a new write: asked at its door, again and again until it does. */
export class Probe {
  private readonly node: SimNode;
  private asked: Life | null = null;
  private isAnswered = false;

  constructor(node: SimNode) {
    this.node = node;
  }

  answered(): boolean {
    if (!this.isAnswered) this.ask();
    return this.isAnswered;
  }

  private ask(): void {
    const { life } = this.node;
    const doors = life?.doors ?? null;
    if (life === null || doors === null || this.asked === life) return;
    this.asked = life;
    life.host.deliver(() =>
      doors.coordination.openSession(SESSION_MS, (answer) => {
        this.asked = null;
        // The machine itself may refuse to grow: that is an answer as well.
        if (answer.kind === 'done' || answer.code === 'GROWTH_REFUSED') this.isAnswered = true;
      }),
    );
  }
}
