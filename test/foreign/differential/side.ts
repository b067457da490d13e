import { JuteReader } from '../../../lib/wire/zookeeper/jute-reader.js';
import { EVENT, OP } from '../../../lib/wire/zookeeper/opcodes.js';
import { readEvent, readReplyHeader } from '../../../lib/wire/zookeeper/replies.js';
import type { Request, SetWatchesRequest } from '../../../lib/wire/zookeeper/requests.js';
import { NEW_SESSION, RawSession, type Received, type SessionKey } from '../../support/raw-session.js';
import { LoginAttempt, type Login } from './logins.js';
import { byCode, isWrite, Transcript } from './transcript.js';

const TIMEOUT_MS = 40_000;
/** The shortest that ZooKeeper grants with a tick of 2 s. */
const SHORT_TIMEOUT_MS = 4000;
/** A server that means to close a connection has done so by then. */
const CLOSE_MS = 3000;
const ANYONE = { permissions: 31, scheme: 'world', id: 'anyone' };

/** A member that is behind closes a connection without a word; it is there again soon. */
const GREETING_TRIES = 200;
const GREETING_PAUSE_MS = 10;

/** What is sent on connections of its own has no number among the sessions of the run. */
const OTHER = { expiring: -1, malformed: -2 } as const;

/** One of the two systems, the sessions of the run at its servers, and what they said to each of them. */
export class Side {
  private readonly addresses: readonly string[];
  private readonly sessions: RawSession[] = [];
  private readonly transcript = new Transcript();
  /** Paths that the server gave to creates since the last look. */
  private created: string[] = [];

  constructor(addresses: readonly string[]) {
    this.addresses = addresses;
  }

  async open(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.renew(i);
  }

  /** A new session in the place of the one that had this number. */
  async renew(number: number): Promise<void> {
    this.sessions[number] = await this.arrive(number, NEW_SESSION, TIMEOUT_MS);
  }

  takeCreated(): string[] {
    const { created } = this;
    this.created = [];
    return created;
  }

  /** Sends the requests in one piece; returns what every session heard until all of it was over. */
  async run(number: number, requests: readonly Request[]): Promise<string[]> {
    const session = this.sessions[number]!;
    session.send(requests);
    const heard = this.lines(number, await session.answers());
    if (session.closed) heard.push(`${number}: closed`);
    if (!requests.some(isWrite)) return heard;
    return [...heard, ...(await this.settle(number))];
  }

  /** Ends the session; its ephemeral nodes go. */
  async close(number: number): Promise<string[]> {
    const session = this.sessions[number]!;
    session.send([{ op: OP.closeSession }]);
    const heard = this.lines(number, await session.answers());
    await session.end();
    await this.renew(number);
    // ZooKeeper deletes the nodes in the order of a hash table, Tepui in that of their paths.
    return [...heard, ...(await this.settle(number))].sort(byCode);
  }

  /** Breaks the connection, and takes the session up again at some server with all that a client would watch. */
  async reattach(
    number: number,
    server: number,
    watches: Omit<SetWatchesRequest, 'relativeZxid'>,
  ): Promise<string[]> {
    const { key, lastZxid } = this.sessions[number]!;
    this.sessions[number]!.destroy();
    const session = await this.arrive(server, key, TIMEOUT_MS, lastZxid);
    this.sessions[number] = session;
    const head = `${number}: greeting ${session.greeting?.timeoutMs} s${this.transcript.session(session.key.id)}`;
    session.send([{ ...watches, relativeZxid: lastZxid }]);
    return [head, ...this.lines(number, await session.answers())];
  }

  /** Logs in with SASL. Whom that cuts off takes the session up again. */
  async login(number: number, login: Login): Promise<string[]> {
    const session = this.sessions[number]!;
    const attempt = new LoginAttempt(login);
    const heard: string[] = [];
    for (let token: Uint8Array | null = attempt.first(); token !== null;) {
      session.send([{ op: OP.sasl, token }]);
      token = null;
      for (const answer of await session.answers()) {
        const r = new JuteReader(answer.frame);
        const { err } = readReplyHeader(r);
        const said = err === 0 ? Buffer.from(r.buffer() ?? []).toString() : '';
        heard.push(`${number}: sasl ${err} ${attempt.read(said)} and ${r.remaining} bytes more`);
        if (said.includes('nonce=')) token = Buffer.from(attempt.response(said));
      }
    }
    if (!(await session.closesWithin(heard.at(-1)?.includes('rspauth') === true ? 0 : CLOSE_MS)))
      return heard;
    const again = await this.reattach(number, number, {
      op: OP.setWatches2,
      data: [],
      exists: [],
      children: [],
      persistent: [],
      persistentRecursive: [],
    });
    return [...heard, `${number}: closed`, ...again];
  }

  /** A session that opens, makes an ephemeral node which the first session watches, and is not heard of again. */
  async expire(path: string): Promise<string[]> {
    const watcher = this.sessions[0]!;
    const session = await this.arrive(1, NEW_SESSION, SHORT_TIMEOUT_MS);
    session.send([{ op: OP.create, path, data: null, acl: [ANYONE], flags: 1, ttlMs: -1 }]);
    const answers = await session.answers();
    const made = this.lines(OTHER.expiring, answers);
    if (!isDone(answers[0])) {
      // The root lets nobody create, at this moment.
      session.destroy();
      return made;
    }
    watcher.send([
      { op: OP.sync, path: '/' },
      { op: OP.exists, path, watch: true },
    ]);
    const watched = this.lines(0, await watcher.answers());
    session.destroy();
    const heard = this.lines(0, await watcher.event((frame) => isDeletion(frame, path)));
    const again = await RawSession.open(this.address(2), session.key, SHORT_TIMEOUT_MS);
    const { greeting } = again;
    await again.end();
    const password = Buffer.from(greeting?.password ?? []).toString('hex');
    const refusal = `-1: greeting ${greeting?.timeoutMs} ${greeting?.session} ${password}`;
    return [...made, ...watched, ...heard, refusal, ...(await this.settle(0))];
  }

  /** Bytes that no client sends, on a connection of their own: what comes back, and whether it is closed. */
  async malformed(server: number, request: Request | null, bytes: Uint8Array): Promise<string[]> {
    const session = await this.arrive(server, NEW_SESSION, SHORT_TIMEOUT_MS);
    let heard: string[] = [];
    if (request === null) session.sendBytes(bytes);
    else {
      session.send([request]);
      heard = this.lines(OTHER.malformed, await session.answers());
    }
    const closed = await session.closesWithin(CLOSE_MS);
    session.destroy();
    return [...heard, `${OTHER.malformed}: ${closed ? 'closed' : 'open'}`];
  }

  destroy(): void {
    for (const session of this.sessions) session.destroy();
  }

  private address(server: number): string {
    return this.addresses[server % this.addresses.length]!;
  }

  /** Opens the session, or takes it up again, at a server that has come as far as the client has seen. */
  private async arrive(
    server: number,
    key: SessionKey,
    timeoutMs: number,
    lastZxid: number = 0,
  ): Promise<RawSession> {
    for (let tries = 0; ; tries++) {
      const session = await RawSession.open(this.address(server), key, timeoutMs, lastZxid);
      if (session.greeting !== null) {
        this.transcript.session(session.key.id);
        return session;
      }
      if (tries === GREETING_TRIES)
        throw new Error(`${this.address(server)} does not take session ${key.id}`);
      await new Promise((resolve) => setTimeout(resolve, GREETING_PAUSE_MS));
    }
  }

  /**
   * What the others heard of what the session `by` did: before the answer of a sync they have heard everything. The
   * session itself heard it before its own answers.
   */
  private async settle(by: number): Promise<string[]> {
    const all = this.sessions.map(async (session, number) => {
      return number === by ? [] : this.lines(number, await session.settle());
    });
    return (await Promise.all(all)).flat();
  }

  private lines(number: number, received: readonly Received[]): string[] {
    return received.map((one) => {
      this.note(one);
      return `${number}: ${this.transcript.line(one)}`;
    });
  }

  private note({ frame, request }: Received): void {
    if (request === null || (request.op !== OP.create && request.op !== OP.create2)) return;
    const r = new JuteReader(frame);
    if (readReplyHeader(r).err === 0) this.created.push(r.requiredText('a path'));
  }
}

function isDone(answer: Received | undefined): boolean {
  return answer !== undefined && readReplyHeader(new JuteReader(answer.frame)).err === 0;
}

function isDeletion(frame: Buffer, path: string): boolean {
  const r = new JuteReader(frame);
  readReplyHeader(r);
  const event = readEvent(r);
  return event.type === EVENT.deleted && event.path === path;
}
