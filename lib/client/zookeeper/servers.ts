import { TepuiError, assert, backoffMs, below, type BackoffOptions } from '../../base/index.js';
import { duration } from '../refusals.js';
import type { World } from '../system.js';

/** Delays between laps over all servers; within a lap the next one is tried at once. */
const BACKOFF: BackoffOptions = { firstMs: 30, maxMs: 1000, factor: 1.8 };

/** From the first byte to the session, which a group grants only with a quorum. Doubles with every lap. */
const GREETING_MS = 1000;
const MAX_GREETING_MS = 8000;

interface Place {
  readonly address: string;
  /** Why it was left; null: not tried since a server served. */
  trouble: string | null;
  untrusted: boolean;
}

/** A server that served for this long was good: the next failure starts counting anew. */
const SETTLED_MS = 1000;

/** The servers of an ensemble in an order drawn at the start, so that clients spread, and which of them to use. */
export class Servers {
  private readonly places: readonly Place[];
  private readonly world: World;
  private position = 0;
  private attempts = 0;
  /** Some server took a connection since one last served. */
  private reached = false;
  private servingSince = 0;
  /** Since when no server serves; null while one does. */
  private lostAt: number | null;

  constructor(addresses: readonly string[], world: World) {
    assert(addresses.length > 0, 'a client needs at least one server, got 0');
    this.world = world;
    this.places = shuffled([...new Set(addresses)], world).map((address) => {
      return { address, trouble: null, untrusted: false };
    });
    this.lostAt = world.clock.monotonicMs();
  }

  get current(): string {
    return this.places[this.position]!.address;
  }

  /** How long the current one may take from the first byte to the session. */
  greetingMs(): number {
    return Math.min(MAX_GREETING_MS, GREETING_MS * 2 ** Math.floor(this.attempts / this.places.length));
  }

  /** The current one serves the session. */
  serving(): void {
    this.servingSince = this.world.clock.monotonicMs();
    this.lostAt = null;
    this.reached = false;
    for (const place of this.places) place.trouble = null;
  }

  /** Moves on to the next one; returns how long to wait first, in ms. `reached`: it took the connection. */
  failed(error: TepuiError, reached: boolean): number {
    const place = this.places[this.position]!;
    place.trouble = reasonOf(error);
    place.untrusted = error.code === 'TLS';
    this.reached ||= reached && !place.untrusted;
    const nowMs = this.world.clock.monotonicMs();
    if (this.lostAt === null && nowMs - this.servingSince >= SETTLED_MS) this.attempts = 0;
    this.lostAt ??= nowMs;
    this.position = (this.position + 1) % this.places.length;
    this.attempts++;
    if (this.attempts % this.places.length !== 0) return 0;
    return backoffMs(BACKOFF, this.attempts / this.places.length - 1, this.world.random);
  }

  /** Why nothing gets through: UNREACHABLE, TLS, or NO_LEADER where a server was reached and granted no session. */
  trouble(): TepuiError {
    const forMs = this.lostAt === null ? 0 : this.world.clock.monotonicMs() - this.lostAt;
    const each = this.places.map(({ address, trouble }) => `${address} ${trouble ?? 'not answered yet'}`);
    const untrusted = this.places.every((place) => place.untrusted);
    const code = this.reached ? 'NO_LEADER' : untrusted ? 'TLS' : 'UNREACHABLE';
    const since = this.lostAt === null ? 'no answer' : `no serving server for ${duration(forMs)}`;
    return new TepuiError(code, `${since}: ${each.join('; ')}`, { fields: { forMs: Math.round(forMs) } });
  }
}

function reasonOf(error: TepuiError): string {
  const { reason } = error.fields;
  return typeof reason === 'string' ? reason : error.message;
}

function shuffled(list: readonly string[], { random }: World): string[] {
  const order = Array.from(list);
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
