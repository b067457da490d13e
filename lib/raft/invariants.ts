import { assert } from '../base/index.js';
import type { NodeView } from './view.js';

/**
 * Relations that hold at one node after every input, whatever the others do. The names S11 and so on are used
 * by the cluster checks too; each names one property of the protocol.
 */
export function checkNode(node: NodeView): void {
  checkOrder(node);
  if (node.role === 'leader') checkLeader(node);
}

/** S11: applied ≤ handed out ≤ commit ≤ last; stable ≤ last; terms never fall along the log or exceed ours. */
function checkOrder(node: NodeView): void {
  const { id, applied, handedOut, commit, lastIndex, stableIndex } = node;
  const numbers = (): string =>
    `${id}: applied ${applied}, handed out ${handedOut}, commit ${commit}, stable ${stableIndex}, last ${lastIndex}`;
  assert(applied <= handedOut && handedOut <= commit && commit <= lastIndex, () => `S11 order: ${numbers()}`);
  assert(stableIndex <= lastIndex, () => `S11 stable beyond the end: ${numbers()}`);
  assert(
    node.firstIndex <= applied + 1 || node.baseIndex() > applied,
    () => `S11 log begins late: ${numbers()}`,
  );
  const lastTerm = node.termAt(lastIndex) ?? 0;
  assert(lastTerm <= node.term, () => `S11 ${id}: last entry of term ${lastTerm}, own term ${node.term}`);
}

function checkLeader(node: NodeView): void {
  const { id, lastIndex } = node;
  assert(
    node.leader === id && node.vote === id,
    () => `S2 ${id} leads term ${node.term} it did not vote itself for`,
  );
  assert(node.uncommittedBytes >= 0, () => `S16 ${id}: ${node.uncommittedBytes} uncommitted bytes`);
  for (const peer of node.peers()) {
    const numbers = (): string =>
      `${id}: ${peer.id} ${peer.state} match ${peer.match} next ${peer.next} last ${lastIndex}, ` +
      `in flight ${peer.inflightMessages} messages, ${peer.inflightBytes} B`;
    assert(
      0 <= peer.match && peer.match < peer.next && peer.next <= lastIndex + 1,
      () => `S16 progress: ${numbers()}`,
    );
    assert(peer.inflightMessages <= node.maxInflightMessages, () => `S16 window: ${numbers()}`);
    assert(
      peer.state === 'replicate' || peer.inflightMessages === 0,
      () => `S16 in flight while not streaming: ${numbers()}`,
    );
  }
  // Changes inherited from earlier leaders may be committed without this one knowing it yet.
  const settled = node.commit >= (node.leadingFrom ?? 0);
  assert(
    !settled || node.uncommittedConfigurations <= 1,
    () => `S17 ${id}: ${node.uncommittedConfigurations} pending changes`,
  );
}
