import { JuteReader } from '../../../lib/wire/zookeeper/jute-reader.js';
import { EVENT, OP } from '../../../lib/wire/zookeeper/opcodes.js';
import { readEvent, readReplyHeader } from '../../../lib/wire/zookeeper/replies.js';
import type { Request } from '../../../lib/wire/zookeeper/requests.js';
import { NEW_SESSION, RawSession, type Received } from './raw-session.js';
import { Transcript } from './transcript.js';

const TIMEOUT_MS = 40_000;
/** The shortest that ZooKeeper grants with a tick of 2 s. */
const SHORT_TIMEOUT_MS = 4000;
/** A server that means to close a connection has done so by then. */
const CLOSE_MS = 3000;
const ANYONE = { permissions: 31, scheme: 'world', id: 'anyone' };

/** One of the two servers, the sessions of the run at it, and what it said to each of them. */
export class Side {
  readonly address: string;
  private readonly sessions: RawSession[] = [];
  private readonly transcript = new Transcript();
  /** Paths that the server gave to creates since the last look. */
  private created: string[] = [];

  constructor(address: string) {
    this.address = address;
  }

  async open(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.renew(i);
  }

  /** A new session in the place of the one that had this number. */
  async renew(number: number): Promise<void> {
    const session = await RawSession.open(this.address, NEW_SESSION, TIMEOUT_MS);
    this.transcript.session(session.key.id);
    this.sessions[number] = session;
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
    return [...heard, ...(await this.settle())];
  }

  /** Ends the session; its ephemeral nodes go. */
  async close(number: number): Promise<string[]> {
    const session = this.sessions[number]!;
    session.send([{ op: OP.closeSession }]);
    const heard = this.lines(number, await session.answers());
    await session.end();
    await this.renew(number);
    return [...heard, ...(await this.settle())];
  }

  /** Breaks the connection, and takes the session up again with all that a client would watch. */
  async reattach(
    number: number,
    watches: Omit<Extract<Request, { relativeZxid: number }>, 'relativeZxid'>,
  ): Promise<string[]> {
    const before = this.sessions[number]!;
    before.destroy();
    const session = await RawSession.open(this.address, before.key, TIMEOUT_MS, before.lastZxid);
    this.sessions[number] = session;
    const { greeting } = session;
    const head = `${number}: greeting ${greeting?.timeoutMs} s${this.transcript.session(session.key.id)}`;
    session.send([{ ...watches, relativeZxid: before.lastZxid }]);
    return [head, ...this.lines(number, await session.answers()), ...(await this.settle())];
  }

  /** A session that opens, makes an ephemeral node which the first session watches, and is not heard of again. */
  async expire(path: string): Promise<string[]> {
    const watcher = this.sessions[0]!;
    const session = await RawSession.open(this.address, NEW_SESSION, SHORT_TIMEOUT_MS);
    this.transcript.session(session.key.id);
    session.send([{ op: OP.create, path, data: null, acl: [ANYONE], flags: 1, ttlMs: -1 }]);
    const made = this.lines(-1, await session.answers());
    watcher.send([{ op: OP.exists, path, watch: true }]);
    const watched = this.lines(0, await watcher.answers());
    session.destroy();
    const heard = this.lines(0, await watcher.event((frame) => isDeletion(frame, path)));
    const again = await RawSession.open(this.address, session.key, SHORT_TIMEOUT_MS);
    const { greeting } = again;
    await again.end();
    const refusal = `-1: greeting ${greeting?.timeoutMs} ${greeting?.session} ${Buffer.from(greeting?.password ?? []).toString('hex')}`;
    return [...made, ...watched, ...heard, refusal, ...(await this.settle())];
  }

  /** Bytes that no client sends, on a connection of their own: what comes back, and whether it is closed. */
  async malformed(request: Request | null, bytes: Uint8Array): Promise<string[]> {
    const session = await RawSession.open(this.address, NEW_SESSION, TIMEOUT_MS);
    this.transcript.session(session.key.id);
    let heard: string[] = [];
    if (request === null) session.sendBytes(bytes);
    else {
      session.send([request]);
      heard = this.lines(-2, await session.answers());
    }
    const closed = await session.closesWithin(CLOSE_MS);
    session.destroy();
    return [...heard, `-2: ${closed ? 'closed' : 'open'}`, ...(await this.settle())];
  }

  destroy(): void {
    for (const session of this.sessions) session.destroy();
  }

  private async settle(): Promise<string[]> {
    const lines: string[] = [];
    for (const [number, session] of this.sessions.entries()) {
      lines.push(...this.lines(number, await session.settle()));
    }
    return lines;
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

function isDeletion(frame: Buffer, path: string): boolean {
  const r = new JuteReader(frame);
  readReplyHeader(r);
  const event = readEvent(r);
  return event.type === EVENT.deleted && event.path === path;
}
