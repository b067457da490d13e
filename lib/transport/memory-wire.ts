import { TepuiError, type TimerHandle, type Timers } from '../base/index.js';
import { MemoryStream, type Carry } from './memory-stream.js';
import type { PeerChannel, PeerDoor, PeerWire, ProbeResult } from './wire.js';

/** One connection: what travels on it either way, and what to do when it breaks. */
interface Connection {
  readonly from: string;
  readonly to: string;
  /** Effects that a cut path holds back: TCP resends them after the heal, if the connection is still there. */
  readonly held: (() => void)[];
  readonly streams: Set<{ cut(): void }>;
  open: boolean;
  /** The machine at one end lost its power, and with it the connection: the other end has not noticed. */
  dead: boolean;
}

/**
 * A network in memory for tests and simulation: addresses, doors, connections. Everything arrives in the order
 * it was sent, after the timers' `soon`; nothing happens by itself. The path from one address to another can be
 * cut and healed, which concerns the connections that the first one dialled; a process can crash.
 */
export class MemoryNetwork {
  private readonly timers: Timers;
  private readonly doors: Map<string, PeerDoor> = new Map();
  private readonly connections: Set<Connection> = new Set();
  private readonly cuts: Set<string> = new Set();

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /** The wire of the process at `address`. */
  wire(address: string): PeerWire {
    return {
      listen: async (door) => {
        if (this.doors.has(address)) throw new TepuiError('PORT_IN_USE', `${address} is in use`);
        this.doors.set(address, door);
      },
      close: async () => {
        this.doors.delete(address);
        this.breakAll((connection) => connection.to === address);
      },
      channel: (to) => this.channel(address, to),
      probe: (to, done) => this.probe(address, to, done),
    };
  }

  /** Nothing passes any more on connections that `from` dials to `to`, those that exist included. */
  cut(from: string, to: string): void {
    this.cuts.add(`${from}>${to}`);
  }

  heal(from: string, to: string): void {
    this.cuts.delete(`${from}>${to}`);
    for (const connection of this.connections) {
      if (connection.from !== from || connection.to !== to) continue;
      for (const effect of connection.held.splice(0)) this.carry(connection, effect);
    }
  }

  /** As kill -9 of the process at `address`: its connections are reset, nothing listens there any more. */
  crash(address: string): void {
    this.doors.delete(address);
    this.breakAll(({ from, to }) => from === address || to === address);
  }

  /**
   * As a loss of power at `address`: nobody is told. What others send there is lost, until a process listens there again,
   * whose machine resets what it knows nothing of.
   */
  losePower(address: string): void {
    this.doors.delete(address);
    for (const connection of this.connections) {
      if (connection.from === address || connection.to === address) connection.dead = true;
    }
  }

  private isCut(from: string, to: string): boolean {
    return this.cuts.has(`${from}>${to}`);
  }

  private channel(from: string, to: string): PeerChannel {
    const connection: Connection = { from, to, held: [], streams: new Set(), open: true, dead: false };
    this.connections.add(connection);
    return {
      stream: () => this.stream(connection, (door, stream) => door.stream(stream.incoming)),
      sendSnapshot: () => this.stream(connection, (door, stream) => door.sendSnapshot(stream.incoming)),
      introduce: (hello, deadlineMs) => this.call(connection, deadlineMs, (door) => door.introduce(hello)),
      form: (request, deadlineMs) => this.call(connection, deadlineMs, (door) => door.form(request)),
      join: (request, deadlineMs) => this.call(connection, deadlineMs, (door) => door.join(request)),
      close: () => {
        this.close(connection);
      },
    };
  }

  private stream<Request, Response>(
    connection: Connection,
    accept: (door: PeerDoor, stream: MemoryStream<Request, Response>) => void,
  ): MemoryStream<Request, Response>['outgoing'] {
    const carry: Carry = (effect) => {
      this.carry(connection, effect);
    };
    const stream = new MemoryStream<Request, Response>(carry, carry);
    connection.streams.add(stream);
    carry(() => {
      const door = this.doors.get(connection.to);
      if (door === undefined) stream.cut();
      else accept(door, stream);
    });
    return stream.outgoing;
  }

  private call<T>(
    connection: Connection,
    deadlineMs: number,
    ask: (door: PeerDoor) => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline: TimerHandle = this.timers.after(deadlineMs, () => {
        reject(new TepuiError('DEADLINE', `${connection.to} did not answer within ${deadlineMs} ms`));
      });
      const answer = (settle: () => void): void => {
        this.carry(connection, () => {
          deadline.cancel();
          settle();
        });
      };
      this.carry(connection, () => {
        const door = this.doors.get(connection.to);
        if (door === undefined) {
          answer(() => {
            reject(new TepuiError('UNREACHABLE', `nothing listens at ${connection.to}`));
          });
          return;
        }
        ask(door).then(
          (value) => {
            answer(() => {
              resolve(value);
            });
          },
          (error: unknown) => {
            answer(() => {
              reject(error instanceof Error ? error : new Error(String(error)));
            });
          },
        );
      });
    });
  }

  private probe(from: string, to: string, done: (result: ProbeResult) => void): () => void {
    let wanted = true;
    this.timers.soon(() => {
      if (!wanted || this.isCut(from, to)) return;
      done(this.doors.has(to) ? { kind: 'listening' } : { kind: 'refused' });
    });
    return () => {
      wanted = false;
    };
  }

  private carry(connection: Connection, effect: () => void): void {
    this.timers.soon(() => {
      if (!connection.open) return;
      if (this.isCut(connection.from, connection.to)) connection.held.push(effect);
      else if (!connection.dead) effect();
      else if (this.doors.has(connection.to)) this.drop(connection);
    });
  }

  /** The dialling side lets go. What it sent before still arrives, then the other side learns of the end. */
  private close(connection: Connection): void {
    for (const stream of connection.streams) (stream as MemoryStream<unknown, unknown>).abandon();
    this.carry(connection, () => {
      this.drop(connection);
    });
  }

  private breakAll(concerned: (connection: Connection) => boolean): void {
    for (const connection of [...this.connections].filter(concerned)) this.drop(connection);
  }

  private drop(connection: Connection): void {
    connection.open = false;
    this.connections.delete(connection);
    for (const stream of connection.streams) stream.cut();
  }
}
