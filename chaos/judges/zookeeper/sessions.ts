import { EVENT } from '../../../lib/wire/zookeeper/index.js';
import { SESSIONS } from '../../workloads/zookeeper/places.js';
import { at, grouped, type Timed } from './records.js';

/** When masters could not be reached by others although they ran. */
export interface CutWindow {
  readonly member: string;
  readonly beginNs: number;
  readonly endNs: number;
}

/** A connection that should have been closed may be closed so much later: machines are busy. */
const CLOSE_SLACK_NS = 1e9;

interface End {
  readonly ns: number;
  readonly how: string;
  /** Nobody asked for it. */
  readonly expired: boolean;
}

/** A session as its client had it. */
interface Life {
  readonly client: string;
  readonly session: string;
  readonly timeoutNs: number;
  /** When requests left that were answered, and when the answers came. */
  readonly answered: readonly { readonly sentNs: number; readonly ns: number; readonly what: string }[];
  readonly connections: readonly Connection[];
  /** Its ephemeral nodes below `SESSIONS`. */
  readonly nodes: ReadonlySet<string>;
}

interface Connection {
  readonly member: string;
  readonly beginNs: number;
  readonly endNs: number;
}

/**
 * No session ends before it was silent for two thirds of its timeout: counted from when its client sent the last
 * request that was answered, and less than the whole because a member that is lost takes the report of the last third
 * with it. Nothing that is begun after a session's end was seen is answered to it. Its nodes are there as long as it
 * is, and gone for everybody who looks after its end. The connection to a master that is cut off is closed before.
 */
export function judgeSessions(records: readonly Timed[], cuts: readonly CutWindow[]): string[] {
  const bySession = grouped(records, ({ session }) => session);
  const lives = livesOf(bySession);
  const ends = endsOf(records, lives);
  const problems: string[] = [];
  for (const life of lives.values()) {
    problems.push(...missingNodes(life, bySession.get(life.session) ?? []));
    const end = ends.get(life.session);
    if (end === undefined) continue;
    if (end.expired) problems.push(...early(life, end), ...openConnections(life, end, cuts));
    problems.push(...lifeAfter(life, end));
  }
  problems.push(...ghosts(records, lives, ends));
  return problems;
}

function livesOf(bySession: ReadonlyMap<string, readonly Timed[]>): Map<string, Life> {
  const lives = new Map<string, Life>();
  for (const [session, own] of bySession) {
    const granted = own.find((record) => record.wire === 'granted');
    if (granted?.wire !== 'granted') continue;
    const answered: { sentNs: number; ns: number; what: string }[] = [];
    const connections: Connection[] = [];
    const nodes = new Set<string>();
    for (const record of own) {
      const { ns } = record;
      if (record.wire === 'granted') {
        answered.push({ sentNs: record.sentNs, ns, what: 'a connection' });
        const lost = own.find((one) => one.wire === 'lost' && one.connection === record.connection);
        connections.push({ member: record.member, beginNs: ns, endNs: lost?.ns ?? Infinity });
      }
      if (record.wire !== 'reply') continue;
      answered.push({ sentNs: record.sentNs, ns, what: record.op });
      const below = record.path.startsWith(`${SESSIONS}/`);
      if (record.op === 'create2' && below && record.stat?.owner === session) nodes.add(record.path);
    }
    const { client, timeoutMs } = granted;
    lives.set(session, { client, session, timeoutNs: timeoutMs * 1e6, answered, connections, nodes });
  }
  return lives;
}

/** When each session was first seen to have ended, by whoever it was. */
function endsOf(records: readonly Timed[], lives: ReadonlyMap<string, Life>): Map<string, End> {
  const ownerOf = new Map<string, string>();
  for (const { session, nodes } of lives.values()) for (const node of nodes) ownerOf.set(node, session);
  const ends = new Map<string, End>();
  const closing = new Set<string>();
  const seen = (session: string | undefined, ns: number, how: string): void => {
    if (session === undefined || (ends.get(session)?.ns ?? Infinity) <= ns) return;
    ends.set(session, { ns, how, expired: !closing.has(session) });
  };
  /** What each witness has seen. */
  const shown = new Map<string, ReadonlySet<string>>();
  // Whoever asked for its end may have got it before the answer came.
  for (const record of records) {
    if (record.wire === 'lost' && record.ending) closing.add(record.session);
    if (record.wire === 'reply' && record.op === 'closeSession') closing.add(record.session);
  }
  for (const record of records) {
    const { ns } = record;
    if (record.wire === 'expired') seen(record.session, ns, `its client was told at ${at(ns)}`);
    if (record.wire === 'event' && record.event === EVENT.deleted) {
      seen(ownerOf.get(record.path), ns, `${record.client} heard of it at ${at(ns)}`);
    }
    if (record.wire !== 'reply') continue;
    if (record.op === 'closeSession' && record.err === 0)
      seen(record.session, ns, `it was closed at ${at(ns)}`);
    if (record.path !== SESSIONS || record.names === null) continue;
    const names = new Set(record.names.map((name) => `${SESSIONS}/${name}`));
    for (const name of shown.get(record.client) ?? []) {
      if (!names.has(name)) seen(ownerOf.get(name), ns, `${record.client} saw it at ${at(ns)}`);
    }
    shown.set(record.client, names);
  }
  return ends;
}

function early({ client, session, timeoutNs, answered }: Life, end: End): string[] {
  const last = answered.filter(({ ns }) => ns < end.ns).reduce((max, { sentNs }) => Math.max(max, sentNs), 0);
  const silentNs = end.ns - last;
  if (silentNs >= (timeoutNs * 2) / 3) return [];
  return [
    `session ${session} of ${client} with ${timeoutNs / 1e6} ms was over ${Math.round(silentNs / 1e6)} ms after it had ` +
      `sent what was answered: ${end.how}`,
  ];
}

function lifeAfter({ client, session, answered }: Life, end: End): string[] {
  const after = answered.find(({ sentNs }) => sentNs > end.ns);
  if (after === undefined) return [];
  const asked = `${after.what} that was asked for at ${at(after.sentNs)}`;
  return [`session ${session} of ${client} got ${asked} although it was over: ${end.how}`];
}

function openConnections(
  { client, session, connections }: Life,
  end: End,
  cuts: readonly CutWindow[],
): string[] {
  return connections.flatMap(({ member, beginNs, endNs }) => {
    const open = beginNs < end.ns && endNs > end.ns + CLOSE_SLACK_NS;
    const cut = cuts.some((one) => one.member === member && one.beginNs < end.ns && one.endNs > end.ns);
    if (!open || !cut) return [];
    return [
      `the connection of ${client} to ${member}, which was cut off, outlived its session ${session}: ${end.how}`,
    ];
  });
}

/** An answer about a node of its own that is not there: the session that got the answer is. */
function missingNodes({ client, session, nodes }: Life, own: readonly Timed[]): string[] {
  return own.flatMap((record) => {
    if (record.wire !== 'reply' || record.op !== 'exists') return [];
    if (!nodes.has(record.path) || record.err === 0) return [];
    return [
      `${client} was told at ${at(record.ns)}, within session ${session}, that its node ${record.path} is gone`,
    ];
  });
}

/** Nodes that a reading shows which began after their session was known to be over. */
function ghosts(
  records: readonly Timed[],
  lives: ReadonlyMap<string, Life>,
  ends: ReadonlyMap<string, End>,
): string[] {
  const endOf = new Map<string, End>();
  for (const { session, nodes } of lives.values()) {
    const end = ends.get(session);
    if (end !== undefined) for (const node of nodes) endOf.set(node, end);
  }
  const told = new Set<string>();
  return records.flatMap((record) => {
    if (record.wire !== 'reply' || record.path !== SESSIONS || record.names === null) return [];
    const { client, syncedNs } = record;
    if (syncedNs === null) return [];
    return record.names.flatMap((name) => {
      const end = endOf.get(`${SESSIONS}/${name}`);
      if (end === undefined || end.ns >= syncedNs || told.has(name)) return [];
      told.add(name);
      return [`${client} saw ${name} at ${at(record.ns)}, after its session was over: ${end.how}`];
    });
  });
}
