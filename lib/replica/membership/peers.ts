import { memberOf, type MemberId } from '../../base/index.js';
import { membersOf, type Configuration } from '../../raft/index.js';
import type { Transport } from '../../transport/types.js';
import type { Roster } from '../roster.js';
import type { AddressBook } from './addresses.js';

/** Who leaves the group is dialled a little longer: it gets the answers that are on their way, and the news. */
const FAREWELL_MS = 2000;

/** How often addresses that do not answer are looked at. */
const LOOK_MS = 200;

export interface PeersHost {
  readonly self: MemberId;
  readonly founders: Iterable<MemberId>;
  readonly addresses: AddressBook;
  readonly roster: Roster;
  readonly transport: () => Transport;
  readonly nowMs: () => number;
}

/** Who the other members are at present, and that each is dialled at the address where it is. */
export class Peers {
  private readonly host: PeersHost;
  private configuration: Configuration | null = null;
  private members: Set<MemberId>;
  private readonly leaving = new Map<MemberId, number>();
  /**
   * Not in the configuration here, but members to another member: they may have come while this one was away, and one
   * of them may lead, from whom alone it can learn that they are members (thesis §4.1: a server takes entries from a
   * leader that is not in its configuration). Those that left are told so by their folders all the same.
   */
  private readonly vouched = new Set<MemberId>();
  private dialled: ReadonlyMap<MemberId, string> = new Map();
  private lookedMs = -Infinity;

  constructor(host: PeersHost) {
    this.host = host;
    this.members = new Set(host.founders);
  }

  /** All members but this one. */
  get ids(): ReadonlySet<MemberId> {
    return this.members;
  }

  accepts(member: MemberId): boolean {
    return this.members.has(member) || this.leaving.has(member) || this.vouched.has(member);
  }

  /** Members that are known before a configuration is: told to this one when it was let in. */
  add(members: Iterable<MemberId>): void {
    for (const id of members) if (id !== this.host.self) this.members.add(id);
  }

  /** Another member speaks with these. */
  vouch(members: Iterable<MemberId>): void {
    for (const id of members) if (id !== this.host.self && !this.members.has(id)) this.vouched.add(id);
  }

  /** Called on each tick. `configuration`: the one in force, or null while there is none. */
  look(configuration: Configuration | null): void {
    const nowMs = this.host.nowMs();
    const changed = configuration !== this.configuration;
    if (!changed && nowMs - this.lookedMs < LOOK_MS) return;
    this.lookedMs = nowMs;
    if (changed) this.take(configuration, nowMs);
    for (const [member, untilMs] of this.leaving) if (nowMs >= untilMs) this.leaving.delete(member);
    this.dial();
  }

  /** Dials every member at the address that is known best. */
  dial(): void {
    const transport = this.host.transport();
    const dialled = new Set([...this.members, ...this.leaving.keys(), ...this.vouched]);
    const chosen = this.host.addresses.choose(dialled, (member) => transport.connected(member));
    if (same(chosen, this.dialled)) return;
    this.dialled = chosen;
    transport.setPeers(chosen);
  }

  private take(configuration: Configuration | null, nowMs: number): void {
    this.configuration = configuration;
    // A folder that was just let in has no configuration yet: it goes on with what it was told.
    if (configuration === null || configuration.voters.length === 0) return;
    const before = this.members;
    this.members = new Set(membersOf(configuration).map(memberOf));
    this.members.delete(this.host.self);
    for (const id of before) if (!this.members.has(id)) this.leaving.set(id, nowMs + FAREWELL_MS);
    for (const id of this.members) {
      this.leaving.delete(id);
      this.vouched.delete(id);
    }
    this.dial();
    this.host.roster.keep(new Set([...this.members, ...this.vouched]));
  }
}

function same(a: ReadonlyMap<MemberId, string>, b: ReadonlyMap<MemberId, string>): boolean {
  return a.size === b.size && [...a].every(([id, address]) => b.get(id) === address);
}
