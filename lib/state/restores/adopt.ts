import type { State } from '../state.js';
import type { Turn } from '../turn.js';
import type { StagingView } from './types.js';

/** No number that either history gave out is given out again for something else. */
const REVISION_RAISE = 2 ** 40;

/**
 * The staged state as the successor of `running`: frameworks, agents, tasks and the tree are the snapshot's; who is in
 * the group, what lets others in, and how far the members' lanes got are the running group's.
 */
export function adopt(running: State, turn: Turn, staging: StagingView): State {
  const next = running.restores.next;
  const { chunks: _chunks, staged: _staged, steps: _steps, touchedMs: _touchedMs, ...facts } = staging;
  next.cluster.table.become(running.cluster.table);
  next.cluster.finishLoad();
  next.lanes.table.become(running.lanes.table);
  next.checkpoints.table.become(running.checkpoints.table);
  next.alarms.table.become(running.alarms.table);
  next.membership.tokens.become(running.membership.tokens);
  next.membership.marks.become(running.membership.marks);
  next.membership.policies.become(running.membership.policies);
  next.membership.gone.become(running.membership.gone);
  const { core } = next;
  core.clusterId = running.core.clusterId;
  core.limits = running.core.limits;
  core.clockMs = Math.max(core.clockMs, running.core.clockMs);
  core.lastOrder = Math.max(core.lastOrder, running.core.lastOrder);
  core.revision = Math.max(core.revision, running.core.revision) + REVISION_RAISE;
  next.restores.record({
    ...facts,
    history: running.restores.history + 1,
    restoredAtMs: turn.nowMs,
    formerRevision: turn.revision,
    atIndex: turn.index,
  });
  next.whole = true;
  return next;
}
