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
import type { FormReply, FormRequest, JoinReply, PeerHello, Transport } from '../transport/types.js';
import { Joining } from './membership/joining.js';

const RETRY_MS = 100;
/** Whoever was refused this often asks less often, by one `RETRY_MS` each time, down to once a second. */
const PATIENT_AFTER = 5;
const SLOWEST = 10;

export interface FormationHost {
  readonly memberId: MemberId;
  readonly nodeId: NodeId;
  /** The group in which a former folder of this member lost its term or vote; null: there is none. */
  readonly formerCluster: ClusterId | null;
  /** Peer addresses of the other founding members. */
  readonly peers: ReadonlyMap<MemberId, string>;
  readonly transport: Transport;
  /** Of `members add`, with the addresses of members that take it; null: this is a founder, or a member's new folder. */
  readonly invitation: { readonly token: string; readonly contacts: readonly string[] } | null;
  readonly random: Random;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Writes the founding configuration, synced. Resolves to false when this folder already belongs to a group. */
  readonly found: (request: FormRequest) => Promise<boolean>;
  /** Writes that this folder belongs to the group, synced. Resolves to false when it already belongs to one. */
  readonly enter: (reply: JoinReply) => Promise<boolean>;
  /** The group exists now: consensus may begin. */
  readonly formed: (founded: boolean) => void;
  readonly fatal: (error: unknown) => void;
}

type Asked =
  | { readonly kind: 'wait' }
  /** Everybody is new. */
  | { readonly kind: 'new'; readonly hellos: readonly PeerHello[] }
  | {
      readonly kind: 'group';
      /** Of all who say that they belong to it; one that was removed may not know that. */
      readonly addresses: readonly string[];
      readonly clusterId: ClusterId;
      readonly why: string;
    };

/**
 * Makes a folder part of a group. A new group forms once: when every founding member answers that its folder is empty too, the one with the
 * lowest id draws the cluster id and tells all which folders are the voters. It writes its own folder first;
 * a founder that was not told (a crash came between) is told later by any member that was: it has never voted,
 * and the configuration names its folder. Where a group exists already, this folder asks to be let in.
 */
export class Formation {
  private readonly host: FormationHost;
  private timer: TimerHandle | null = null;
  private stopped = false;
  private readonly joining: Joining;
  private writing = false;
  /** In a row, of requests to be let in. */
  private refusals = 0;
  /** What is missing, for people. */
  trouble = 'asking the founding members whether they are new';

  constructor(host: FormationHost) {
    this.host = host;
    this.joining = new Joining(host.transport, host.invitation?.token ?? '');
  }

  start(): void {
    this.again();
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
    if (this.host.formerCluster !== null || this.host.invitation !== null)
      return { formed: false, message: this.trouble };
    if (!request.voters.includes(this.host.nodeId)) {
      return {
        formed: false,
        message: `${this.host.nodeId} is not among the voters ${request.voters.join(', ')}`,
      };
    }
    return this.found(request, false);
  }

  private async attempt(): Promise<void> {
    if (this.stopped) return;
    const { invitation, formerCluster, peers } = this.host;
    if (invitation !== null) await this.join(invitation.contacts, null, WITH_TOKEN);
    else if (formerCluster !== null)
      await this.join([...peers.values()], formerCluster, lostVotes(formerCluster));
    else await this.foundOrJoin();
    if (this.stopped) return;
    const pace = Math.min(SLOWEST, 1 + Math.floor(this.refusals / PATIENT_AFTER));
    this.timer = this.host.timers.after(pace * RETRY_MS, () => this.again());
  }

  private async foundOrJoin(): Promise<void> {
    const answer = await this.ask();
    if (this.stopped || answer.kind === 'wait') return;
    if (answer.kind === 'group') return this.join(answer.addresses, answer.clusterId, answer.why);
    if (!this.isLowest()) return;
    const voters = [this.host.nodeId, ...answer.hellos.map((hello) => hello.nodeId)].sort();
    await this.found({ clusterId: randomHex(this.host.random, 16) as ClusterId, voters }, true);
  }

  private async join(addresses: readonly string[], expected: ClusterId | null, why: string): Promise<void> {
    const reply = await this.joining.attempt(addresses, expected);
    this.trouble = `${why}: ${this.joining.refusal}`;
    this.refusals = reply === null ? this.refusals + 1 : 0;
    if (reply === null || this.stopped || this.writing) return;
    this.writing = true;
    const entered = await this.host.enter(reply).finally(() => {
      this.writing = false;
    });
    if (!entered || this.stopped) return;
    this.host.logger.info({ clusterId: reply.clusterId }, 'let into the group, without a vote');
    this.stop();
    this.host.formed(false);
  }

  /** `first`: this member founds the group itself. One that is told may be a copy from before that, so it asks. */
  private async found(request: FormRequest, first: boolean): Promise<FormReply> {
    if (this.writing) return { formed: false, message: 'founding is under way' };
    this.writing = true;
    const formed = await this.host.found(request).finally(() => {
      this.writing = false;
    });
    if (!formed) return { formed: false, message: 'this folder belongs to a group already' };
    this.host.logger.info({ clusterId: request.clusterId, voters: request.voters }, 'group formed');
    this.stop();
    this.host.formed(first);
    return { formed: true, message: '' };
  }

  private isLowest(): boolean {
    return [...this.host.peers.keys()].every((id) => this.host.memberId < id);
  }

  /** Asks all other founders who they are. */
  private async ask(): Promise<Asked> {
    const asked = [...this.host.peers].map(async ([id, address]) => {
      try {
        return { id, address, hello: await this.host.transport.introduceTo(address) };
      } catch {
        return { id, address, hello: null };
      }
    });
    const answers = await Promise.all(asked);
    const silent = answers.filter(({ hello }) => hello === null).map(({ id }) => id);
    const member = answers.find(({ hello }) => hello !== null && hello.clusterId !== null && !hello.unbound);
    const former = answers.find(({ hello }) => hello !== null && hello.clusterId !== null);
    const stranger = answers.find(({ id, hello }) => hello !== null && hello.memberId !== id);
    if (stranger !== undefined) {
      this.trouble = `the address of ${stranger.id} answers as ${stranger.hello!.memberId}`;
    } else if (member !== undefined) {
      const clusterId = member.hello!.clusterId!;
      const why = `this folder is new, ${member.id} belongs to group ${clusterId}, and it waits to be let in there`;
      const addresses = answers.flatMap(({ address, hello }) =>
        hello?.clusterId === clusterId && !hello.unbound ? [address] : [],
      );
      return { kind: 'group', addresses, clusterId, why };
    } else if (former !== undefined) {
      this.trouble =
        `this folder is new, and ${former.id} was in group ${former.hello!.clusterId}, of which no member answers: ` +
        'no other group is founded';
    } else if (silent.length > 0) {
      this.trouble = `forming the group: ${silent.join(', ')} did not answer yet`;
    } else return { kind: 'new', hellos: answers.map(({ hello }) => hello!) };
    return { kind: 'wait' };
  }
}

const WITH_TOKEN = 'this member is new, and waits to be let in with its token';

function lostVotes(formerCluster: ClusterId): string {
  return (
    `the former folder of this member in group ${formerCluster} counts no more (its term and vote were lost, or another ` +
    'folder took its place): this new folder has no vote there, founds no other group, and waits to be let in'
  );
}
