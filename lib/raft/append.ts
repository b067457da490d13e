import type { Core, Leader } from './core.js';
import type { EntryKind, LogIndex } from './types.js';

/** Appends one entry of the leader's term. It counts for the leader itself once it is durable here. */
export function appendOwn(core: Core, leader: Leader, kind: EntryKind, data: Uint8Array): LogIndex {
  const index = core.log.lastIndex + 1;
  core.log.append({ term: core.term, index, kind, data });
  leader.uncommittedBytes += data.length;
  leader.sendDue = true;
  return index;
}
