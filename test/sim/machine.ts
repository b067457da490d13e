import type { Entry, LogIndex, SnapshotMeta, Term } from '../../lib/raft/types.js';
import { hashWords } from './hash.js';

/** The whole state of the toy machine: where it stands and a hash over everything it applied. */
export interface MachineState {
  readonly index: LogIndex;
  readonly term: Term;
  readonly digest: number;
}

/** A durable copy of the machine at one index: what a snapshot carries and a restart begins from. */
export interface Cut {
  readonly meta: SnapshotMeta;
  readonly state: MachineState;
}

export const EMPTY_STATE: MachineState = { index: 0, term: 0, digest: 0x5eed };

/** The state after `entry`. A 32-bit running hash: two machines that differ once differ for ever. */
export function applyEntry(state: MachineState, entry: Entry): MachineState {
  return {
    index: entry.index,
    term: entry.term,
    digest: hashWords(state.digest, entry.term, entry.index, entryWord(entry)),
  };
}

/** The content of an entry as one number: equal entries have equal words, and (nearly always) only they. */
export function entryWord(entry: Entry): number {
  const { data } = entry;
  let word = entry.kind.length;
  for (let i = 0; i < data.length; i++) word = Math.imul(word ^ data[i]!, 0x01000193);
  return word;
}
