import { exponentialUs } from '../network.js';
import { MS, type Schedule } from '../schedule.js';
import { check } from '../violation.js';
import type { Random } from '../../../lib/base/index.js';
import type { Doors } from './life.js';
import type { SimNode } from './node.js';
import type { SimWires } from './wire.js';

/** An answer, or none: the process is gone, or it took too long. */
export type Reply<T> = { readonly kind: 'answer'; readonly value: T } | { readonly kind: 'lost' };

/** Calls of clients to the doors of masters, over links that can be cut. */
export class Calls {
  readonly nodes: readonly SimNode[];
  readonly wires: SimWires;
  readonly schedule: Schedule;
  private readonly random: Random;
  /** A door that has not answered by then has forgotten the call (L7). */
  private readonly limitMs: number;

  constructor(
    nodes: readonly SimNode[],
    wires: SimWires,
    schedule: Schedule,
    random: Random,
    limitMs: number,
  ) {
    this.nodes = nodes;
    this.wires = wires;
    this.schedule = schedule;
    this.random = random;
    this.limitMs = limitMs;
  }

  sleep(meanMs: number): Promise<void> {
    return new Promise((resolve) => this.schedule.after(exponentialUs(this.random, meanMs), resolve));
  }

  /** `meanMs` from now, exactly (or spread around it). */
  after(meanMs: number, callback: () => void, exact: boolean = false): void {
    this.schedule.after(exact ? meanMs * MS : exponentialUs(this.random, meanMs), callback);
  }

  /** Machine `from` asks node `to`; `ask` runs there and calls its second argument once. */
  ask<T>(
    from: number,
    to: number,
    patienceMs: number,
    ask: (doors: Doors, reply: (value: T) => void) => void,
    limitMs: number = this.limitMs,
  ): Promise<Reply<T>> {
    return new Promise((resolve) => {
      let open = true;
      const end = (reply: Reply<T>): void => {
        if (open) resolve(reply);
        open = false;
      };
      const answer = (reply: Reply<T>): void => {
        this.schedule.after(this.wires.delayUs(to, from), () => {
          if (!this.wires.isCut(to, from)) end(reply);
        });
      };
      this.schedule.after(patienceMs * MS, () => end({ kind: 'lost' }));
      this.schedule.after(this.wires.delayUs(from, to), () => {
        if (!this.wires.isCut(from, to)) this.arrive(this.nodes[to]!, ask, answer, limitMs);
      });
    });
  }

  private arrive<T>(
    node: SimNode,
    ask: (doors: Doors, reply: (value: T) => void) => void,
    answer: (reply: Reply<T>) => void,
    limitMs: number,
  ): void {
    const { life } = node;
    if (life === null) return node.dark ? undefined : answer({ kind: 'lost' });
    life.host.deliver(() => {
      const { doors } = life;
      if (doors === null) return answer({ kind: 'lost' });
      let replied = false;
      const over = node.onEnd(() => {
        if (!node.dark) answer({ kind: 'lost' });
      });
      ask(doors, (value) => {
        check(!replied, 'L7', () => `${node.id} answers a call twice`);
        replied = true;
        over();
        if (life.host.alive) answer({ kind: 'answer', value });
      });
      const overdue = (): void =>
        check(replied, 'L7', () => `${node.id} has not answered a call for ${limitMs} ms`);
      // What fell due while the process stood still runs first.
      life.host.after(limitMs, () => life.host.after(300, overdue));
    });
  }
}
