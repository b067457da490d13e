import { randomHex, TepuiError, type ErrorCode, type MemberId, type NodeId } from '../base/index.js';
import type { PeerHello } from '../transport/types.js';
import { compareGenerations } from './generations.js';
import type { Membership } from './membership/membership.js';
import type { ReplicaOptions } from './ports.js';
import type { RunningMember } from './running.js';

type Refusal = { readonly code: ErrorCode; readonly message: string };

const START_BYTES = 8;
const NOTHING = { term: 0, index: 0 } as const;

export interface AcquaintanceHost {
  readonly options: ReplicaOptions;
  readonly membership: Membership;
  readonly running: () => RunningMember | null;
  readonly ended: () => boolean;
}

/** What members say about themselves when they meet, and whether they may go on speaking. */
export class Acquaintance {
  private readonly host: AcquaintanceHost;
  private readonly options: ReplicaOptions;
  /** Tells this process from another one that shows the same boot number, on a copy of the folder. */
  private readonly drawnAtStart: string;
  /** Members that say that this one is of another group, and have not said otherwise since. */
  private readonly strangers: Set<MemberId> = new Set();
  private retiring = false;

  constructor(host: AcquaintanceHost) {
    this.host = host;
    this.options = host.options;
    this.drawnAtStart = randomHex(host.options.random, START_BYTES);
  }

  /** What this member says to another one, or to somebody it does not know. */
  hello(to: MemberId | null, folder?: NodeId): PeerHello {
    const { identity } = this.options.disk;
    const running = this.host.running();
    const node = to === null || running === null ? null : (folder ?? this.host.membership.folderOf(to));
    return {
      memberId: this.options.memberId,
      nodeId: identity.nodeId,
      boot: identity.boot,
      start: this.drawnAtStart,
      clusterId: identity.clusterId ?? identity.formerCluster,
      generation: identity.generation,
      unbound: identity.clusterId === null,
      release: this.options.release,
      pid: this.options.pid,
      doors: this.options.doors,
      memoryBudgetBytes: this.options.memoryBudgetBytes(),
      holds: running?.holds ?? { ...NOTHING, damaged: false },
      acknowledged: { ...(node === null ? NOTHING : running!.peers.acknowledgedBy(node)), node },
    };
  }

  /** Whether `hello` may speak with this member; null: it may. */
  judge(hello: PeerHello): Refusal | null {
    const { clusterId } = this.options.disk.identity;
    this.host.membership.noticed(hello);
    if (!this.host.membership.accepts(hello.memberId)) {
      const removed = this.retirementOf(hello);
      if (removed !== null) return removed;
      const known = [this.options.memberId, ...this.host.membership.others].sort().join(', ');
      return {
        code: 'FOREIGN_MEMBER',
        message: `${hello.memberId} is not a member here; the members are ${known}`,
      };
    }
    if (clusterId !== null && hello.clusterId !== null && hello.clusterId !== clusterId) {
      const message = `${hello.memberId} belongs to group ${hello.clusterId}, ${this.options.memberId} to ${clusterId}`;
      return { code: 'FOREIGN_CLUSTER', message };
    }
    const lives = compareGenerations(this.options.disk.identity, hello);
    if (lives?.former === 'peer') return { code: 'FORMER_GENERATION', message: lives.message };
    if (lives?.former === 'self') {
      this.retire('FORMER_GENERATION', lives.message);
      return { code: 'SHUTTING_DOWN', message: lives.message };
    }
    const retired = this.retirementOf(hello);
    if (retired !== null) return retired;
    const past = this.host.running()?.boots.pastOf(hello) ?? null;
    if (past !== null) {
      const message =
        `${hello.memberId} comes with ${past.shown}, ${this.options.memberId} has seen ${past.seen}: ` +
        'it is a copy from the past that has forgotten votes';
      return { code: 'DAMAGED', message };
    }
    this.host.membership.heard(hello);
    return null;
  }

  /** Node ids are never used again, so what is known of one is about this very folder. */
  private retirementOf({ nodeId, clusterId }: PeerHello): Refusal | null {
    if (clusterId !== null && clusterId !== this.options.disk.identity.clusterId) return null;
    return this.host.membership.retirementOf(nodeId);
  }

  /** `by` does not want to speak with this member. */
  rejected(by: MemberId, { code, message }: Refusal): void {
    if (code === 'FOREIGN_CLUSTER') this.strange(by, message);
    // The only damage that peers see: this folder is a copy from the past.
    if (code === 'FORMER_GENERATION' || code === 'DAMAGED' || code === 'RETIRED') this.retire(code, message);
    if (code === 'REMOVED' && !this.host.ended()) this.options.fatal(new TepuiError(code, message));
  }

  /**
   * The group was recovered or restored without this folder, or the folder is a copy from the past that has forgotten
   * votes, or another folder of this member has taken its place. What is here is set aside by the next start, which begins a new instance: what this one voted for and
   * acknowledged counts no more.
   */
  retire(code: 'FORMER_GENERATION' | 'DAMAGED' | 'RETIRED', message: string): void {
    if (this.retiring || this.host.ended()) return;
    this.retiring = true;
    const end = () => this.options.fatal(new TepuiError(code, message));
    this.options.disk.retire().then(end, (error: unknown) => this.options.fatal(error));
  }

  /** Rejected by most of its members: this folder belongs to another group, and no waiting changes that. */
  strange(by: MemberId, message: string): void {
    this.strangers.add(by);
    // The folder may be of a smaller group than the one this process was told to join: both count.
    const size = new Set([...this.host.membership.others, ...this.options.peers.keys()]).size + 1;
    if (2 * this.strangers.size <= size) return;
    const who = [...this.strangers].sort().join(' and ');
    const error = new TepuiError('FOREIGN_CLUSTER', `${message}; so say ${who}, of ${size} members`);
    this.options.fatal(error);
  }

  /** A member speaks with this one: whatever it said before. */
  met(member: MemberId): void {
    this.strangers.delete(member);
  }
}
