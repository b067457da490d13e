import type { AclEntry, Identity } from './types.js';

/**
 * Who an ACL entry may name, and whom it lets in, by scheme: the rules of ZooKeeper's authentication providers.
 * `authenticated`: an entry of the scheme `auth` stands for ids of such schemes that the creator has.
 */
interface Scheme {
  readonly authenticated: boolean;
  isValid(id: string): boolean;
  matches(entryId: string, identity: string): boolean;
}

const SCHEMES: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  [
    'digest',
    {
      authenticated: true,
      isValid: (id) => id.split(':').length === 2,
      matches: same,
    },
  ],
  ['ip', { authenticated: false, isValid: (id) => networkOf(id) !== null, matches: isInNetwork }],
  ['x509', { authenticated: true, isValid: (id) => id.includes('='), matches: same }],
  ['sasl', { authenticated: true, isValid: (id) => id.trim() !== '', matches: same }],
]);

function same(entryId: string, identity: string): boolean {
  return entryId === identity;
}

export function isWorld({ scheme, id }: AclEntry): boolean {
  return scheme === 'world' && id === 'anyone';
}

/** Passes every check. */
export function isSuper(identities: readonly Identity[]): boolean {
  return identities.some(({ scheme }) => scheme === 'super');
}

/** Whether the list gives one of `permissions` to one of `identities`. */
export function allows(
  acl: readonly AclEntry[],
  permissions: number,
  identities: readonly Identity[],
): boolean {
  for (const entry of acl) {
    if ((entry.permissions & permissions) !== 0 && (isWorld(entry) || names(entry, identities))) return true;
  }
  return isSuper(identities);
}

function names({ scheme, id }: AclEntry, identities: readonly Identity[]): boolean {
  const rules = SCHEMES.get(scheme);
  if (rules === undefined) return false;
  return identities.some((one) => one.scheme === scheme && rules.matches(id, one.id));
}

/**
 * The list as a node gets it: entries once each, `auth` replaced by the creator's own ids. Null when it is empty or
 * names somebody who cannot be.
 */
export function settled(
  acl: readonly AclEntry[],
  identities: readonly Identity[],
): readonly AclEntry[] | null {
  const list: AclEntry[] = [];
  for (const entry of withoutRepetitions(acl)) {
    if (isWorld(entry)) list.push(entry);
    else if (entry.scheme === 'auth') {
      const own = identities.filter(({ scheme }) => SCHEMES.get(scheme)?.authenticated === true);
      if (own.length === 0) return null;
      for (const { scheme, id } of own) list.push({ permissions: entry.permissions, scheme, id });
    } else {
      if (SCHEMES.get(entry.scheme)?.isValid(entry.id) !== true) return null;
      list.push(entry);
    }
  }
  return list.length === 0 ? null : list;
}

function withoutRepetitions(acl: readonly AclEntry[]): readonly AclEntry[] {
  return acl.length < 2 ? acl : acl.filter((entry, i) => acl.findIndex((other) => equal(entry, other)) === i);
}

function equal(a: AclEntry, b: AclEntry): boolean {
  return a.permissions === b.permissions && a.scheme === b.scheme && a.id === b.id;
}

interface Network {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** `address` or `address/bits`, of IPv4 or IPv6. */
function networkOf(text: string): Network | null {
  const slash = text.indexOf('/');
  const bytes = addressOf(slash < 0 ? text : text.slice(0, slash));
  if (bytes === null) return null;
  const all = bytes.length * 8;
  if (slash < 0) return { bytes, bits: all };
  const digits = text.slice(slash + 1);
  const bits = Number(digits);
  return /^\d{1,3}$/.test(digits) && bits <= all ? { bytes, bits } : null;
}

function isInNetwork(entryId: string, identity: string): boolean {
  const network = networkOf(entryId);
  const address = addressOf(identity);
  if (network === null || address === null || address.length !== network.bytes.length) return false;
  for (let i = 0; i < address.length; i++) {
    const left = Math.min(8, Math.max(0, network.bits - i * 8));
    const mask = (0xff << (8 - left)) & 0xff;
    if (((address[i]! ^ network.bytes[i]!) & mask) !== 0) return false;
  }
  return true;
}

function addressOf(text: string): number[] | null {
  return text.includes(':') ? ipv6Of(text) : ipv4Of(text);
}

function ipv4Of(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte < 256) ? bytes : null;
}

function ipv6Of(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0]!);
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : [];
  if (head === null || tail === null) return null;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return null;
  return [...head, ...Array<number>(gap).fill(0), ...tail].flatMap((group) => [group >> 8, group & 0xff]);
}

function groupsOf(text: string): number[] | null {
  if (text === '') return [];
  const groups = text
    .split(':')
    .map((group) => (/^[0-9a-fA-F]{1,4}$/.test(group) ? parseInt(group, 16) : -1));
  return groups.every((group) => group >= 0) ? groups : null;
}
