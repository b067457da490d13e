import { assert } from '../../base/index.js';
import { decodeConfiguration } from '../configuration-codec.js';
import { sameConfiguration } from '../membership.js';
import type { LogIndex } from '../types.js';
import type { NodeView } from '../view.js';
import { checkStep, type GroupHistory } from './history.js';
import type { Witness } from './witness.js';

/** Takes in the log of a node that just started. */
export function readWholeLog(witness: Witness, view: NodeView, history: GroupHistory): void {
  startFromBase(witness, view);
  for (let index = view.firstIndex; index <= view.lastIndex; index++) see(witness, view, history, index);
}

/**
 * Compares the log with the last look at it and takes in what is new: S5, S6, S9. Walks back only as far as
 * the log changed, since equal terms at an index mean equal logs below it (S6).
 */
export function followLog(witness: Witness, view: NodeView, history: GroupHistory): void {
  if (view.baseIndex() > witness.commit) startFromBase(witness, view);
  const { terms } = witness;
  const { firstIndex, lastIndex } = view;
  const oldLast = terms.length - 1;
  let same = lastIndex;
  while (same >= firstIndex && terms[same] !== view.termAt(same)) same--;
  if (same === lastIndex && oldLast === lastIndex) return;
  if (same < oldLast) checkTruncation(witness, view, same + 1);
  terms.length = Math.min(terms.length, same + 1);
  while (witness.configurations.length > 1 && witness.configurations.at(-1)!.index > same) {
    witness.configurations.pop();
  }
  for (let index = Math.max(same + 1, firstIndex); index <= lastIndex; index++)
    see(witness, view, history, index);
}

function checkTruncation(witness: Witness, view: NodeView, from: LogIndex): void {
  const { id, term } = view;
  assert(
    view.role !== 'leader' || witness.role !== 'leader' || witness.term !== term,
    () => `S5 leader ${id} of term ${term} changes its log from ${from} on`,
  );
  assert(from > witness.commit, () => `S9 ${id} truncates from ${from}, committed is ${witness.commit}`);
}

/** Nothing is known of the log but its base: at a start, and when a snapshot (above the commit index) replaced it. */
function startFromBase(witness: Witness, view: NodeView): void {
  witness.terms = [];
  witness.configurations = [{ index: view.baseIndex(), configuration: view.baseConfiguration() }];
}

function see(witness: Witness, view: NodeView, history: GroupHistory, index: LogIndex): void {
  const entry = view.entryAt(index);
  witness.terms[index] = entry.term;
  const first = history.saw(entry, view.termAt(index - 1));
  if (entry.kind !== 'configuration') return;
  if (first) checkChange(witness, view, index);
  witness.configurations.push({ index, configuration: decodeConfiguration(entry.data) });
}

/** S17: the leader that begins a change has committed in its own term, and quorums overlap. */
function checkChange(witness: Witness, view: NodeView, index: LogIndex): void {
  const entry = view.entryAt(index);
  checkStep(witness.configurations.at(-1)!.configuration, entry);
  if (view.leadingFrom === null || entry.term !== view.term) return;
  assert(
    view.commit >= view.leadingFrom,
    () => `S17 ${view.id} changes the configuration at ${index} before it committed ${view.leadingFrom}`,
  );
}

/** S17: in force is the last configuration of the log, else that of the snapshot below it. */
export function checkConfigurationRule(witness: Witness, view: NodeView): void {
  const expected = witness.configurations.at(-1)!;
  assert(
    sameConfiguration(view.configuration, expected.configuration),
    () =>
      `S17 ${view.id} acts by ${JSON.stringify(view.configuration)}, ` +
      `but entry ${expected.index} says ${JSON.stringify(expected.configuration)}`,
  );
}
