/** A server as clients name it: `[HOST]:PORT:PORT[:ROLE][;[HOST:]PORT]`. */
export interface ServerText {
  readonly votes: boolean;
  /** Where the others reach it, without the port for elections. */
  readonly peer: string;
  /** Where clients reach it, or the port alone; null: it was not said. */
  readonly client: string | null;
}

const HOST = String.raw`(?:\[[^\]]+\]|[^:;\[\]]+)`;
const SERVER = new RegExp(`^(${HOST}:\\d+):\\d+(?::(participant|observer))?(?:;((?:${HOST}:)?\\d+))?$`, 'i');

/** Null: it is not of that form. */
export function parseServer(text: string): ServerText | null {
  const [, peer, role, client] = SERVER.exec(text.replace(/\s+/g, '')) ?? [];
  if (peer === undefined) return null;
  return { votes: role?.toLowerCase() !== 'observer', peer, client: client ?? null };
}

/** Whether both name the same place; a port alone names the place with that port. */
export function isSamePlace(one: ServerText, other: ServerText): boolean {
  if (one.peer !== other.peer) return false;
  if (one.client === null || other.client === null) return true;
  return one.client === other.client || portOf(other.client) === one.client;
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}

/** Servers of a configuration by number, in the form of Java's Properties, or what is wrong with it. */
export function parseServers(text: string): ReadonlyMap<number, ServerText> | 'malformed' | 'no-number' {
  const servers = new Map<number, ServerText>();
  for (const line of text.split(/[\n\r]+/).map((one) => one.trim())) {
    if (line === '' || /^[#!]/.test(line)) continue;
    const [, key, value] = /^([^=:\s]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (key === 'version') continue;
    if (key === undefined || !key.startsWith('server.')) return 'malformed';
    const number = parseNumber(key.slice('server.'.length));
    if (number === null) return 'no-number';
    const server = parseServer(value ?? '');
    if (server === null) return 'malformed';
    servers.set(number, server);
  }
  return servers;
}

/** As Java's Long.parseLong. */
export function parseNumber(text: string): number | null {
  return /^[+-]?\d+$/.test(text) ? Number(text) : null;
}
