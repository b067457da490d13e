import type { NodeId } from '../../base/index.js';
import type { Configuration, HardState, LogIndex, LogReader, Role, Term } from '../types.js';
import type { NodeView } from '../view.js';

/** What survives a crash of one node; always current, also while the node is down. */
export interface DurableView extends LogReader {
  readonly hardState: HardState;
}

/** What the checker remembers of one node between two looks at it. */
export interface Witness {
  readonly id: NodeId;
  durable: DurableView;
  /** Null while the node is down. */
  view: NodeView | null;
  /** Its disk was damaged: it may miss what it once promised to keep. */
  damaged: boolean;

  role: Role;
  term: Term;
  vote: NodeId | null;
  commit: LogIndex;
  applied: LogIndex;
  electionElapsed: number;
  /** Term of each entry, by index; holes where the log was compacted. */
  terms: Term[];
  /** Configurations of the log, ascending; the first may be the base's. */
  configurations: { readonly index: LogIndex; readonly configuration: Configuration }[];
  /** Highest term of a vote or acknowledgement that left this node. */
  promisedTerm: Term;

  /** Ticks of this node's clock, and when its leader incarnation last heard each peer. */
  ticks: number;
  heard: Map<NodeId, number>;
  /** Pre-vote requests that could be granted when they arrived, as `preVoteKey`. */
  grantable: Set<string>;
  match: Map<NodeId, LogIndex>;
}

export function newWitness(id: NodeId, durable: DurableView): Witness {
  return {
    id,
    durable,
    view: null,
    damaged: false,
    role: 'follower',
    term: 0,
    vote: null,
    commit: 0,
    applied: 0,
    electionElapsed: 0,
    terms: [],
    configurations: [],
    promisedTerm: 0,
    ticks: 0,
    heard: new Map(),
    grantable: new Set(),
    match: new Map(),
  };
}

/** Whether `index` of `term` is durable there, as an entry or under a snapshot. */
export function holds(witness: Witness | undefined, index: LogIndex, term: Term): boolean {
  if (witness === undefined) return false;
  const { durable } = witness;
  return witness.damaged || durable.termAt(index) === term || durable.base().index >= index;
}

export function preVoteKey(candidate: NodeId, term: Term): string {
  return `${candidate} ${term}`;
}
