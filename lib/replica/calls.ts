import { ByteReader, ByteWriter, isErrorCode, type ErrorCode, type MemberId } from '../base/index.js';
import type { ReplicaLimits } from './limits.js';
import type { CallHandler, CallMethod, CallReply, LeadershipView } from './types.js';

type Done = (reply: CallReply) => void;

interface Call {
  readonly method: CallMethod;
  readonly body: Uint8Array;
  readonly done: Done;
  readonly deadlineMs: number;
  /** Leader the call was sent to, and its term; null while it waits for one. */
  sent: { readonly to: MemberId; readonly term: number } | null;
}

export interface CallsHost {
  readonly limits: ReplicaLimits;
  readonly memberId: MemberId;
  /** Calls are numbered from here: an answer to a former process must not be taken for one to this one. */
  readonly firstId: number;
  readonly nowMs: () => number;
  readonly soon: (callback: () => void) => void;
  readonly view: () => LeadershipView;
  readonly send: (to: MemberId, kind: 'call' | 'callReply', body: Uint8Array) => boolean;
  readonly waitRevision: (revision: number, done: (reached: boolean) => void) => void;
  readonly trouble: () => string;
}

/**
 * Calls that only the leader can judge. They wait for a leader, are sent to it once, and the answer is passed
 * on when this member has applied the revision it names. A call whose leader is lost ends as unknown: whether
 * it may be repeated is known only to the service that made it.
 */
export class Calls {
  private readonly host: CallsHost;
  private readonly handlers = new Map<CallMethod, CallHandler>();
  private readonly open = new Map<number, Call>();
  private lastId: number;
  private closed = false;

  constructor(host: CallsHost) {
    this.host = host;
    this.lastId = host.firstId;
  }

  handle(method: CallMethod, handler: CallHandler): void {
    this.handlers.set(method, handler);
  }

  call(method: CallMethod, body: Uint8Array, done: Done): void {
    if (this.closed) return this.refuse(done, 'SHUTTING_DOWN', 'this member is stopping');
    if (this.open.size >= this.host.limits.calls)
      return this.refuse(done, 'OVERLOADED', `${this.open.size} calls are waiting for the leader`);
    const deadlineMs = this.host.nowMs() + this.host.limits.callDeadlineMs;
    const id = ++this.lastId;
    this.open.set(id, { method, body, done, deadlineMs, sent: null });
    this.dispatch(id);
  }

  /** The view of leadership changed: what waits may go, what was sent to another leader is unknown. */
  leadershipChanged(): void {
    const leader = this.leader();
    const { term } = this.host.view();
    for (const [id, { sent }] of this.open) {
      if (sent === null) this.dispatch(id);
      else if (sent.to !== leader || sent.term !== term)
        this.end(id, unknown('OUTCOME_UNKNOWN', `the leader ${sent.to} was lost before it answered`));
    }
  }

  /** The stream to `member` broke: its answers to what was sent are lost. */
  streamLost(member: MemberId): void {
    for (const [id, { sent }] of this.open) {
      if (sent?.to !== member || member === this.host.memberId) continue;
      this.end(id, unknown('OUTCOME_UNKNOWN', `the stream to the leader ${member} broke before it answered`));
    }
  }

  /** Another member's call arrived. */
  arrived(from: MemberId, body: Uint8Array): void {
    const reader = new ByteReader(body);
    const id = reader.uint();
    const method = reader.uint();
    const request = reader.bytes().slice();
    this.run(from, method, request, (reply) => this.host.send(from, 'callReply', encodeReply(id, reply)));
  }

  answered(from: MemberId, body: Uint8Array): void {
    const { id, reply } = decodeReply(body);
    if (this.open.get(id)?.sent?.to === from) this.finish(id, reply);
  }

  expire(): void {
    const now = this.host.nowMs();
    for (const [id, call] of this.open) {
      // Calls are kept in the order of their deadlines.
      if (call.deadlineMs > now) break;
      const waited = `no answer within ${this.host.limits.callDeadlineMs} ms: ${this.host.trouble()}`;
      this.end(
        id,
        call.sent === null
          ? { ok: false, code: 'NO_LEADER', message: waited, unknown: false }
          : unknown('DEADLINE', waited),
      );
    }
  }

  close(): void {
    this.closed = true;
    for (const [id, call] of this.open) {
      const message = 'this member is stopping';
      this.end(
        id,
        call.sent === null
          ? { ok: false, code: 'SHUTTING_DOWN', message, unknown: false }
          : unknown('OUTCOME_UNKNOWN', message),
      );
    }
  }

  private leader(): MemberId | null {
    const view = this.host.view();
    if (view.kind === 'leading') return this.host.memberId;
    return view.kind === 'following' ? view.leader : null;
  }

  private dispatch(id: number): void {
    const leader = this.leader();
    const call = this.open.get(id)!;
    if (leader === null) return;
    const sent = { to: leader, term: this.host.view().term };
    if (leader === this.host.memberId) {
      call.sent = sent;
      this.host.soon(() => this.run(leader, call.method, call.body, (reply) => this.finish(id, reply)));
      return;
    }
    const frame = new ByteWriter(call.body.length + 32).uint(id).uint(call.method).bytes(call.body).finish();
    if (this.host.send(leader, 'call', frame)) call.sent = sent;
  }

  /** Sends what could not be sent before. Called on each tick. */
  retry(): void {
    for (const [id, { sent }] of this.open) if (sent === null) this.dispatch(id);
  }

  private run(from: MemberId, method: CallMethod, body: Uint8Array, reply: (reply: CallReply) => void): void {
    const handler = this.handlers.get(method);
    if (this.host.view().kind !== 'leading') {
      reply({
        ok: false,
        code: 'NOT_LEADER',
        message: `${this.host.memberId} does not lead`,
        unknown: false,
      });
    } else if (handler === undefined) {
      reply({ ok: false, code: 'UNSUPPORTED', message: `call ${method} is not known here`, unknown: false });
    } else handler(from, body, reply);
  }

  private finish(id: number, reply: CallReply): void {
    const call = this.open.get(id);
    if (call === undefined) return;
    // Sent to a member that no longer leads: it surely did nothing, so the call may go to the next leader.
    if (!reply.ok && reply.code === 'NOT_LEADER' && !reply.unknown) {
      call.sent = null;
      return;
    }
    this.open.delete(id);
    if (!reply.ok) return call.done(reply);
    this.host.waitRevision(reply.revision, (reached) =>
      call.done(
        reached ? reply : unknown('DEADLINE', `revision ${reply.revision} was not applied here in time`),
      ),
    );
  }

  private refuse(done: Done, code: ErrorCode, message: string): void {
    this.host.soon(() => done({ ok: false, code, message, unknown: false }));
  }

  private end(id: number, reply: CallReply): void {
    const call = this.open.get(id)!;
    this.open.delete(id);
    call.done(reply);
  }
}

function unknown(code: ErrorCode, message: string): CallReply {
  return { ok: false, code, message, unknown: true };
}

function encodeReply(id: number, reply: CallReply): Uint8Array {
  const writer = new ByteWriter(64).uint(id).bool(reply.ok);
  if (reply.ok) writer.uint(reply.revision).bytes(reply.body);
  else writer.text(reply.code).text(reply.message).bool(reply.unknown);
  return writer.finish();
}

function decodeReply(body: Uint8Array): { id: number; reply: CallReply } {
  const reader = new ByteReader(body);
  const id = reader.uint();
  if (reader.bool()) {
    const revision = reader.uint();
    return { id, reply: { ok: true, revision, body: reader.bytes().slice() } };
  }
  const code = reader.text();
  const message = reader.text();
  const reply = { code: isErrorCode(code) ? code : 'INTERNAL', message, unknown: reader.bool() } as const;
  return { id, reply: { ok: false, ...reply } };
}
