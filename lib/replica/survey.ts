import { memberOf, type MemberId, type NodeId } from '../base/index.js';
import { majority, votersOf, type Configuration } from '../raft/index.js';
import type { PeerHello, Transport } from '../transport/types.js';

/** How often members are asked while there is no leader. */
const ASK_MS = 1000;

export interface SurveyHost {
  readonly transport: Pick<Transport, 'introduceTo'>;
  readonly addressOf: (member: MemberId) => string | null;
  readonly nowMs: () => number;
  /** What this member would say of itself. */
  readonly self: () => PeerHello;
}

/**
 * What is left of a group that has no leader: which members are damaged, and how far each one's log reaches. A hello at
 * a handshake tells it as of then; without a leader everybody is asked again, once a second.
 */
export class Survey {
  private readonly host: SurveyHost;
  private readonly heard = new Map<MemberId, PeerHello>();
  private askedMs = -Infinity;

  constructor(host: SurveyHost) {
    this.host = host;
  }

  /** Called on each tick. `configuration` is null while there is a leader, or no group. */
  tick(configuration: Configuration | null): void {
    if (configuration === null) return this.heard.clear();
    const nowMs = this.host.nowMs();
    if (nowMs - this.askedMs < ASK_MS) return;
    this.askedMs = nowMs;
    for (const member of new Set(votersOf(configuration).map(memberOf))) this.ask(member);
  }

  /** "2 of 3 voters are damaged and cannot vote: …", or null when none is known to be. */
  describe(configuration: Configuration): string | null {
    const voters = votersOf(configuration);
    const hellos = voters.map((node) => this.helloOf(node));
    const damaged = hellos.filter((hello) => hello?.holds.damaged === true);
    const replaced = voters.filter((node) => this.isReplaced(node));
    if (damaged.length + replaced.length === 0) return null;
    const unable = damaged.length + replaced.length;
    const parts = voters.flatMap((node, at) => this.remains(node, hellos[at] ?? null));
    return (
      `${unable} of ${voters.length} voters lost data and cannot vote, ` +
      `${majority(configuration.voters.length)} votes are needed. What is left: ${parts.join('; ')}`
    );
  }

  private remains(node: NodeId, hello: PeerHello | null): string[] {
    const member = memberOf(node);
    if (this.isReplaced(node)) return [`${member} has a new folder, which holds nothing`];
    if (hello === null) return [];
    const { index, term, damaged } = hello.holds;
    return [`${member} holds entries up to ${index} of term ${term}${damaged ? ', and had more' : ''}`];
  }

  private isReplaced(node: NodeId): boolean {
    const hello = this.heard.get(memberOf(node));
    return hello !== undefined && hello.nodeId !== node;
  }

  private helloOf(node: NodeId): PeerHello | null {
    const self = this.host.self();
    if (self.nodeId === node) return self;
    const hello = this.heard.get(memberOf(node));
    return hello?.nodeId === node ? hello : null;
  }

  private ask(member: MemberId): void {
    const address = this.host.addressOf(member);
    if (address === null || member === this.host.self().memberId) return;
    this.host.transport.introduceTo(address).then(
      (hello) => {
        if (hello.memberId === member) this.heard.set(member, hello);
      },
      () => this.heard.delete(member),
    );
  }
}
