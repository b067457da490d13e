import { MalformedError, TepuiError } from '../base/index.js';
import type { Frame, PeerHello } from '../transport/types.js';
import type { Calls } from './calls.js';
import type { Membership } from './membership/membership.js';
import type { News } from './news.js';
import type { RunningMember } from './running.js';

export interface PeerFramesHost {
  readonly running: () => RunningMember | null;
  readonly calls: Calls;
  readonly membership: Membership;
  readonly news: News;
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
        this.expectMember(from);
        return this.host.running()?.frame(from, frame);
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
        return this.host.news.pushed(from.memberId, frame.body);
      case 'liveness':
        return this.host.news.livenessArrived(from.memberId, frame.body);
      case 'livenessReply':
        return this.host.news.livenessAcknowledged(frame.body);
    }
  }

  /** A folder that left asks for votes for ever: its stream ends, and it is told when it comes back. */
  private expectMember({ nodeId }: PeerHello): void {
    const retired = this.host.membership.retirementOf(nodeId);
    if (retired !== null) throw new TepuiError(retired.code, retired.message);
  }
}
