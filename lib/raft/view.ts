import { must, type NodeId } from '../base/index.js';
import type { Core } from './core.js';
import { describePeer } from './status.js';
import type { Configuration, Entry, LogIndex, PeerProgress, Role, Term } from './types.js';

/** What a node knows and intends, for invariant checks: current whenever it is read, and not a copy. */
export interface NodeView {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly vote: NodeId | null;
  readonly leader: NodeId | null;
  /** Index of the first entry kept. */
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** Entries up to here are durable at this node. */
  readonly stableIndex: LogIndex;
  readonly commit: LogIndex;
  readonly handedOut: LogIndex;
  readonly applied: LogIndex;
  readonly configuration: Configuration;
  /** The entry that brought `configuration` is at or below this index. */
  readonly configurationIndex: LogIndex;
  /** Configurations in the log above the commit index. */
  readonly uncommittedConfigurations: number;
  /** Ticks since a leader was heard, a vote granted or a campaign begun. */
  readonly electionElapsed: number;
  /** Index of a leader's first entry of its term; null for others. */
  readonly leadingFrom: LogIndex | null;
  readonly uncommittedBytes: number;
  readonly maxInflightMessages: number;
  readonly electionTicks: number;
  /** Term of the entry at `index` (the base included), null when compacted or beyond the end. */
  termAt(index: LogIndex): Term | null;
  /** The entry at `index`, which is within [firstIndex, lastIndex]. */
  entryAt(index: LogIndex): Entry;
  /** The snapshot point below the log. */
  baseIndex(): LogIndex;
  baseConfiguration(): Configuration;
  /** Progress of the peers of a leader; empty for others. */
  peers(): readonly PeerProgress[];
}

export class CoreView implements NodeView {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  get id(): NodeId {
    return this.core.id;
  }
  get role(): Role {
    return this.core.state.role;
  }
  get term(): Term {
    return this.core.term;
  }
  get vote(): NodeId | null {
    return this.core.vote;
  }
  get leader(): NodeId | null {
    return this.core.leader;
  }
  get firstIndex(): LogIndex {
    return this.core.log.firstIndex;
  }
  get lastIndex(): LogIndex {
    return this.core.log.lastIndex;
  }
  get stableIndex(): LogIndex {
    return this.core.log.stable;
  }
  get commit(): LogIndex {
    return this.core.commit;
  }
  get handedOut(): LogIndex {
    return this.core.handedOut;
  }
  get applied(): LogIndex {
    return this.core.applied;
  }
  get configuration(): Configuration {
    return this.core.configuration;
  }
  get configurationIndex(): LogIndex {
    return this.core.membership.index;
  }
  get uncommittedConfigurations(): number {
    return this.core.membership.countAbove(this.core.commit);
  }
  get electionElapsed(): number {
    return this.core.electionElapsed;
  }
  get leadingFrom(): LogIndex | null {
    const { state } = this.core;
    return state.role === 'leader' ? state.firstIndex : null;
  }
  get uncommittedBytes(): number {
    const { state } = this.core;
    return state.role === 'leader' ? state.uncommittedBytes : 0;
  }
  get maxInflightMessages(): number {
    return this.core.config.maxInflightMessages;
  }
  get electionTicks(): number {
    return this.core.config.electionTicks;
  }

  termAt(index: LogIndex): Term | null {
    return this.core.log.termAt(index);
  }

  entryAt(index: LogIndex): Entry {
    return must(this.core.log.read(index, index + 1, 0)[0], () => `no entry at ${index}`);
  }

  baseIndex(): LogIndex {
    return this.core.log.base().index;
  }

  baseConfiguration(): Configuration {
    return this.core.log.base().configuration;
  }

  peers(): readonly PeerProgress[] {
    const { state } = this.core;
    return state.role === 'leader' ? state.peers.map((peer) => describePeer(this.core, peer)) : [];
  }
}
