import type { Children } from './children.js';
import type { DevPlan } from './plan.js';

/** All of it together stays under 5 s. */
const PATIENCE = { sampleMs: 500, agentsMs: 3_000, mastersMs: 1_000, killMs: 300 } as const;

/** Ends the sample, then tasks through their agents, then agents, then masters; what lingers is killed. */
export async function shutDown(
  plan: DevPlan,
  children: Pick<Children, 'noRespawn' | 'end' | 'cut'>,
): Promise<void> {
  const agents = plan.agents.map(({ id }) => id);
  const masters = plan.masters.map(({ id }) => id);
  children.noRespawn();
  await children.end(['sample'], 'SIGTERM', PATIENCE.sampleMs);
  // SIGINT, not SIGTERM: an agent that is terminated leaves its tasks running.
  await children.end(agents, 'SIGINT', PATIENCE.agentsMs);
  // An agent that had died before may have left tasks: their holder ends them when its pipe ends.
  children.cut(agents);
  await children.end(masters, 'SIGTERM', PATIENCE.mastersMs);
  await children.end(['sample', ...agents, ...masters], 'SIGKILL', PATIENCE.killMs);
  children.cut(['sample', ...masters]);
}
