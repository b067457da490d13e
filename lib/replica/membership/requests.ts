import type { ClusterId, ErrorCode, MemberId, Random, Timers } from '../../base/index.js';
import type { CallMethod, CallReply } from '../types.js';
import {
  decodeAnswer,
  encodeJson,
  type ChangeCall,
  type MemberChange,
  type MemberChangeAnswer,
} from './changes.js';
import { MEMBERSHIP_CALLS } from './methods.js';
import { hashOf, makeToken, parseToken, TOKEN_TTL_MS } from './tokens.js';

const RETRY_MS = 100;
/** A member that was removed itself hears of no leader any more: whoever asked does better to ask another one. */
const LOST_PATIENCE_MS = 1000;

export type ChangeReply =
  | { readonly ok: true; readonly answer: MemberChangeAnswer }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly unknown: boolean };

export interface RequestsHost {
  readonly memberId: MemberId;
  readonly random: Random;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly deadlineMs: number;
  readonly clusterId: () => ClusterId | null;
  readonly callLeader: (method: CallMethod, body: Uint8Array, done: (reply: CallReply) => void) => void;
}

interface Open {
  call: ChangeCall;
  readonly token: string | null;
  readonly untilMs: number;
  readonly done: (reply: ChangeReply) => void;
  /** An attempt was lost: it may have been carried out. */
  lost: boolean;
  over: boolean;
}

/**
 * Changes of the membership, asked of the leader on behalf of an operator. Each is harmless to repeat, so one whose
 * leader was lost is asked of the next one: above all when the leader itself is to go, and hands over first.
 */
export class ChangeRequests {
  private readonly host: RequestsHost;

  constructor(host: RequestsHost) {
    this.host = host;
  }

  make(change: MemberChange, done: (reply: ChangeReply) => void): void {
    const clusterId = this.host.clusterId();
    if (clusterId === null) {
      const message = `${this.host.memberId} belongs to no group yet`;
      this.host.timers.soon(() => done({ ok: false, code: 'NO_LEADER', message, unknown: false }));
      return;
    }
    const token = change.kind === 'add' ? makeToken(clusterId, this.host.random) : null;
    const tokenHash = token === null ? '' : hashOf(parseToken(token));
    const call = { change, tokenHash, ttlMs: TOKEN_TTL_MS };
    const untilMs = this.host.nowMs() + this.host.deadlineMs;
    this.attempt({ call, token, untilMs, done, lost: false, over: false });
  }

  private attempt(open: Open): void {
    if (open.over) return;
    this.host.callLeader(MEMBERSHIP_CALLS.change, encodeJson(open.call), (reply) => {
      if (open.over) return;
      if (reply.ok) {
        open.over = true;
        open.done({ ok: true, answer: { ...decodeAnswer(reply.body), token: open.token } });
      } else this.failed(open, reply);
    });
  }

  private failed(open: Open, reply: Extract<CallReply, { ok: false }>): void {
    const again = reply.code === 'TRANSFERRING' || (reply.unknown && reply.code === 'OUTCOME_UNKNOWN');
    if (reply.unknown && !open.lost) this.lost(open);
    if (again && this.host.nowMs() + RETRY_MS < open.untilMs) {
      this.host.timers.after(RETRY_MS, () => this.attempt(open));
    } else if (open.lost && reply.code === 'UNKNOWN_MEMBER' && goes(open.call.change)) {
      // The attempt that was lost took it out.
      open.call = { ...open.call, change: { kind: 'upkeep', policy: null } };
      this.attempt(open);
    } else {
      open.over = true;
      open.done({ ...reply, unknown: reply.unknown || open.lost });
    }
  }

  private lost(open: Open): void {
    open.lost = true;
    this.host.timers.after(LOST_PATIENCE_MS, () => {
      if (open.over) return;
      open.over = true;
      const message = 'the leader was lost before it answered: see `tepui members`';
      open.done({ ok: false, code: 'OUTCOME_UNKNOWN', message, unknown: true });
    });
  }
}

function goes({ kind }: MemberChange): boolean {
  return kind === 'remove' || kind === 'replace';
}
