import {
  TepuiError,
  assert,
  type AgentId,
  type FrameworkId,
  type OfferId,
  type TaskId,
} from '../../base/index.js';
import type { Machine } from '../../state/index.js';
import type { mesos } from '../../wire/index.js';
import { termOf } from '../offers/offer-id.js';
import { Outbox } from './outbox.js';
import { replyOf, type Answer } from './replies.js';
import type { SchedulerLimits, SchedulerSink } from './types.js';
import { UpdateFeed } from './update-feed.js';

export interface Subscribed {
  readonly kind: 'subscribed';
  readonly frameworkId: FrameworkId;
  readonly subscription: number;
  readonly updates: UpdateFeed;
}

export type StreamState =
  | { readonly kind: 'open' }
  /** The subscription is proposed. */
  | { readonly kind: 'subscribing'; readonly frameworkId: FrameworkId }
  | Subscribed
  /** Serves no more; ends once the requests under way are answered. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'closed' };

export interface StreamHost {
  readonly machine: () => Machine;
  readonly nowMs: () => number;
  readonly limits: SchedulerLimits;
  /** The stream speaks for its framework no more; told once, if it ever did. */
  readonly retired: (stream: FrameworkStream, subscribed: Subscribed) => void;
  /** The stream is over; told once. */
  readonly closed: (stream: FrameworkStream) => void;
}

/** One open stream of a framework (or of one that has yet to subscribe). */
export class FrameworkStream {
  readonly number: number;
  /** TEARDOWN was asked for here: its end surprises nobody. */
  teardownAsked = false;
  private readonly sink: SchedulerSink;
  private readonly host: StreamHost;
  private readonly outbox: Outbox;
  private current: StreamState = { kind: 'open' };
  private unanswered = 0;
  /** Offers that the framework holds, as far as this member knows. */
  private readonly offers: Set<OfferId> = new Set();

  constructor(number: number, sink: SchedulerSink, host: StreamHost) {
    this.number = number;
    this.sink = sink;
    this.host = host;
    this.outbox = new Outbox({
      sink,
      limit: host.limits.messagesPerStream,
      nowMs: host.nowMs,
      pull: () => this.pull(),
      overflow: () => this.fail('OVERLOADED', `${host.limits.messagesPerStream} messages wait to be read`),
    });
  }

  get state(): StreamState {
    return this.current;
  }

  get stalledMs(): number {
    return this.outbox.stalledMs;
  }

  /** False when the stream has too many requests under way: the request is to be refused. */
  begin(): boolean {
    if (this.unanswered >= this.host.limits.requestsPerStream) return false;
    this.unanswered++;
    return true;
  }

  /** Answers a request that `begin` let in. */
  answer(sequence: number, answer: Answer): void {
    assert(this.unanswered > 0, `sequence ${sequence} is answered twice`);
    this.unanswered--;
    this.refuse(sequence, answer);
    if (this.current.kind === 'ending' && this.unanswered === 0) this.close(null);
  }

  /** Answers a request that `begin` did not let in. */
  refuse(sequence: number, answer: Answer): void {
    this.outbox.push(replyOf(sequence, answer));
  }

  event(event: mesos.Event): void {
    this.outbox.push({ kind: 'event', index: this.host.machine().revision, event });
  }

  subscribing(frameworkId: FrameworkId): void {
    assert(this.current.kind === 'open', () => `stream ${this.number} subscribes while ${this.current.kind}`);
    this.current = { kind: 'subscribing', frameworkId };
  }

  /** The subscription was refused. */
  reopen(): void {
    if (this.current.kind === 'subscribing') this.current = { kind: 'open' };
  }

  subscribed(frameworkId: FrameworkId, subscription: number, greeting: mesos.Event): void {
    const updates = new UpdateFeed(this.host.machine, frameworkId);
    updates.everything();
    this.current = { kind: 'subscribed', frameworkId, subscription, updates };
    this.event(greeting);
  }

  /** Tells the state of these tasks, as it is when the stream has room for it. */
  reconcile(tasks: readonly { readonly taskId: TaskId; readonly agentId: AgentId | null }[]): void {
    if (this.current.kind !== 'subscribed') return;
    const { updates } = this.current;
    for (const { taskId, agentId } of tasks) updates.reconcile(taskId, agentId);
    const { reconciliationsPerStream: limit } = this.host.limits;
    if (updates.asked > limit) this.fail('OVERLOADED', `${updates.asked} reconciled states wait to be read`);
    else this.flush();
  }

  /** The feed has something new. */
  flush(): void {
    this.outbox.flush();
  }

  drained(): void {
    this.outbox.drained();
  }

  // ------------------------------------------------------------------------------------------------ offers

  deliver(offers: readonly mesos.Offer[]): void {
    for (const offer of offers) this.offers.add(offer.id.value as OfferId);
    this.event({ type: 'OFFERS', offers: { offers } });
  }

  /** The framework has answered these offers, one way or the other. */
  used(offerIds: readonly OfferId[]): void {
    for (const offerId of offerIds) this.offers.delete(offerId);
  }

  rescind(offerId: OfferId): void {
    if (!this.offers.delete(offerId)) return;
    this.event({ type: 'RESCIND', rescind: { offer_id: { value: offerId } } });
  }

  /** Withdraws all offers of terms before `term`. */
  rescindBefore(term: number): void {
    for (const offerId of this.offers) if ((termOf(offerId) ?? 0) < term) this.rescind(offerId);
  }

  // --------------------------------------------------------------------------------------------------- end

  /** Says why in a last event, then ends. Requests under way are still answered. */
  finish(message: string | null): void {
    if (this.current.kind === 'ending' || this.current.kind === 'closed') return;
    if (message !== null) this.event({ type: 'ERROR', error: { message } });
    // Sending may have found the stream full, and ended it.
    if (this.state.kind === 'closed') return;
    this.become({ kind: 'ending' });
    if (this.unanswered === 0) this.close(null);
  }

  fail(code: TepuiError['code'], message: string): void {
    this.close(new TepuiError(code, message));
  }

  /** The client has gone. */
  gone(): void {
    this.close('gone');
  }

  private close(how: TepuiError | null | 'gone'): void {
    if (this.current.kind === 'closed') return;
    this.become({ kind: 'closed' });
    this.host.closed(this);
    if (how === null) this.outbox.finish();
    else this.outbox.close();
    if (how !== 'gone') this.sink.end(how);
  }

  private become(state: StreamState): void {
    const former = this.current;
    this.current = state;
    if (former.kind === 'subscribed') this.host.retired(this, former);
  }

  private pull(): { kind: 'event'; index: number; event: mesos.Event } | null {
    if (this.current.kind !== 'subscribed') return null;
    const status = this.current.updates.next();
    if (status === null) return null;
    return {
      kind: 'event',
      index: this.host.machine().revision,
      event: { type: 'UPDATE', update: { status } },
    };
  }
}
