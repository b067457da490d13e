import { memberOf, type NodeId } from '../../../lib/base/index.js';
import { isJoint, majority, type NodeView } from '../../../lib/raft/index.js';
import type { ReplicaLimits } from '../../../lib/replica/index.js';
import { MS, type Schedule } from '../schedule.js';
import { check } from '../violation.js';
import { consensusOf } from './observe.js';
import type { SimNode } from './node.js';
import type { World } from './world.js';

interface Sample {
  readonly atUs: number;
  readonly last: number;
}

const KEEP_US = 20_000_000;

/** What a leader must have seen to before it begins to change the voters, by what is true and not by what it saw. */
export class ChangeRules {
  private readonly world: World;
  private readonly schedule: Schedule;
  /** An election timeout by the slowest clock, and what a look at things takes. */
  private readonly timeoutUs: number;
  /** What the group had applied, as time went by. */
  private samples: Sample[] = [];

  constructor(world: World, { electionTicks, tickMs }: ReplicaLimits, schedule: Schedule) {
    this.world = world;
    this.schedule = schedule;
    this.timeoutUs = (1.2 * electionTicks * tickMs + 500) * MS;
  }

  sample(): void {
    const { now } = this.schedule;
    if ((this.samples[0]?.atUs ?? now) < now - KEEP_US)
      this.samples = this.samples.slice(this.samples.length / 2);
    this.samples.push({ atUs: now, last: this.world.oracle.last });
  }

  /** `node` leads, and has just appended a configuration. */
  proposed(node: SimNode, view: NodeView): void {
    const { configuration } = view;
    if (!isJoint(configuration) || this.stoodStill(node)) return;
    this.checkQuorum(node, configuration.outgoing, 'before');
    this.checkQuorum(node, configuration.voters, 'after');
    for (const voter of configuration.voters) {
      if (!configuration.outgoing.includes(voter)) this.checkCaughtUp(node, voter);
    }
  }

  /** Who stood still does not know what happened meanwhile; what it proposes now is of a term that is over. */
  private stoodStill({ stoppedUs }: SimNode): boolean {
    return this.schedule.now - stoppedUs < this.timeoutUs;
  }

  private checkQuorum({ id }: SimNode, voters: readonly NodeId[], when: string): void {
    const gone = voters.filter((voter) => this.isGone(voter));
    check(
      voters.length - gone.length >= majority(voters.length),
      'members',
      () =>
        `${id} changes the voters; ${when} it they are ${voters.join(', ')}, and long gone ${gone.join(', ')}`,
    );
  }

  /** No process has run on that folder for longer than it takes to find out. */
  private isGone(folder: NodeId): boolean {
    const node = this.world.nodeOf(memberOf(folder));
    const sinceUs = node.life === null ? node.endedUs : node.folder === folder ? null : node.startedUs;
    return sinceUs !== null && this.schedule.now - sinceUs > this.timeoutUs;
  }

  /** Catching up goes in rounds, of which the last one took less than an election timeout, as does the present one. */
  private checkCaughtUp({ id }: SimNode, voter: NodeId): void {
    const node = this.world.nodeOf(memberOf(voter));
    if (this.world.atlas.isWounded(node) || node.folder !== voter) return;
    const member = node.life?.member ?? null;
    const log = member === null ? null : (consensusOf(member)?.log ?? null);
    const last = log?.lastIndex() ?? node.lastIndex;
    const since = this.schedule.now - 2 * this.timeoutUs;
    const wanted = this.samples.findLast(({ atUs }) => atUs <= since)?.last ?? 0;
    check(
      last >= wanted,
      'members',
      () =>
        `${id} gives ${voter} a vote, whose log ends at ${last}; long ago the group had applied ${wanted}`,
    );
  }
}
