import { ByteReader, ByteWriter, type MemberId } from '../base/index.js';
import type { FrameKind } from '../transport/types.js';
import type { LeadershipView, ReplicaListeners } from './types.js';

export interface NewsHost {
  readonly memberId: MemberId;
  readonly leadership: () => LeadershipView;
  /** A quorum was heard within an election timeout. */
  readonly quorumBehind: () => boolean;
  readonly nowMs: () => number;
  readonly soon: (callback: () => void) => void;
  readonly each: (call: (listeners: ReplicaListeners) => void) => void;
  readonly send: (to: MemberId, kind: FrameKind, body: Uint8Array) => boolean;
}

/**
 * What services of different members tell each other past the log: soft news for one member, and to the leader what is
 * alive behind each. All of it may be lost.
 */
export class News {
  private readonly host: NewsHost;
  private reportedAtMs = 0;

  constructor(host: NewsHost) {
    this.host = host;
  }

  push(to: MemberId, topic: number, body: Uint8Array): void {
    const { memberId, soon, each, send } = this.host;
    if (to === memberId) return soon(() => each((one) => one.push?.(to, topic, body)));
    send(to, 'push', new ByteWriter(body.length + 8).uint(topic).raw(body).finish());
  }

  pushed(from: MemberId, body: Uint8Array): void {
    const reader = new ByteReader(body);
    const topic = reader.uint();
    const news = reader.raw(reader.remaining).slice();
    this.host.each((one) => one.push?.(from, topic, news));
  }

  reportLiveness(body: Uint8Array): number {
    const { memberId, leadership, quorumBehind, nowMs, soon, each, send } = this.host;
    const view = leadership();
    // An acknowledgement names its report by the time: two of the same millisecond would be taken for one another.
    const sentAtMs = Math.max(Math.floor(nowMs()), this.reportedAtMs + 1);
    this.reportedAtMs = sentAtMs;
    if (view.kind === 'leading') {
      soon(() => {
        each((one) => one.liveness?.(memberId, body));
        if (quorumBehind()) each((one) => one.livenessAcknowledged?.(sentAtMs));
      });
    } else if (view.kind === 'following') {
      send(view.leader, 'liveness', new ByteWriter(body.length + 8).uint(sentAtMs).raw(body).finish());
    }
    return sentAtMs;
  }

  livenessArrived(from: MemberId, body: Uint8Array): void {
    const { leadership, quorumBehind, each, send } = this.host;
    if (leadership().kind !== 'leading') return;
    const reader = new ByteReader(body);
    const sentAtMs = reader.uint();
    const report = reader.raw(reader.remaining).slice();
    each((one) => one.liveness?.(from, report));
    if (!quorumBehind()) return;
    send(from, 'livenessReply', new ByteWriter(8).uint(sentAtMs).finish());
  }

  livenessAcknowledged(body: Uint8Array): void {
    const sentAtMs = new ByteReader(body).uint();
    this.host.each((one) => one.livenessAcknowledged?.(sentAtMs));
  }
}
