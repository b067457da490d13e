import { TepuiError, assert, backoffMs, type BackoffOptions } from '../base/index.js';
import type { Dial, Door } from './door.js';
import { duration } from './refusals.js';
import type { World } from './system.js';

/** Delays between laps over all addresses; within a lap the next address is tried at once. */
const BACKOFF: BackoffOptions = { firstMs: 30, maxMs: 400, factor: 1.6 };

/**
 * How long a connection may take: a stopped process accepts it and says nothing. Doubles with every lap, for
 * networks on which everybody needs longer.
 */
const CONNECT_TIMEOUT_MS = 300;
const MAX_CONNECT_TIMEOUT_MS = 2400;

/** A connection that served for this long was good: the next failure starts counting anew. */
const SETTLED_MS = 1000;

interface Place {
  readonly address: string;
  door: Door | null;
  /** Why the last attempt failed; null after a success. */
  trouble: TepuiError | null;
}

/**
 * The addresses of a group and which of them to use. Every member serves everything (followers relay), so any
 * that answers and has a leader will do; the one that worked last is kept until it fails.
 */
export class Endpoints {
  readonly addresses: readonly string[];
  private readonly places: readonly Place[];
  private readonly dial: Dial;
  private readonly world: World;
  private position = 0;
  /** Failed attempts since a connection last settled. */
  private attempts = 0;
  /** When the current door began to serve; null while none does. */
  private servingSince: number | null = null;
  /** When serving was last lost; null while a door serves. */
  private lostAt: number | null;

  constructor(addresses: readonly string[], dial: Dial, world: World) {
    assert(addresses.length > 0, 'a client needs at least one address, got 0');
    this.addresses = [...new Set(addresses)];
    this.places = this.addresses.map((address) => ({ address, door: null, trouble: null }));
    this.dial = dial;
    this.world = world;
    this.lostAt = world.clock.monotonicMs();
  }

  /** The door to use now, dialled if need be. Stays the same until `failed` is told of it. */
  current(): Door {
    const place = this.places[this.position]!;
    place.door ??= this.dial(place.address);
    return place.door;
  }

  /** The door in use if its member serves, else null. */
  servingDoor(): Door | null {
    return this.servingSince === null ? null : this.places[this.position]!.door;
  }

  /** How long the current door has to become ready. */
  connectTimeoutMs(): number {
    const laps = Math.floor(this.attempts / this.places.length);
    return Math.min(MAX_CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_MS * 2 ** laps);
  }

  /** The door answers and its member serves. */
  serving(door: Door): void {
    if (!this.isCurrent(door) || this.servingSince !== null) return;
    this.servingSince = this.world.clock.monotonicMs();
    this.lostAt = null;
    this.places[this.position]!.trouble = null;
  }

  /**
   * The door did not serve: moves on to the next address and returns how long to wait first, in ms. Told by
   * several users of one door, only the first moves. A member that merely refused keeps its connection for
   * the next lap (`keep`); a broken or stuck one is destroyed, because a gRPC channel may never recover.
   */
  failed(door: Door, error: TepuiError, keep = false): number {
    const current = this.isCurrent(door);
    const delayMs = current ? this.advance(error, keep) : 0;
    // Only now: users of the same door hear of it at once, and must find the next one in place.
    if (!keep) door.close();
    return delayMs;
  }

  /** How long no member has served, in ms; 0 while one does. */
  troubledMs(): number {
    return this.lostAt === null ? 0 : this.world.clock.monotonicMs() - this.lostAt;
  }

  /** Why nothing gets through, for people. */
  trouble(): string {
    const each = this.places.map((place) => `${place.address} ${reasonOf(place.trouble)}`);
    return `no serving master for ${duration(this.troubledMs())}: ${each.join('; ')}`;
  }

  /** DIVERGED or NO_LEADER when at least one member was reached, else UNREACHABLE or TLS. All mean that nothing was done. */
  troubleError(): TepuiError {
    const troubles = this.places.map((place) => place.trouble);
    const answered = troubles.some((trouble) => trouble !== null && wasReached(trouble));
    const untrusted = troubles.every((trouble) => trouble?.code === 'TLS');
    const diverged = troubles.some((trouble) => trouble?.code === 'DIVERGED');
    const code = diverged ? 'DIVERGED' : answered ? 'NO_LEADER' : untrusted ? 'TLS' : 'UNREACHABLE';
    return new TepuiError(code, this.trouble(), {
      fields: { addresses: this.addresses, forMs: Math.round(this.troubledMs()) },
    });
  }

  close(): void {
    for (const place of this.places) {
      place.door?.close();
      place.door = null;
    }
    this.servingSince = null;
  }

  private advance(error: TepuiError, keep: boolean): number {
    const now = this.world.clock.monotonicMs();
    const place = this.places[this.position]!;
    place.trouble = error;
    if (!keep) place.door = null;
    if (this.servingSince !== null && now - this.servingSince >= SETTLED_MS) this.attempts = 0;
    this.servingSince = null;
    this.lostAt ??= now;
    this.position = (this.position + 1) % this.places.length;
    this.attempts++;
    if (this.attempts % this.places.length !== 0) return 0;
    return backoffMs(BACKOFF, this.attempts / this.places.length - 1, this.world.random);
  }

  private isCurrent(door: Door): boolean {
    return this.places[this.position]!.door === door;
  }
}

/** `refused` for a refused connection, else what the member said: short, to list members side by side. */
function reasonOf(error: TepuiError | null): string {
  if (error === null) return 'not answered yet';
  const reason = error.fields['reason'];
  if (typeof reason === 'string') return reason;
  if (error.code === 'DEADLINE') return 'gave no answer in time';
  if (error.code === 'OUTCOME_UNKNOWN') return 'lost the connection';
  return `says ${error.code} (${error.message})`;
}

function wasReached({ code }: TepuiError): boolean {
  return code !== 'UNREACHABLE' && code !== 'TLS';
}
