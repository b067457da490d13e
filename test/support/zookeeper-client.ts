import assert from 'node:assert/strict';
import { must } from '../../lib/base/index.js';
import {
  CREATE_FLAGS,
  JuteReader,
  OP,
  readReplyHeader,
  readStat,
  ZK_ERROR,
  type Request,
  type WireStat,
} from '../../lib/wire/zookeeper/index.js';
import { NEW_SESSION, RawSession } from './raw-session.js';
import { eventually } from './eventually.js';

const LIMIT_MS = 20_000;
const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

/** The answer's error, and what follows the header. Throws when the connection is closed instead. */
export async function tryAsk(
  session: RawSession,
  request: Request,
): Promise<{ readonly err: number; readonly body: JuteReader }> {
  session.send([request]);
  const answers = await session.answers();
  const { frame } = must(
    answers.find((one) => one.request === request),
    'the connection was closed',
  );
  const body = new JuteReader(frame);
  return { err: readReplyHeader(body).err, body };
}

/** The body of the answer; throws for a refusal or a closed connection. */
export async function ask(session: RawSession, request: Request): Promise<JuteReader> {
  const { err, body } = await tryAsk(session, request);
  assert.equal(err, ZK_ERROR.ok);
  return body;
}

export async function create(
  session: RawSession,
  path: string,
  flags: number = CREATE_FLAGS.persistent,
): Promise<void> {
  await ask(session, { op: OP.create, path, data: Buffer.from('x'), acl: OPEN, flags, ttlMs: 0 });
}

export function setRequest(path: string, text: string): Request {
  return { op: OP.setData, path, data: Buffer.from(text), version: -1 };
}

/** Null: it is not there. */
export async function statOf(session: RawSession, path: string): Promise<WireStat | null> {
  const { err, body } = await tryAsk(session, { op: OP.exists, path, watch: false });
  if (err === ZK_ERROR.noNode) return null;
  assert.equal(err, ZK_ERROR.ok);
  return readStat(body);
}

export async function textAt(session: RawSession, path: string): Promise<string> {
  const body = await ask(session, { op: OP.getData, path, watch: false });
  return Buffer.from(must(body.buffer(), 'data')).toString();
}

/**
 * Opens a session, or takes up that of `former`. Tries again, as clients do: a member closes the connection while it
 * does not know that all others know sessions, and as long as it has not applied what the client has seen.
 */
export function openSession(address: string, timeoutMs: number, former?: RawSession): Promise<RawSession> {
  const key = former?.key ?? NEW_SESSION;
  const attempt = async (): Promise<RawSession | false> => {
    const session = await RawSession.open(address, key, timeoutMs, former?.lastZxid ?? 0);
    return session.greeting !== null && session;
  };
  return eventually(attempt, LIMIT_MS, `${address} takes the session`);
}

/** Pings until the connection is closed or the returned function is called. */
export function keepAlive(session: RawSession, everyMs: number): () => void {
  const timer = setInterval(() => {
    if (session.closed) clearInterval(timer);
    else session.send([{ op: OP.ping }]);
  }, everyMs);
  return () => clearInterval(timer);
}
