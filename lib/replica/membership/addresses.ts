import type { MemberId } from '../../base/index.js';
import { parseAddress } from '../../wire/index.js';

/** An address that does not answer is given up for another one, if there is one, after this long. */
const PATIENCE_MS = 1000;

interface Entry {
  /** The address in use. */
  current: string;
  sinceMs: number;
}

export interface AddressSources {
  /** From the configuration of this process. */
  readonly configured: ReadonlyMap<MemberId, string>;
  /** Use nothing but the configured address of a member that has one: told ones do not lead there from here. */
  readonly configuredOnly: boolean;
  /** What the group's record says. */
  readonly recorded: (member: MemberId) => string | null;
  readonly nowMs: () => number;
}

/**
 * Where the other members are. Members are known by id, and any of their addresses may change: what a member told
 * at a handshake counts first, then the configuration of this process, then the group's record. An address stays in
 * use while the member answers there.
 */
export class AddressBook {
  private readonly sources: AddressSources;
  /** Told at a handshake in this life of the process. */
  private readonly told = new Map<MemberId, string>();
  /** Learnt when this member was let in, or from former lives of it. */
  private readonly noted = new Map<MemberId, string>();
  private readonly entries = new Map<MemberId, Entry>();

  constructor(sources: AddressSources) {
    this.sources = sources;
  }

  /** A member told its address. True when that is news. One that has moved is not where it was. */
  heard(member: MemberId, address: string | null): boolean {
    if (address === null || !isAddress(address)) return false;
    const before = this.told.get(member);
    if (before === address) return false;
    if (before !== undefined) this.entries.delete(member);
    this.told.set(member, address);
    return true;
  }

  /** Where members were heard to be by others, or in former lives of this one. */
  note(members: ReadonlyMap<MemberId, string>): void {
    for (const [id, address] of members) if (isAddress(address)) this.noted.set(id, address);
  }

  /** Everything that was told, here or to others. */
  get known(): ReadonlyMap<MemberId, string> {
    return new Map([...this.noted, ...this.told]);
  }

  /** The address to dial, or null when none is known. */
  of(member: MemberId): string | null {
    const current = this.entries.get(member)?.current;
    const known = this.candidates(member);
    if (current !== undefined && known.includes(current)) return current;
    return known[0] ?? null;
  }

  /** Addresses of `members`: of those that are reached the one in use, of others the next to try. */
  choose(members: Iterable<MemberId>, reached: (member: MemberId) => boolean): Map<MemberId, string> {
    const chosen = new Map<MemberId, string>();
    for (const member of members) {
      const address = this.pick(member, reached(member));
      if (address !== null) chosen.set(member, address);
    }
    return chosen;
  }

  private pick(member: MemberId, reached: boolean): string | null {
    const nowMs = this.sources.nowMs();
    const entry = this.entries.get(member);
    if (entry !== undefined && reached) {
      entry.sinceMs = nowMs;
      return entry.current;
    }
    const known = this.candidates(member);
    const [first] = known;
    if (first === undefined) return null;
    if (entry === undefined || !known.includes(entry.current)) return this.use(member, first);
    if (nowMs - entry.sinceMs < PATIENCE_MS) return entry.current;
    return this.use(member, known[(known.indexOf(entry.current) + 1) % known.length]!);
  }

  private use(member: MemberId, address: string): string {
    this.entries.set(member, { current: address, sinceMs: this.sources.nowMs() });
    return address;
  }

  private candidates(member: MemberId): string[] {
    const { configured, configuredOnly, recorded } = this.sources;
    const fixed = configured.get(member);
    if (configuredOnly && fixed !== undefined) return [fixed];
    const found = [this.told.get(member), fixed, this.noted.get(member), recorded(member)];
    return [
      ...new Set(found.filter((one) => one !== undefined && one !== null && isAddress(one))),
    ] as string[];
  }
}

function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}
