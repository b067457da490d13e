import { TepuiError, type ErrorCode, type SessionId } from '../../lib/base/index.js';
import type { StreamTypes, UnaryTypes } from '../../lib/client/internal.js';
import { refusalOf, type Refusal, type Stat, type WriteReply } from '../../lib/wire/index.js';
import type { mesos } from '../../lib/wire/index.js';
import { FakeNetwork, type Behind, type ServerEnd } from './fake-door.js';

type Method = keyof StreamTypes;
type SchedulerRequest = StreamTypes['scheduler']['request'];
type WriteRequest = StreamTypes['write']['request'];

/** A request as it arrived, whatever became of it. */
export interface Arrival {
  readonly address: string;
  readonly session: string;
  readonly sequence: number;
  readonly acknowledgedBelow: number;
  readonly type: string;
}

type Outcome = { readonly index: number } | { readonly refusal: Refusal };

export const ADDRESSES = ['m1:1', 'm2:2', 'm3:3'] as const;

const STAT: Stat = {
  czxid: 1,
  mzxid: 1,
  pzxid: 1,
  ctimeMs: 0,
  mtimeMs: 0,
  version: 0,
  cversion: 0,
  dataLength: 0,
  numChildren: 0,
};

/**
 * The smallest group that keeps the promises of the door: one state behind all members, exactly one execution
 * per session and sequence, and faults on command.
 */
export class FakeGroup implements Behind {
  readonly network: FakeNetwork = new FakeNetwork(this);
  readonly arrivals: Arrival[] = [];
  /** What took effect, in order: call types, and tree operations as `set /path`. */
  readonly executed: string[] = [];
  /** The scheduler calls that took effect. */
  readonly calls: mesos.Call[] = [];
  readonly openedSessions: string[] = [];
  readonly closedSessions: string[] = [];
  readonly subscribed: { readonly id: string; readonly address: string }[] = [];
  /**
   * `lose`: requests are lost. `mute`: they are carried out and the answer is lost. `hold`: the same, but not
   * before `release`, when their client may long have given them up.
   */
  manner: 'answer' | 'mute' | 'lose' | 'hold' = 'answer';
  /** Refuses every request with this. */
  refusing: ErrorCode | null = null;
  onEvents: ((stream: ServerEnd<'events'>, request: StreamTypes['events']['request']) => void) | null = null;
  /** What the group does next, after a subscription and after each other call that took effect. */
  onSubscribed: () => void = () => undefined;
  onCall: (call: mesos.Call) => void = () => undefined;
  refusingAccept: ErrorCode | null = null;
  /** Ids that were ever subscribed. */
  readonly frameworks: Set<string> = new Set();
  /** Ids of frameworks that were removed. */
  readonly removed: Set<string> = new Set();
  /** How unary calls are answered; may throw. */
  readonly answers: Map<keyof UnaryTypes, (address: string, request: unknown) => unknown> = new Map();
  private held: (() => void)[] = [];
  /** Sequences below it were acknowledged, by session. */
  private readonly floors: Map<string, number> = new Map();
  private readonly sessions: Map<string, Map<number, Outcome>> = new Map();
  private readonly nodes: Map<string, Uint8Array> = new Map();
  private revision = 100;
  private stream: ServerEnd<'scheduler'> | null = null;

  /** Carries out what was held. */
  release(): void {
    const { held } = this;
    this.held = [];
    for (const carryOut of held) carryOut();
  }

  /** The group forgets every session. */
  expireSessions(): void {
    this.sessions.clear();
  }

  /** Sends an event to the subscribed framework. */
  tell(event: mesos.Event): void {
    this.stream?.reply({ kind: 'event', index: ++this.revision, event });
  }

  get subscriber(): string | null {
    return this.stream?.address ?? null;
  }

  request<M extends Method>(stream: ServerEnd<M>, request: StreamTypes[M]['request']): void {
    if (stream.method === 'scheduler') {
      this.schedulerRequest(stream as unknown as ServerEnd<'scheduler'>, request as SchedulerRequest);
    } else if (stream.method === 'write') {
      this.writeRequest(stream as unknown as ServerEnd<'write'>, request as WriteRequest);
    } else if (stream.method === 'events') {
      this.onEvents?.(stream as unknown as ServerEnd<'events'>, request as StreamTypes['events']['request']);
    } else if (stream.method === 'read') {
      this.readRequest(stream as unknown as ServerEnd<'read'>, request as StreamTypes['read']['request']);
    }
  }

  ended(stream: ServerEnd): void {
    if (this.stream === (stream as unknown)) this.stream = null;
  }

  call<M extends keyof UnaryTypes>(
    address: string,
    method: M,
    request: UnaryTypes[M]['request'],
  ): Promise<UnaryTypes[M]['reply']> {
    if (this.refusing !== null) return Promise.reject(new TepuiError(this.refusing, 'as told'));
    if (method === 'openSession') {
      const session = `session-${this.openedSessions.length + 1}`;
      this.openedSessions.push(session);
      this.sessions.set(session, new Map());
      const reply = { session: session as SessionId, timeoutMs: 600_000, index: ++this.revision };
      return Promise.resolve(reply as never);
    }
    const answer = this.answers.get(method);
    if (answer !== undefined) {
      return new Promise((resolve) => {
        resolve(answer(address, request) as UnaryTypes[M]['reply']);
      });
    }
    if (method === 'closeSession') this.closedSessions.push((request as { session: string }).session);
    return Promise.resolve({ index: ++this.revision } as never);
  }

  private writeRequest(stream: ServerEnd<'write'>, request: WriteRequest): void {
    const { operation, sequence } = request;
    const outcome = this.once(stream.address, request, operation.kind, () => {
      this.executed.push(`${operation.kind} ${operation.path}`);
      if (operation.kind === 'create' && this.nodes.has(operation.path)) return 'NODE_EXISTS';
      if (operation.kind === 'delete') this.nodes.delete(operation.path);
      else this.nodes.set(operation.path, operation.data);
      return null;
    });
    if (outcome === null) return;
    const reply: WriteReply['outcome'] =
      'refusal' in outcome
        ? { kind: 'refused', ...outcome.refusal }
        : { kind: 'done', index: outcome.index, term: 1, stat: STAT };
    stream.reply({ sequence, outcome: reply });
  }

  private readRequest(stream: ServerEnd<'read'>, { id, path }: StreamTypes['read']['request']): void {
    if (this.manner !== 'answer') return;
    const data = this.nodes.get(path);
    const refused = this.refusing ?? (data === undefined ? 'NO_NODE' : null);
    const outcome: StreamTypes['read']['reply']['outcome'] =
      refused === null
        ? { kind: 'node', data: data!, stat: STAT, children: [] }
        : { kind: 'refused', ...refusalOf(new TepuiError(refused, 'as told')) };
    stream.reply({ id, index: this.revision, outcome });
  }

  private schedulerRequest(stream: ServerEnd<'scheduler'>, request: SchedulerRequest): void {
    const { call, sequence } = request;
    if (call.type === 'SUBSCRIBE') {
      this.subscribe(stream, request, call.framework_id?.value ?? '');
      return;
    }
    const outcome = this.once(stream.address, request, call.type, () => {
      this.executed.push(call.type);
      this.calls.push(call);
      this.onCall(call);
      return call.type === 'ACCEPT' ? this.refusingAccept : null;
    });
    if (outcome === null) return;
    stream.reply(
      'refusal' in outcome
        ? { kind: 'refused', sequence, refusal: outcome.refusal }
        : { kind: 'accepted', sequence, index: outcome.index },
    );
  }

  /** Not protected by the session: subscribing twice does no harm. */
  private subscribe(stream: ServerEnd<'scheduler'>, request: SchedulerRequest, id: string): void {
    const { sequence } = request;
    this.arrivals.push({ address: stream.address, ...request, type: 'SUBSCRIBE' });
    if (this.manner === 'lose') return;
    const refused = this.refusing ?? (this.removed.has(id) ? 'FRAMEWORK_REMOVED' : null);
    if (refused !== null) {
      stream.reply({ kind: 'refused', sequence, ...refusal(refused) });
      return;
    }
    this.executed.push('SUBSCRIBE');
    this.frameworks.add(id);
    this.subscribed.push({ id, address: stream.address });
    this.stream = stream;
    if (this.manner === 'mute') return;
    const index = ++this.revision;
    stream.reply({ kind: 'accepted', sequence, index });
    const subscribed = { framework_id: { value: id }, heartbeat_interval_seconds: 5 };
    stream.reply({ kind: 'event', index, event: { type: 'SUBSCRIBED', subscribed } });
    this.onSubscribed();
  }

  /** Runs `effect` unless the sequence was answered before. Null: no answer reaches the client. */
  private once(
    address: string,
    request: { session: string; sequence: number; acknowledgedBelow: number },
    type: string,
    effect: () => ErrorCode | null,
  ): Outcome | null {
    const { session, sequence, acknowledgedBelow } = request;
    this.arrivals.push({ address, session, sequence, acknowledgedBelow, type });
    if (this.manner === 'lose') return null;
    if (this.refusing !== null) return refusal(this.refusing);
    const run = (): Outcome => this.inSession(session, sequence, acknowledgedBelow, effect);
    if (this.manner === 'hold') {
      this.held.push(run);
      return null;
    }
    const outcome = run();
    return this.manner === 'mute' ? null : outcome;
  }

  private inSession(
    session: string,
    sequence: number,
    acknowledgedBelow: number,
    effect: () => ErrorCode | null,
  ): Outcome {
    const results = this.sessions.get(session);
    if (results === undefined) return refusal('SESSION_EXPIRED');
    for (const known of results.keys()) if (known < acknowledgedBelow) results.delete(known);
    const floor = Math.max(this.floors.get(session) ?? 0, acknowledgedBelow);
    this.floors.set(session, floor);
    let outcome = results.get(sequence);
    if (outcome === undefined && sequence < floor) return refusal('SEQUENCE_STALE');
    if (outcome === undefined) {
      const refused = effect();
      outcome = refused === null ? { index: ++this.revision } : refusal(refused);
      results.set(sequence, outcome);
    }
    return outcome;
  }
}

function refusal(code: ErrorCode): { readonly refusal: Refusal } {
  return { refusal: refusalOf(new TepuiError(code, 'as told')) };
}
