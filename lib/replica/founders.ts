import type { ClusterId, Logger, MemberId, NodeId } from '../base/index.js';
import type { PeerHello, Transport } from '../transport/types.js';

export interface FoundersHost {
  readonly transport: Transport;
  readonly addressOf: (member: MemberId) => string | null;
  readonly logger: Logger;
  readonly clusterId: () => ClusterId | null;
  readonly voters: () => readonly NodeId[];
  /** A founder belongs to the group now, or did already. */
  readonly bound: (hello: PeerHello) => void;
}

/**
 * Tells founding voters that were not told yet (the one that founded the group stopped too early, or this is
 * it): every member of the group does, until each founder has answered.
 */
export class Founders {
  private readonly host: FoundersHost;
  private readonly untold = new Map<MemberId, PeerHello>();
  private busy = false;

  constructor(host: FoundersHost) {
    this.host = host;
  }

  /** A member introduced itself; it may be a founder that is still empty. */
  met(hello: PeerHello): void {
    const { memberId, nodeId, clusterId } = hello;
    if (clusterId === null && this.host.voters().includes(nodeId)) this.untold.set(memberId, hello);
    else this.untold.delete(memberId);
  }

  /** Tells one of them at a time. Called on each tick. */
  tell(): void {
    if (this.busy || this.untold.size === 0) return;
    const [hello] = this.untold.values();
    const member = hello!.memberId;
    const address = this.host.addressOf(member);
    const clusterId = this.host.clusterId();
    if (address === null || clusterId === null) return;
    this.busy = true;
    this.host.transport
      .formWith(address, { clusterId, voters: this.host.voters() })
      .then(({ formed, message }) => {
        this.untold.delete(member);
        if (formed) this.host.bound(hello!);
        else this.host.logger.warn({ member, message }, 'a founder does not join the group');
      })
      .catch((error: unknown) => {
        // Last in the queue now, so that one that is away does not keep the others waiting.
        const still = this.untold.get(member);
        this.untold.delete(member);
        if (still !== undefined) this.untold.set(member, still);
        this.host.logger.debug({ member, err: error }, 'a founder could not be told yet');
      })
      .finally(() => {
        this.busy = false;
      });
  }
}
