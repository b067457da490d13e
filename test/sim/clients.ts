import { ByteWriter, below, between, chance, type Random } from '../../lib/base/index.js';
import type { ClientOptions } from './options.js';
import { exponentialUs } from './network.js';
import { SECOND, type Schedule } from './schedule.js';

/** What a client sees of the group. */
export interface ClientDoor {
  /** Number of nodes a client may address. */
  readonly size: number;
  /** True when the node took the proposal, and its answer will come or not. */
  propose(at: number, datas: readonly Uint8Array[], ids: readonly number[]): boolean;
  read(at: number): void;
  /** Where a node that refused says the leader is, or null. */
  leaderHint(at: number): number | null;
  /** Begins a call; returns the number of its operation. */
  call(): number;
  /** Whether the fate of the operation is known. */
  finished(id: number): boolean;
}

const CLIENTS = 3;
/** A client that waits this long without an answer asks elsewhere. */
const PATIENCE_US = SECOND;

interface Client {
  /** The node this client takes for the leader. */
  belief: number;
  /** Its last proposal that was taken, and when. */
  open: { readonly id: number; readonly since: number } | null;
}

/** A few clients, each with its own idea of who leads: some stay with a deposed leader for a while. */
export class Clients {
  private readonly door: ClientDoor;
  private readonly options: ClientOptions;
  private readonly schedule: Schedule;
  private readonly random: Random;
  private readonly clients: Client[];
  private stopped = false;

  constructor(door: ClientDoor, options: ClientOptions, schedule: Schedule, random: Random) {
    this.door = door;
    this.options = options;
    this.schedule = schedule;
    this.random = random;
    this.clients = Array.from({ length: CLIENTS }, () => ({ belief: below(random, door.size), open: null }));
  }

  start(): void {
    this.repeat(this.options.proposalsPerSecond, (client) => this.propose(client));
    this.repeat(this.options.readsPerSecond, (client) => this.door.read(this.target(client)));
  }

  stop(): void {
    this.stopped = true;
  }

  /** Proposes `count` operations at one node, one by one, whatever becomes of them. */
  flood(at: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const id = this.door.call();
      this.door.propose(at, [this.payload(id)], [id]);
    }
  }

  private repeat(perSecond: number, action: (client: Client) => void): void {
    this.schedule.after(exponentialUs(this.random, 1000 / perSecond), () => {
      if (this.stopped) return;
      // Bursts fill windows and batches.
      const burst = chance(this.random, 0.05) ? between(this.random, 2, 12) : 1;
      const client = this.clients[below(this.random, CLIENTS)]!;
      for (let i = 0; i < burst; i++) action(client);
      this.repeat(perSecond, action);
    });
  }

  private propose(client: Client): void {
    this.loseFaith(client);
    const at = this.target(client);
    const size = chance(this.random, 0.1) ? between(this.random, 2, 5) : 1;
    const ids = Array.from({ length: size }, () => this.door.call());
    const datas = ids.map((id) => this.payload(id));
    if (this.door.propose(at, datas, ids)) {
      client.belief = at;
      client.open ??= { id: ids[0]!, since: this.schedule.now };
    } else if (at === client.belief) {
      client.belief = this.door.leaderHint(at) ?? below(this.random, this.door.size);
    }
  }

  private loseFaith(client: Client): void {
    const { open } = client;
    if (open === null) return;
    const answered = this.door.finished(open.id);
    if (!answered && this.schedule.now - open.since < PATIENCE_US) return;
    client.open = null;
    if (!answered) client.belief = below(this.random, this.door.size);
  }

  private target(client: Client): number {
    return chance(this.random, this.options.stray) ? below(this.random, this.door.size) : client.belief;
  }

  private payload(id: number): Uint8Array {
    const writer = new ByteWriter(16 + this.options.maxPayloadBytes).u32(id);
    const size = below(this.random, this.options.maxPayloadBytes + 1);
    for (let i = 0; i < size; i++) writer.u8(id + i);
    return writer.finish();
  }
}

/** The operation number in an entry's data. */
export function operationOf(data: Uint8Array): number {
  return (data[0]! | (data[1]! << 8) | (data[2]! << 16) | (data[3]! << 24)) >>> 0;
}
