import { MS, type Schedule } from '../schedule.js';
import type { Doors } from './life.js';
import type { SimNode } from './node.js';
import type { SimWires } from './wire.js';

/** The far end of a line, in a master. */
export interface Far<Up> {
  message(message: Up): void;
  closed(): void;
}

/** What the master may do with a line. */
export interface FarSink<Down> {
  send(message: Down): void;
  end(why: string): void;
}

export interface LineListener<Down> {
  message(message: Down): void;
  /** Told once: by the master, or because the connection or the process is gone. */
  closed(why: string): void;
}

/** What met a cut path is tried again after this long. */
const RETRY_MS = 200;
/** A connection whose path stays cut is given up after this long. */
const GIVE_UP_MS = 8000;

/** One way of a line. */
interface Way {
  /** When what was sent last arrives. */
  at: number;
  /** What met a cut path; what is sent later waits behind it. */
  readonly held: (() => void)[];
}

/** A stream of a client to a door of a master: in order, until it breaks. */
export class Line<Up, Down> {
  private readonly from: number;
  private readonly node: SimNode;
  private readonly wires: SimWires;
  private readonly schedule: Schedule;
  private readonly listener: LineListener<Down>;
  private far: Far<Up> | null = null;
  private open = true;
  private readonly there: Way = { at: 0, held: [] };
  private readonly back: Way = { at: 0, held: [] };
  private forgetEnd: () => void = () => undefined;

  constructor(
    from: number,
    node: SimNode,
    wires: SimWires,
    schedule: Schedule,
    listener: LineListener<Down>,
    connect: (doors: Doors, sink: FarSink<Down>) => Far<Up>,
  ) {
    this.from = from;
    this.node = node;
    this.wires = wires;
    this.schedule = schedule;
    this.listener = listener;
    this.up(() => this.arrive(connect));
  }

  send(message: Up): void {
    this.up(() => this.far?.message(message));
  }

  /** The client lets go. */
  close(): void {
    if (!this.open) return;
    this.up(() => this.far?.closed());
    this.open = false;
  }

  private arrive(connect: (doors: Doors, sink: FarSink<Down>) => Far<Up>): void {
    const { life } = this.node;
    const doors = life?.doors ?? null;
    if (life === null || doors === null) return this.down(() => this.lost('nothing listens'));
    this.forgetEnd = this.node.onEnd(() => {
      // A machine without power tells nobody: the client finds out by itself.
      this.schedule.after(this.node.dark ? GIVE_UP_MS * MS : 0, () => this.lost('the process is gone'));
    });
    let over = false;
    // A process that ends in the middle of a turn says nothing more, whatever the rest of the turn does.
    const end = (why: string): void => {
      if (over || !life.host.alive) return;
      over = true;
      this.down(() => this.lost(why));
      const { far } = this;
      this.far = null;
      far?.closed();
    };
    const send = (message: Down): void => {
      if (life.host.alive) this.down(() => this.listener.message(message));
    };
    const sink = { send, end };
    this.far = connect(doors, sink);
    if (over) this.far = null;
  }

  private up(effect: () => void): void {
    if (!this.open) return;
    const { life } = this.node;
    this.carry(this.from, this.node.number, this.there, () => {
      if (life === null) this.down(() => this.lost('nothing listens'));
      else if (this.node.life === life) life.host.deliver(effect);
    });
  }

  private down(effect: () => void): void {
    this.carry(this.node.number, this.from, this.back, () => {
      if (this.open) effect();
    });
  }

  private carry(from: number, to: number, way: Way, effect: () => void): void {
    way.at = Math.max(way.at, this.schedule.now + this.wires.delayUs(from, to));
    this.schedule.after(way.at - this.schedule.now, () => {
      if (way.held.length === 0 && !this.wires.isCut(from, to)) return effect();
      way.held.push(effect);
      if (way.held.length === 1) this.retry(from, to, way, this.schedule.now);
    });
  }

  private retry(from: number, to: number, way: Way, since: number): void {
    this.schedule.after(RETRY_MS * MS, () => {
      if (!this.wires.isCut(from, to)) for (const effect of way.held.splice(0)) effect();
      else if (this.schedule.now - since > GIVE_UP_MS * MS) this.lost('the path is cut');
      else this.retry(from, to, way, since);
    });
  }

  private lost(why: string): void {
    if (!this.open) return;
    this.open = false;
    this.forgetEnd();
    const { far, node } = this;
    this.far = null;
    if (far !== null) node.life?.host.deliver(() => far.closed());
    this.listener.closed(why);
  }
}
