import type { MemberId } from '../../lib/base/index.js';
import type { Cluster } from '../cluster/cluster.js';
import { wipe } from '../damage/data-folder.js';
import type { Fault } from './fault.js';

/** For a new folder to be let in, to catch up and to get a vote. */
const VOTE_LIMIT_MS = 40_000;

export interface Churn {
  /** Killed with SIGKILL and started again at once, while the change is under way; null: nobody. */
  readonly interrupt: 'leader' | null;
}

/** A change of who is in the group, by the commands that an operator has, and the way back. */
abstract class Change implements Fault {
  abstract readonly victims: readonly string[];
  protected readonly cluster: Cluster;
  private readonly churn: Churn;
  private killed: string | null = null;

  constructor(cluster: Cluster, churn: Churn) {
    this.cluster = cluster;
    this.churn = churn;
  }

  abstract inject(): Promise<void>;
  abstract heal(): Promise<string>;

  protected get founders(): readonly string[] {
    return this.cluster.masters;
  }

  /** `id` joins with a token of its own, in place of `replaces` or as one more. */
  protected async join(id: string, replaces: string | null): Promise<void> {
    const { cluster } = this;
    const { token } = await cluster.changeMembers({
      kind: 'add',
      id: id as MemberId,
      replaces: replaces as MemberId | null,
    });
    if (token === null) throw new Error(`no token came for ${id}`);
    cluster.join(id, token);
  }

  /** From here until `retire`, the process of `id` may end: it loses its place. */
  protected dismiss(id: string): void {
    this.cluster.expectEnd(id, null);
  }

  /** Ends the process of a member that left, and deletes its folder: it comes back as a new one, if ever. */
  protected async retire(id: string): Promise<void> {
    const { cluster } = this;
    if (cluster.pid(id) !== null) await cluster.kill(id);
    cluster.unsupervise(id);
    wipe(cluster.folder(id));
  }

  /** Until exactly these have votes. The first time, a leader may be killed meanwhile. */
  protected async untilVoters(ids: readonly string[]): Promise<void> {
    await this.interrupt();
    const wanted = [...ids].sort().join();
    await this.cluster.waitFor(`exactly ${wanted} have votes`, VOTE_LIMIT_MS, async () => {
      return (await this.cluster.voters()).sort().join() === wanted ? true : null;
    });
  }

  protected tell(what: string): string {
    return this.killed === null ? what : `${what}; ${this.killed} led and was killed meanwhile`;
  }

  private async interrupt(): Promise<void> {
    if (this.churn.interrupt === null || this.killed !== null) return;
    const leader = await this.cluster.awaitLeader(VOTE_LIMIT_MS);
    this.killed = leader;
    await this.cluster.kill(leader);
    this.cluster.startAgain(leader);
  }
}

/** A voter is removed, and joins again with an empty folder. */
export class Shrink extends Change {
  readonly victims: readonly string[];
  private readonly victim: string;

  constructor(cluster: Cluster, victim: string) {
    // With two of two voters left, the loss of one is more than is promised.
    super(cluster, { interrupt: null });
    this.victim = victim;
    this.victims = [victim];
  }

  async inject(): Promise<void> {
    const { victim, cluster } = this;
    this.dismiss(victim);
    await cluster.changeMembers({ kind: 'remove', value: victim as MemberId });
    await this.untilVoters(this.founders.filter((id) => id !== victim));
    await this.retire(victim);
  }

  async heal(): Promise<string> {
    await this.join(this.victim, null);
    await this.untilVoters(this.founders);
    return this.tell(`${this.victim} left and joined again`);
  }

  close(): void {
    this.cluster.unsupervise(this.victim);
  }
}

/** A spare master joins as one more voter, and is removed. */
export class Grow extends Change {
  readonly victims: readonly string[];

  constructor(cluster: Cluster, churn: Churn) {
    super(cluster, churn);
    this.victims = [cluster.spare];
  }

  async inject(): Promise<void> {
    const { cluster, founders } = this;
    await this.join(cluster.spare, null);
    await this.untilVoters([...founders, cluster.spare]);
  }

  async heal(): Promise<string> {
    const { cluster, founders } = this;
    this.dismiss(cluster.spare);
    await cluster.changeMembers({ kind: 'remove', value: cluster.spare as MemberId });
    await this.untilVoters(founders);
    await this.retire(cluster.spare);
    return this.tell(`${cluster.spare} joined and left`);
  }

  close(): void {
    this.cluster.unsupervise(this.cluster.spare);
  }
}

/** A spare master takes the vote of a member in one change, and gives it back. */
export class Replace extends Change {
  readonly victims: readonly string[];
  private readonly victim: string;

  constructor(cluster: Cluster, victim: string, churn: Churn) {
    super(cluster, churn);
    this.victim = victim;
    this.victims = [victim, cluster.spare];
  }

  async inject(): Promise<void> {
    const { cluster, founders, victim } = this;
    this.dismiss(victim);
    await this.join(cluster.spare, victim);
    await this.untilVoters([...founders.filter((id) => id !== victim), cluster.spare]);
    await this.retire(victim);
  }

  async heal(): Promise<string> {
    const { cluster, founders, victim } = this;
    this.dismiss(cluster.spare);
    await this.join(victim, cluster.spare);
    await this.untilVoters(founders);
    await this.retire(cluster.spare);
    return this.tell(`${cluster.spare} took the place of ${victim} and gave it back`);
  }

  close(): void {
    for (const id of this.victims) this.cluster.unsupervise(id);
  }
}
