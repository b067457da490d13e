import type { Clock } from '../../base/index.js';
import type { Replica } from '../../replica/index.js';
import { OP, type Request } from '../../wire/zookeeper/index.js';

/** So long without a leader, a member takes itself for cut off: longer than elections take. */
export const READ_ONLY_AFTER_MS = 2_000;

/** What this member can do for a client that says that reads would do. */
export type Standing =
  /** There is a leader; or nobody is served without one. */
  | 'led'
  /** Not for long: there may be one soon. */
  | 'leaderless'
  | 'read-only';

export function standing(replica: Replica, clock: Clock, allowed: boolean): Standing {
  const view = replica.leadership();
  if (!allowed || view.kind !== 'none') return 'led';
  // Before a state is loaded there is nothing to be read.
  const ready = replica.machine.revision > 0;
  return ready && clock.monotonicMs() - view.since >= READ_ONLY_AFTER_MS ? 'read-only' : 'leaderless';
}

const REFUSED: ReadonlySet<Request['op']> = new Set<Request['op']>([
  OP.sync,
  OP.create,
  OP.create2,
  OP.createContainer,
  OP.createTtl,
  OP.delete,
  OP.setData,
  OP.setAcl,
  OP.check,
  OP.multi,
  OP.reconfig,
]);

/** What needs the group, as ZooKeeper's ReadOnlyRequestProcessor has it. */
export function needsGroup({ op }: Request): boolean {
  return REFUSED.has(op);
}
