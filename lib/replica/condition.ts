import type { NodeId } from '../base/index.js';
import type { Configuration } from '../raft/index.js';
import type { Roster } from './roster.js';
import type { Standing } from './standing.js';
import type { StateInForce } from './state-in-force.js';
import type { LeadershipView } from './types.js';

export interface ConditionHost {
  readonly node: NodeId;
  readonly roster: Roster;
  readonly standing: Standing;
  readonly state: StateInForce;
  readonly configuration: () => Configuration;
  readonly view: () => LeadershipView;
  readonly nowMs: () => number;
}

/** Whether a running member serves, and for people: why it does not, in numbers. */
export class Condition {
  private readonly host: ConditionHost;

  constructor(host: ConditionHost) {
    this.host = host;
  }

  get serving(): boolean {
    const { view, standing, state } = this.host;
    const { kind } = view();
    const led = kind === 'following' || kind === 'leading';
    return led && standing.open && state.ready && state.halt === null;
  }

  trouble(): string {
    const { node, roster, standing, state, configuration, view } = this.host;
    const group = configuration();
    if (group.voters.length === 0) return 'let into the group: waiting for its log from the leader';
    const reach = roster.reach(node, group);
    if (!standing.open) return `waiting to hear from a majority after the restart: ${reach}`;
    if (standing.recovering)
      return `the log of this member lacks what it once acknowledged and is being refilled: ${reach}`;
    if (state.halt !== null) return state.halt;
    if (!state.ready) return 'the state is being loaded';
    // Nobody who halts leads: if all do, nobody learns that the entries before it are committed.
    if (view().kind === 'none' && state.haltAhead !== null) return state.haltAhead;
    return this.led(view(), reach);
  }

  private led(view: LeadershipView, reach: string): string {
    if (view.kind !== 'none') return `leader known, term ${view.term}: ${reach}`;
    const seconds = ((this.host.nowMs() - view.since) / 1000).toFixed(1);
    return `no leader for ${seconds} s: ${reach}`;
  }
}
