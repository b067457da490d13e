import {
  randomHex,
  type ClusterId,
  type Logger,
  type MemberId,
  type NodeId,
  type Random,
  type Timers,
  type TimerHandle,
} from '../base/index.js';
import type { FormReply, FormRequest, PeerHello, Transport } from '../transport/types.js';

const RETRY_MS = 100;

export interface FormationHost {
  readonly memberId: MemberId;
  readonly nodeId: NodeId;
  /** The group in which a former folder of this member lost its term or vote; null: there is none. */
  readonly formerCluster: ClusterId | null;
  /** Peer addresses of the other founding members. */
  readonly peers: ReadonlyMap<MemberId, string>;
  readonly transport: Transport;
  readonly random: Random;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Writes the founding configuration, synced. Resolves to false when this folder already belongs to a group. */
  readonly found: (request: FormRequest) => Promise<boolean>;
  /** The group exists now: consensus may begin. */
  readonly formed: () => void;
  readonly fatal: (error: unknown) => void;
}

/**
 * Forms a new group, once: when every founding member answers that its folder is empty too, the one with the
 * lowest id draws the cluster id and tells all which folders are the voters. It writes its own folder first;
 * a founder that was not told (a crash came between) is told later by any member that was: it has never voted,
 * and the configuration names its folder.
 */
export class Formation {
  private readonly host: FormationHost;
  private timer: TimerHandle | null = null;
  private stopped = false;
  private founding = false;
  /** What is missing, for people. */
  trouble = 'asking the founding members whether they are new';

  constructor(host: FormationHost) {
    this.host = host;
  }

  start(): void {
    const { formerCluster } = this.host;
    if (formerCluster === null) this.again();
    else
      this.trouble =
        `term and vote of this member in group ${formerCluster} are lost: this new folder has no vote there, ` +
        'founds no other group, and waits to be added';
  }

  private again(): void {
    this.attempt().catch((error: unknown) => this.host.fatal(error));
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** Another founder tells us the group's voters. */
  async told(request: FormRequest): Promise<FormReply> {
    if (this.host.formerCluster !== null) return { formed: false, message: this.trouble };
    if (!request.voters.includes(this.host.nodeId)) {
      return {
        formed: false,
        message: `${this.host.nodeId} is not among the voters ${request.voters.join(', ')}`,
      };
    }
    return this.found(request);
  }

  private async attempt(): Promise<void> {
    if (this.stopped) return;
    const hellos = await this.ask();
    if (this.stopped) return;
    if (hellos !== null && this.isLowest()) {
      const voters = [this.host.nodeId, ...hellos.map((hello) => hello.nodeId)].sort();
      const request = { clusterId: randomHex(this.host.random, 16) as ClusterId, voters };
      await this.found(request);
      return;
    }
    this.timer = this.host.timers.after(RETRY_MS, () => this.again());
  }

  private async found(request: FormRequest): Promise<FormReply> {
    if (this.founding) return { formed: false, message: 'founding is under way' };
    this.founding = true;
    const formed = await this.host.found(request).finally(() => {
      this.founding = false;
    });
    if (!formed) return { formed: false, message: 'this folder belongs to a group already' };
    this.host.logger.info({ clusterId: request.clusterId, voters: request.voters }, 'group formed');
    this.stop();
    this.host.formed();
    return { formed: true, message: '' };
  }

  private isLowest(): boolean {
    return [...this.host.peers.keys()].every((id) => this.host.memberId < id);
  }

  /** The hellos of all other founders, or null while one is missing or belongs to a group. */
  private async ask(): Promise<PeerHello[] | null> {
    const asked = [...this.host.peers].map(async ([id, address]) => {
      try {
        return { id, hello: await this.host.transport.introduceTo(address) };
      } catch {
        return { id, hello: null };
      }
    });
    const answers = await Promise.all(asked);
    const silent = answers.filter(({ hello }) => hello === null).map(({ id }) => id);
    const member = answers.find(({ hello }) => hello !== null && hello.clusterId !== null);
    const stranger = answers.find(({ id, hello }) => hello !== null && hello.memberId !== id);
    if (stranger !== undefined) {
      this.trouble = `the address of ${stranger.id} answers as ${stranger.hello!.memberId}`;
    } else if (member !== undefined) {
      this.trouble =
        `this folder is new, but ${member.id} belongs to group ${member.hello!.clusterId} already: ` +
        'unless that group was founded with this folder, it has no vote there and waits to be added';
    } else if (silent.length > 0) {
      this.trouble = `forming the group: ${silent.join(', ')} did not answer yet`;
    } else return answers.map(({ hello }) => hello!);
    return null;
  }
}
