import { ByteReader, ByteWriter, MalformedError, TepuiError, type MemberId } from '../base/index.js';
import type { Frame, FrameKind, PeerHello } from '../transport/types.js';
import type { Calls } from './calls.js';
import type { Membership } from './membership/membership.js';
import type { RunningMember } from './running.js';
import type { ReplicaListeners } from './types.js';

export interface PeerFramesHost {
  readonly running: () => RunningMember | null;
  readonly calls: Calls;
  readonly membership: Membership;
  readonly each: (call: (listeners: ReplicaListeners) => void) => void;
  readonly leading: () => boolean;
  /** A quorum was heard within an election timeout. */
  readonly quorumBehind: () => boolean;
  readonly send: (to: MemberId, kind: FrameKind, body: Uint8Array) => boolean;
}

/** Hands the frames of other members to whom they concern. */
export class PeerFrames {
  private readonly host: PeerFramesHost;

  constructor(host: PeerFramesHost) {
    this.host = host;
  }

  /** Takes one frame. What cannot be read ends the stream it came by, and nothing else. */
  take(from: PeerHello, frame: Frame): void {
    try {
      this.hand(from, frame);
    } catch (cause) {
      if (!(cause instanceof MalformedError)) throw cause;
      const message = `a ${frame.kind} frame of ${frame.body.length} bytes: ${cause.message}`;
      throw new TepuiError('MALFORMED', message, { cause });
    }
  }

  private hand(from: PeerHello, frame: Frame): void {
    switch (frame.kind) {
      case 'raft':
      case 'lane':
      case 'laneReply':
        return this.host.running()?.frame(from, frame);
      case 'call':
        return this.host.calls.arrived(from.memberId, frame.body);
      case 'addresses':
        return this.host.membership.told(frame.body);
      case 'callReply':
        return this.host.calls.answered(from.memberId, frame.body);
      case 'push':
        return this.pushed(from.memberId, frame.body);
      case 'liveness':
        return this.livenessArrived(from.memberId, frame.body);
      case 'livenessReply': {
        const sentAtMs = new ByteReader(frame.body).uint();
        return this.host.each((one) => one.livenessAcknowledged?.(sentAtMs));
      }
    }
  }

  private pushed(from: MemberId, body: Uint8Array): void {
    const reader = new ByteReader(body);
    const topic = reader.uint();
    const news = reader.raw(reader.remaining).slice();
    this.host.each((one) => one.push?.(from, topic, news));
  }

  private livenessArrived(from: MemberId, body: Uint8Array): void {
    if (!this.host.leading()) return;
    const reader = new ByteReader(body);
    const sentAtMs = reader.uint();
    const report = reader.raw(reader.remaining).slice();
    this.host.each((one) => one.liveness?.(from, report));
    if (!this.host.quorumBehind()) return;
    this.host.send(from, 'livenessReply', new ByteWriter(8).uint(sentAtMs).finish());
  }
}
