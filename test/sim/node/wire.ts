import { TepuiError, chance, type Random } from '../../../lib/base/index.js';
import type { PeerChannel, PeerDoor, PeerWire, ProbeResult } from '../../../lib/transport/wire.js';
import { exponentialUs } from '../network.js';
import { MS, type Schedule } from '../schedule.js';
import type { Host } from './host.js';
import { SimStream } from './stream.js';

export interface WireOptions {
  readonly minMs: number;
  /** Mean of the exponential part of the one-way delay. */
  readonly meanMs: number;
  /** Chance, per message, that a packet is lost: everything behind it waits for the retransmission. */
  readonly loss: number;
  /** Chance, per message, that the connection breaks. */
  readonly breaks: number;
}

/** TCP sends a lost packet again after this long, and one that met a cut path within this long after the heal. */
const RETRANSMIT_MS = 200;

/** A machine, and the port that is dialled there. */
interface Place {
  readonly to: number;
  readonly port: number;
}

interface Server {
  readonly port: number;
  readonly door: PeerDoor;
  readonly host: Host;
}

/** One way of a connection: what was sent keeps its order. */
interface Way {
  readonly from: number;
  readonly to: number;
  /** When the last message sent so far arrives. */
  lastAt: number;
  /** What met a cut path. */
  held: (() => void)[];
}

interface Connection {
  readonly port: number;
  readonly client: Host;
  readonly there: Way;
  readonly back: Way;
  readonly streams: Set<SimStream<never, never>>;
  /** The process that took it, once it has. */
  server: Server | null;
  /** Nothing is carried any more. */
  open: boolean;
}

type AnyStream = SimStream<never, never>;

/**
 * Connections between machines, as TCP makes them: in order, and whole until they break. Machines are numbers; a
 * path can be cut in one direction, slowed down and mended.
 */
export class SimWires {
  readonly slow: number[];
  delivered = 0;
  broken = 0;
  private readonly size: number;
  private readonly schedule: Schedule;
  private readonly random: Random;
  private readonly cuts: number[];
  private readonly doors: (Server | null)[];
  /** A machine without power answers nothing. */
  private readonly dark: boolean[];
  private readonly connections = new Set<Connection>();
  options: WireOptions;

  constructor(size: number, options: WireOptions, schedule: Schedule, random: Random) {
    this.size = size;
    this.options = options;
    this.schedule = schedule;
    this.random = random;
    this.cuts = Array.from({ length: size * size }, () => 0);
    this.slow = Array.from({ length: size * size }, () => 1);
    this.doors = Array.from({ length: size }, () => null);
    this.dark = Array.from({ length: size }, () => false);
  }

  static address(machine: number, port: number = 1): string {
    return `m${machine + 1}:${port}`;
  }

  /** The wire of one life of the process on `machine`. */
  wire(machine: number, host: Host, port: number = 1): PeerWire {
    return {
      listen: async (door) => {
        if (!host.alive) return;
        if (this.doors[machine]?.host.alive === true) throw new TepuiError('PORT_IN_USE', 'it is in use');
        this.doors[machine] = { door, host, port };
      },
      close: async () => {
        if (this.doors[machine]?.host !== host) return;
        this.ended(machine, host);
      },
      channel: (address) => this.channel(machine, host, placeOf(address)),
      probe: (address, done) => this.probe(machine, host, placeOf(address), done),
    };
  }

  cut(from: number, to: number): void {
    this.cuts[from * this.size + to]!++;
  }

  /** Ends one cut of the path; what it held back arrives after a retransmission. */
  mend(from: number, to: number): void {
    const at = from * this.size + to;
    if (this.cuts[at]! > 0) this.cuts[at]!--;
    if (this.cuts[at]! > 0) return;
    for (const connection of this.connections) {
      for (const way of [connection.there, connection.back]) {
        if (way.from === from && way.to === to && way.held.length > 0) this.release(connection, way);
      }
    }
  }

  mendAll(): void {
    for (let at = 0; at < this.cuts.length; at++) {
      if (this.cuts[at]! > 0) {
        this.cuts[at] = 1;
        this.mend(Math.floor(at / this.size), at % this.size);
      }
    }
    this.slow.fill(1);
  }

  isCut(from: number, to: number): boolean {
    return this.cuts[from * this.size + to]! > 0;
  }

  /** The process is gone; its kernel resets what it held. */
  ended(machine: number, host: Host): void {
    if (this.doors[machine]?.host === host) this.doors[machine] = null;
    for (const connection of Array.from(this.connections)) {
      if (connection.client === host || connection.server?.host === host) this.reset(connection, machine);
    }
  }

  /** The power of the machine is gone: nobody is told. */
  powerLost(machine: number): void {
    this.doors[machine] = null;
    this.dark[machine] = true;
  }

  /** It is back, and resets connections that it knows nothing of. */
  powerBack(machine: number): void {
    this.dark[machine] = false;
    for (const connection of Array.from(this.connections)) {
      const { client, server, there } = connection;
      const dead =
        (there.from === machine && !client.alive) || (there.to === machine && server?.host.alive === false);
      if (dead) this.reset(connection, machine);
    }
  }

  /** Time (µs) that one message takes between two machines. */
  delayUs(from: number, to: number): number {
    const { minMs, meanMs, loss } = this.options;
    const lost = loss > 0 && chance(this.random, loss) ? RETRANSMIT_MS * MS : 0;
    const slow = this.slow[from * this.size + to]!;
    return lost + slow * (minMs * MS + exponentialUs(this.random, meanMs));
  }

  // -------------------------------------------------------------------------------------------------------

  private channel(machine: number, host: Host, { to, port }: Place): PeerChannel {
    const connection: Connection = {
      port,
      client: host,
      there: { from: machine, to, lastAt: 0, held: [] },
      back: { from: to, to: machine, lastAt: 0, held: [] },
      streams: new Set(),
      server: null,
      open: true,
    };
    this.connections.add(connection);
    return {
      stream: () => this.stream(connection, (door, stream) => door.stream(stream.incoming)),
      sendSnapshot: () => this.stream(connection, (door, stream) => door.sendSnapshot(stream.incoming)),
      introduce: (hello, deadlineMs) => this.call(connection, deadlineMs, (door) => door.introduce(hello)),
      form: (request, deadlineMs) => this.call(connection, deadlineMs, (door) => door.form(request)),
      join: (request, deadlineMs) => this.call(connection, deadlineMs, (door) => door.join(request)),
      close: () => this.close(connection),
    };
  }

  private stream<Request, Response>(
    connection: Connection,
    accept: (door: PeerDoor, stream: SimStream<Request, Response>) => void,
  ): SimStream<Request, Response>['outgoing'] {
    const stream = new SimStream<Request, Response>(
      (effect) => this.send(connection, connection.there, effect),
      (effect) => this.send(connection, connection.back, effect),
    );
    connection.streams.add(stream as unknown as AnyStream);
    this.send(connection, connection.there, () => accept(connection.server!.door, stream));
    return stream.outgoing;
  }

  private call<T>(
    connection: Connection,
    deadlineMs: number,
    ask: (door: PeerDoor) => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = new TepuiError('DEADLINE', `no answer within ${deadlineMs} ms`);
      const deadline = connection.client.after(deadlineMs, () => reject(late));
      const answer = (settle: () => void): void => {
        this.send(connection, connection.back, () => {
          deadline.cancel();
          settle();
        });
      };
      this.send(connection, connection.there, () => {
        ask(connection.server!.door).then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    });
  }

  private probe(
    machine: number,
    host: Host,
    { to, port }: Place,
    done: (result: ProbeResult) => void,
  ): () => void {
    let wanted = true;
    const answer = (): void => {
      if (this.isCut(to, machine) || this.dark[to]) return;
      const door = this.doors[to] ?? null;
      const listening = door !== null && door.host.alive && door.port === port;
      this.schedule.after(this.delayUs(to, machine), () =>
        host.deliver(() => {
          if (wanted) done(listening ? { kind: 'listening' } : { kind: 'refused' });
        }),
      );
    };
    this.schedule.after(this.delayUs(machine, to), () => {
      if (!this.isCut(machine, to)) answer();
    });
    return () => {
      wanted = false;
    };
  }

  private send(connection: Connection, way: Way, effect: () => void): void {
    if (!connection.open || (way === connection.there && !connection.client.alive)) return;
    if (way === connection.back && connection.server?.host.alive === false) return;
    const { breaks } = this.options;
    if (breaks > 0 && chance(this.random, breaks)) {
      this.broken++;
      return this.reset(connection, null);
    }
    way.lastAt = Math.max(way.lastAt, this.schedule.now + this.delayUs(way.from, way.to));
    this.schedule.after(way.lastAt - this.schedule.now, () => this.arrive(connection, way, effect));
  }

  private arrive(connection: Connection, way: Way, effect: () => void): void {
    if (!connection.open) return;
    if (way.held.length > 0 || this.isCut(way.from, way.to)) way.held.push(effect);
    else this.take(connection, way, effect);
  }

  private take(connection: Connection, way: Way, effect: () => void): void {
    this.delivered++;
    if (way === connection.back) return connection.client.deliver(effect);
    if (connection.server === null) {
      if (this.dark[way.to]) return;
      const door = this.doors[way.to];
      if (door?.port !== connection.port) return this.reset(connection, way.to);
      connection.server = door;
    }
    // A process that died without its kernel having said so yet.
    connection.server.host.deliver(effect);
  }

  private release(connection: Connection, way: Way): void {
    this.schedule.after(exponentialUs(this.random, RETRANSMIT_MS), () => {
      if (!connection.open || this.isCut(way.from, way.to)) return;
      const { held } = way;
      way.held = [];
      for (const effect of held) this.take(connection, way, effect);
    });
  }

  /** The dialling side lets go: what it sent still arrives, then the other side learns of the end. */
  private close(connection: Connection): void {
    const error = new TepuiError('OUTCOME_UNKNOWN', 'closed here', { fields: { grpcStatus: 1 } });
    for (const stream of connection.streams) stream.closeClient(error);
    this.send(connection, connection.there, () => {
      connection.open = false;
      this.connections.delete(connection);
      for (const stream of connection.streams) stream.closeServer();
    });
  }

  /** Each end learns it by itself when the path to it is whole; `by`: the machine that says so (null: neither). */
  private reset(connection: Connection, by: number | null): void {
    if (!connection.open) return;
    connection.open = false;
    this.connections.delete(connection);
    const { client, server, there, back } = connection;
    const error = new TepuiError('OUTCOME_UNKNOWN', 'connection dropped', { fields: { grpcStatus: 14 } });
    this.tell(back, client, by, () => {
      for (const stream of connection.streams) stream.closeClient(error);
    });
    if (server === null) return;
    this.tell(there, server.host, by, () => {
      for (const stream of connection.streams) stream.closeServer();
    });
  }

  private tell(way: Way, host: Host, by: number | null, effect: () => void): void {
    const delay = by === way.to ? 0 : this.delayUs(way.from, way.to);
    this.schedule.after(delay, () => {
      if (by === way.to || !this.isCut(way.from, way.to)) host.deliver(effect);
    });
  }
}

function placeOf(address: string): Place {
  const [, machine, port] = /^m(\d+):(\d+)$/.exec(address)!;
  return { to: Number(machine) - 1, port: Number(port) };
}
