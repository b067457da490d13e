import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { History } from '../history/history.js';
import {
  NO_SESSION,
  OP,
  PASSWORD_BYTES,
  ZK_ERROR,
  type ConnectResponse,
  type JuteReader,
  type ReplyHeader,
  type Request,
  type SetWatchesRequest,
} from '../../lib/wire/zookeeper/index.js';
import { Link, type Asked } from './link.js';
import { nameOf, readAnswer, sync, writtenBy, type Answer } from './requests.js';

/** From the first byte to the session. */
const GREETING_MS = 2_500;
/** Before the next member is tried. */
const RETRY_MS = 60;
const TICK_MS = 100;

export interface Member {
  readonly id: string;
  /** Its door for ZooKeeper clients. */
  readonly address: string;
}

/** No answer came: what was asked for may have been done, until the session is taken up again. */
export class Unanswered extends Error {}

/** The server says that the session is over. */
export class Expired extends Error {}

export interface SessionListener {
  /** A connection has the session; the first one too. What is sent within the call is sent first. */
  attached?(): void;
  lost?(): void;
  event?(type: number, path: string): void;
}

export type Manner =
  | 'usual'
  /** Sends pings, and waits for a member that says nothing as long as that keeps the connection. */
  | 'patient'
  /** Sends nothing, minds no silence, and does not come back when its connection is lost. */
  | 'silent';

interface Context {
  readonly syncedNs: number | null;
  readonly settle: (answer: Answer | null) => void;
}

type State =
  | { readonly kind: 'pausing'; readonly timer: NodeJS.Timeout | null }
  | { readonly kind: 'greeting'; readonly link: Link<Context>; readonly sinceMs: number }
  | { readonly kind: 'attached'; readonly link: Link<Context> }
  | { readonly kind: 'over'; readonly expired: boolean };

/**
 * A session as a client has it: pings after a third of its timeout, gives a member up after two thirds without an
 * answer, and goes on elsewhere under the same id. Everything that comes is recorded as it came. Like `ask`, it never
 * sends anything twice by itself.
 */
export class Session {
  readonly client: string;
  private readonly members: readonly Member[];
  private readonly history: History;
  private readonly wantedMs: number;
  private readonly listener: SessionListener;
  private readonly ticker: NodeJS.Timeout;
  private state: State = { kind: 'pausing', timer: null };
  private at = 0;
  private connection = 0;
  private key: { id: string; password: Uint8Array } = {
    id: NO_SESSION,
    password: new Uint8Array(PASSWORD_BYTES),
  };
  private grantedMs = 0;
  private lastZxid = 0;
  private sentMs = 0;
  /** When the last request left that was answered: the session was alive after it, as far as its client knows. */
  private provenNs = 0;
  private heardMs = 0;
  private manner: Manner = 'usual';
  private waiters: (() => void)[] = [];

  /** Connects to the members in this order, over and over. */
  constructor(
    client: string,
    members: readonly Member[],
    timeoutMs: number,
    history: History,
    listener: SessionListener = {},
  ) {
    this.client = client;
    this.members = members;
    this.wantedMs = timeoutMs;
    this.history = history;
    this.listener = listener;
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    this.dial();
  }

  /** Hexadecimal; of no session before the first connection has one. */
  get id(): string {
    return this.key.id;
  }

  get timeoutMs(): number {
    return this.grantedMs;
  }

  get attached(): boolean {
    return this.state.kind === 'attached';
  }

  get over(): boolean {
    return this.state.kind === 'over';
  }

  /**
   * Until when the client may believe that its session lives, by what it was told: two thirds of the timeout after it
   * sent the last request that was answered. Minus infinity while no connection has it.
   */
  get sureUntilNs(): number {
    return this.state.kind === 'attached' ? this.provenNs + (this.grantedMs * 1e6 * 2) / 3 : -Infinity;
  }

  /** The same, whatever became of the connection since. */
  get wasSureUntilNs(): number {
    return this.provenNs + (this.grantedMs * 1e6 * 2) / 3;
  }

  /** Resolves when a connection has the session; throws `Expired` when none ever will. */
  async ready(): Promise<void> {
    while (this.state.kind !== 'attached') {
      if (this.state.kind === 'over') throw new Expired(`session ${this.key.id} of ${this.client} is over`);
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  /** Throws `Unanswered` when the connection is lost first, or is not there. */
  async ask(request: Request): Promise<Answer> {
    return this.askAll([request]).then(([answer]) => answer!);
  }

  /** A read that shows everything which was acknowledged to anybody before. */
  async askSynced(request: Request & { readonly path: string }): Promise<Answer> {
    return this.askAll([sync(request.path), request]).then(([first, answer]) => {
      if (first!.err !== ZK_ERROR.ok) throw new Unanswered(`sync: ${first!.err}`);
      return answer!;
    });
  }

  /** Sends them in one piece, one behind the other. */
  async askAll(requests: readonly Request[]): Promise<readonly Answer[]> {
    const { state } = this;
    if (state.kind !== 'attached') throw new Unanswered('no connection');
    const answers: Promise<Answer | null>[] = [];
    const nowNs = this.history.now();
    let syncedNs: number | null = null;
    const asked = requests.map((request) => {
      if (request.op === OP.sync) syncedNs = nowNs;
      let settle: Context['settle'] = () => undefined;
      answers.push(new Promise((resolve) => (settle = resolve)));
      return { request, context: { syncedNs, settle } };
    });
    this.sentMs = performance.now();
    state.link.send(asked);
    const all = await Promise.all(answers);
    return all.map((answer) => {
      if (answer === null) throw new Unanswered('the connection was lost');
      return answer;
    });
  }

  /** Tells a new connection what is watched. Call it within `attached`. */
  restore(watches: Pick<SetWatchesRequest, 'data' | 'exists' | 'children'>): void {
    const persistent = { persistent: [], persistentRecursive: [] };
    const request = { op: OP.setWatches2, relativeZxid: this.lastZxid, ...watches, ...persistent } as const;
    this.askAll([request]).catch(() => undefined);
  }

  behave(manner: Manner): void {
    this.manner = manner;
    this.heardMs = performance.now();
    if (manner !== 'silent' && this.state.kind === 'pausing' && this.state.timer === null) this.dial();
  }

  /** Gives the connection up, and goes on at the next member. */
  move(): void {
    const { state } = this;
    if (state.kind === 'attached' || state.kind === 'greeting') state.link.destroy('given up');
  }

  /** Ends the session by its client; false when nobody answered: then it has to expire. */
  async close(): Promise<boolean> {
    const closed = this.ask({ op: OP.closeSession }).then(
      ({ err }) => err === ZK_ERROR.ok,
      () => false,
    );
    const done = await Promise.race([closed, pause(2_000, false)]);
    this.abandon();
    return done;
  }

  /** Nothing more is sent, and nobody comes back. */
  abandon(): void {
    const { state } = this;
    if (state.kind === 'over') return;
    this.finish(false);
    if (state.kind === 'pausing' && state.timer !== null) clearTimeout(state.timer);
    if (state.kind === 'attached' || state.kind === 'greeting') state.link.destroy('abandoned');
  }

  private finish(expired: boolean): void {
    this.state = { kind: 'over', expired };
    clearInterval(this.ticker);
    this.wake();
  }

  private wake(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  private dial(): void {
    const member = this.members[this.at++ % this.members.length]!;
    const connection = ++this.connection;
    const sentNs = this.history.now();
    const greeting = {
      protocolVersion: 0,
      lastZxidSeen: this.lastZxid,
      timeoutMs: this.wantedMs,
      session: this.key.id,
      password: this.key.password,
      readOnly: false,
    };
    const link: Link<Context> = new Link(member.address, greeting, () => this.history.now(), {
      greeted: (response) => this.greeted(link, response, { connection, member: member.id, sentNs }),
      answered: (asked, header, body) => this.answered(asked, header, body),
      event: (event, path) => {
        this.heardMs = performance.now();
        this.record({ wire: 'event', connection, event, path });
        this.listener.event?.(event, path);
      },
      disorder: (what) => this.record({ wire: 'disorder', connection, what }),
      lost: (why, unanswered) => this.lost(connection, why, unanswered),
    });
    this.state = { kind: 'greeting', link, sinceMs: performance.now() };
  }

  private greeted(
    link: Link<Context>,
    { session, password, timeoutMs }: ConnectResponse,
    how: { readonly connection: number; readonly member: string; readonly sentNs: number },
  ): void {
    if (timeoutMs <= 0 || session === NO_SESSION) {
      this.record({ wire: 'expired', ...how });
      this.finish(true);
      return link.destroy('expired');
    }
    if (this.key.id !== NO_SESSION && session !== this.key.id) {
      this.record({ wire: 'disorder', connection: how.connection, what: `another session: ${session}` });
    }
    this.key = { id: session, password: Uint8Array.from(password) };
    this.grantedMs = timeoutMs;
    this.provenNs = Math.max(this.provenNs, how.sentNs);
    this.heardMs = performance.now();
    this.sentMs = this.heardMs;
    this.state = { kind: 'attached', link };
    this.record({ wire: 'granted', ...how, timeoutMs });
    this.listener.attached?.();
    this.wake();
  }

  private answered(
    { request, sentNs, context }: Asked<Context>,
    header: ReplyHeader,
    body: JuteReader,
  ): void {
    const answer = readAnswer(request, header, body);
    const { zxid } = header;
    this.heardMs = performance.now();
    this.provenNs = Math.max(this.provenNs, sentNs);
    this.lastZxid = Math.max(this.lastZxid, zxid);
    const { value, stat, names } = answer;
    this.record({
      wire: 'reply',
      connection: this.connection,
      sentNs,
      syncedNs: context.syncedNs,
      op: nameOf(request),
      path: answer.path ?? ('path' in request ? request.path : ''),
      zxid,
      err: answer.err,
      watch: 'watch' in request && request.watch,
      value,
      stat,
      names: names ?? restoredBy(request),
      written: answer.err === ZK_ERROR.ok ? writtenBy(request) : [],
    });
    context.settle(answer);
  }

  private lost(connection: number, why: string, unanswered: readonly Asked<Context>[]): void {
    const { state } = this;
    const writes = unanswered.flatMap(({ request }) => writtenBy(request));
    const ending = unanswered.some(({ request }) => request.op === OP.closeSession);
    if (state.kind !== 'greeting') this.record({ wire: 'lost', connection, why, ending, unanswered: writes });
    if (state.kind !== 'over') {
      const timer = this.manner === 'silent' ? null : setTimeout(() => this.dial(), RETRY_MS);
      this.state = { kind: 'pausing', timer };
      if (state.kind === 'attached') this.listener.lost?.();
    }
    for (const { context } of unanswered) context.settle(null);
  }

  private tick(): void {
    const { state } = this;
    const nowMs = performance.now();
    if (state.kind === 'greeting' && nowMs - state.sinceMs > GREETING_MS) state.link.destroy('no greeting');
    if (state.kind !== 'attached' || this.manner === 'silent') return;
    const silentMs = this.manner === 'patient' ? 0 : nowMs - this.heardMs;
    if (silentMs >= (this.grantedMs * 2) / 3) return state.link.destroy('silent');
    if (nowMs - this.sentMs < this.grantedMs / 3) return;
    this.sentMs = nowMs;
    state.link.send([{ request: { op: OP.ping }, context: { syncedNs: null, settle: () => undefined } }]);
  }

  private record(what: Parameters<History['wire']>[2]): void {
    this.history.wire(this.client, this.key.id, what);
  }
}

/** Paths that are watched on, as far as they have not changed. */
function restoredBy(request: Request): readonly string[] | null {
  return request.op === OP.setWatches2 ? [...request.data, ...request.exists, ...request.children] : null;
}
