import { randomHex, type Clock, type NodeId, type Random, type SessionId } from '../../base/index.js';
import type { Outcome, Replica } from '../../replica/index.js';
import { allows, encodeCommand, PERMISSION, type StateEvent } from '../../state/index.js';
import { WatchTable } from '../watches/index.js';
import { AttachedSession, type AttachedSessionParts } from './attached-session.js';
import { Coverage } from './coverage.js';
import type { Arrival, EndCause, SessionKey } from './types.js';
import { WatcherNumbers } from './watcher-numbers.js';

const ID_BYTES = 8;
const PASSWORD_BYTES = 16;
/** An id that is taken by chance is drawn again; more than this is no chance. */
const DRAWS = 3;

export interface SessionHubOptions {
  readonly replica: Replica;
  /** This member's folder: where sessions are attached when they are attached here. */
  readonly node: () => NodeId;
  readonly clock: Clock;
  readonly random: Random;
  /** Sessions that were heard of are to be reported soon, before the usual time. */
  readonly reportSoon: () => void;
}

/** How an arrival ended. */
export type Arrived =
  | { readonly kind: 'attached'; readonly session: AttachedSession }
  /** No such session, or another password: the two are told alike. */
  | { readonly kind: 'no-session' }
  /** Nobody could be asked, or more than may be. */
  | { readonly kind: 'refused' };

/**
 * The sessions whose connections this member has. Writes go through its lane; watches, and what ends a session, follow
 * from what it applies; how long it may answer follows from what leaders acknowledged (`Coverage`).
 */
export class SessionHub {
  private readonly options: SessionHubOptions;
  private readonly attached: Map<SessionId, AttachedSession> = new Map();
  private readonly byWatcher: Map<number, AttachedSession> = new Map();
  /** Those that this member alone knows, and when their clients were last heard of (monotonic). */
  private readonly alone: Map<AttachedSession, number> = new Map();
  private readonly numbers: WatcherNumbers = new WatcherNumbers();
  private readonly coverage: Coverage = new Coverage();
  readonly watches: WatchTable = new WatchTable();

  constructor(options: SessionHubOptions) {
    this.options = options;
  }

  get size(): number {
    return this.attached.size;
  }

  sessions(): Iterable<AttachedSession> {
    return this.attached.values();
  }

  /** Opens a session under a new id. */
  open(arrival: Arrival, done: (arrived: Arrived) => void, draws: number = DRAWS): void {
    const { random, clock } = this.options;
    const key = { session: drawId(random), password: drawBytes(random, PASSWORD_BYTES) };
    const atMs = clock.monotonicMs();
    this.arrive('coordination-open', key, arrival, (outcome) => {
      const taken =
        outcome.kind === 'applied' && !outcome.result.ok && outcome.result.code === 'SESSION_EXISTS';
      if (taken && draws > 1) this.open(arrival, done, draws - 1);
      else done(this.arrived(key, arrival, atMs, outcome));
    });
  }

  /** Takes a session up again, wherever it was. Its former connection is closed, unless the password is wrong. */
  attach(key: SessionKey, arrival: Arrival, done: (arrived: Arrived) => void): void {
    const atMs = this.options.clock.monotonicMs();
    if (key.password.length !== PASSWORD_BYTES) return done({ kind: 'no-session' });
    this.arrive('coordination-attach', key, arrival, (outcome) => {
      done(this.arrived(key, arrival, atMs, outcome));
    });
  }

  /** A session for reads while there is no leader; nobody else hears of it. */
  openAlone(arrival: Arrival): AttachedSession {
    const { random, clock } = this.options;
    const key = { session: drawId(random), password: drawBytes(random, PASSWORD_BYTES) };
    const session: AttachedSession = this.make(key, 0, arrival, {
      alone: arrival.identities,
      heard: () => void this.alone.set(session, clock.monotonicMs()),
    });
    session.heard();
    return session;
  }

  /** The connection of an attached session is gone; the session lives on. Once is enough, and more does no harm. */
  detach(session: AttachedSession): void {
    if (this.byWatcher.get(session.watcher) !== session) return;
    session.release();
    this.byWatcher.delete(session.watcher);
    this.numbers.release(session.watcher);
    this.alone.delete(session);
    if (this.attached.get(session.session) !== session) return;
    this.attached.delete(session.session);
    this.coverage.detached(session.session);
  }

  /** Follows what is applied here, event by event, before the answers of later commands. */
  applied(event: StateEvent): void {
    switch (event.kind) {
      case 'tree-changed':
        this.changed(event);
        break;
      case 'coordination-attached': {
        const here = this.attached.get(event.session);
        if (here !== undefined && here.attachment < event.attachment) this.end(here, 'moved');
        break;
      }
      case 'coordination-ended': {
        const here = this.attached.get(event.session);
        if (here !== undefined && event.cause === 'expired') this.end(here, 'expired');
        break;
      }
      // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others do not concern sessions
      default:
    }
  }

  /** The state was replaced as a whole: nobody knows what its clients missed. */
  reset(): void {
    const all = [...this.attached.values(), ...this.alone.keys()];
    for (const session of all) this.end(session, 'reset');
  }

  /** Sessions that were heard of since the last report. */
  takeHeard(): ReadonlySet<SessionId> {
    return this.coverage.takeHeard();
  }

  reported(sentAtMs: number, sessions: ReadonlySet<SessionId>): void {
    this.coverage.reported(sentAtMs, sessions);
  }

  acknowledged(sentAtMs: number): void {
    this.coverage.acknowledged(sentAtMs);
  }

  /** Whether what is there to be said to the session may be said now; if not, it will be worth asking again soon. */
  mayAnswer(session: AttachedSession): boolean {
    if (session.readOnly) return true;
    const nowMs = this.options.clock.monotonicMs();
    if (this.coverage.mayAnswer(session.session, session.timeoutMs, nowMs)) return true;
    this.coverage.again(session.session);
    this.options.reportSoon();
    return false;
  }

  /** Ends connections that must not be left in the belief that all is well. Called a few times a second. */
  tick(): void {
    const nowMs = this.options.clock.monotonicMs();
    const all = Array.from(this.attached.values());
    for (const session of all) {
      const { timeoutMs, waitingSinceMs } = session;
      if (this.coverage.mustClose(session.session, timeoutMs, nowMs)) this.end(session, 'silent');
      else if (waitingSinceMs !== null && nowMs - waitingSinceMs >= timeoutMs / 3)
        this.end(session, 'parked');
    }
    if (this.alone.size > 0) this.tickAlone(nowMs);
  }

  private tickAlone(nowMs: number): void {
    const led = this.options.replica.leadership().kind !== 'none';
    const all = Array.from(this.alone);
    for (const [session, heardMs] of all) {
      if (led) this.end(session, 'writable');
      else if (nowMs - heardMs >= session.timeoutMs) this.end(session, 'silent');
    }
  }

  private arrive(
    kind: 'coordination-open' | 'coordination-attach',
    key: SessionKey,
    { timeoutMs, identities }: Arrival,
    done: (outcome: Outcome) => void,
  ): void {
    const member = this.options.node();
    const command = encodeCommand({ kind, ...key, timeoutMs, identities, member });
    this.options.replica.propose(command, done, 'within-apply');
  }

  private arrived(key: SessionKey, arrival: Arrival, atMs: number, outcome: Outcome): Arrived {
    if (outcome.kind !== 'applied') return { kind: 'refused' };
    const { result } = outcome;
    if (!result.ok) {
      const unknown = result.code === 'SESSION_EXPIRED' || result.code === 'AUTH_FAILED';
      return { kind: unknown ? 'no-session' : 'refused' };
    }
    if (result.value.kind !== 'attached') return { kind: 'refused' };
    return { kind: 'attached', session: this.admit(key, result.value.attachment, arrival, atMs) };
  }

  private admit(key: SessionKey, attachment: number, arrival: Arrival, atMs: number): AttachedSession {
    const heard = (id: SessionId): void => this.coverage.heard(id);
    const session = this.make(key, attachment, arrival, { heard });
    this.attached.set(key.session, session);
    this.coverage.attached(key.session, atMs);
    return session;
  }

  private make(
    key: SessionKey,
    attachment: number,
    arrival: Arrival,
    kind: Pick<AttachedSessionParts, 'heard' | 'alone'>,
  ): AttachedSession {
    const { replica, clock } = this.options;
    const session = new AttachedSession({
      ...kind,
      key,
      attachment,
      timeoutMs: arrival.timeoutMs,
      link: arrival.link,
      watcher: this.numbers.take(),
      watches: this.watches,
      machine: () => replica.machine,
      confirm: (done) => replica.read((refusal) => done(refusal === null)),
      propose: (command, done, order) => replica.propose(command, done, 'within-apply', order),
      nowMs: () => clock.monotonicMs(),
    });
    this.byWatcher.set(session.watcher, session);
    return session;
  }

  private end(session: AttachedSession, cause: EndCause): void {
    this.detach(session);
    session.link.ended(cause);
  }

  /** Only who may read a node hears of it (ZooKeeper since 3.8.4, CVE-2024-23944). */
  private changed({
    change,
    path,
    acl,
    parentAcl,
    revision,
  }: Extract<StateEvent, { readonly kind: 'tree-changed' }>): void {
    this.watches.changed(change, path, (watcher, event, at) => {
      const session = this.byWatcher.get(watcher);
      if (session === undefined) return;
      const list = at === path ? acl : (parentAcl ?? acl);
      if (allows(list, PERMISSION.read, session.identities)) session.link.event(event, at, revision);
    });
  }
}

/** 63 random bits, never all 0: ZooKeeper's ids are positive numbers, and 0 asks for a new session. */
function drawId(random: Random): SessionId {
  for (;;) {
    const id = randomHex(random, ID_BYTES);
    const positive = (parseInt(id[0]!, 16) & 7).toString(16) + id.slice(1);
    if (!/^0+$/.test(positive)) return positive as SessionId;
  }
}

function drawBytes(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.uint32() & 0xff);
}
