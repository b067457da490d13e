import type { Picture } from './picture.js';

/**
 * Who leads now, if that changed: one line or none. `withoutMs`: how long the cluster was seen without a leader
 * until then; null when it was not.
 */
export function describeLeader(before: Picture | null, now: Picture, withoutMs: number | null): string[] {
  const { leader, trouble, masters } = now;
  if (before !== null && leader === before.leader) return [];
  if (leader === null) return [trouble.startsWith('no leader') ? trouble : `no leader: ${trouble || NOBODY}`];
  const term = masters.find(({ id }) => id === leader)?.progress?.term;
  const since = withoutMs === null ? '' : `, after ${(withoutMs / 1000).toFixed(1)} s without one`;
  return [`leader ${leader}${term === undefined ? '' : `, term ${term}`}${since}`];
}

export const NOBODY = 'no master answers yet';

/** Everything else that changed between two looks, one line each: the view for output that is not a terminal. */
export function describeChanges(before: Picture | null, now: Picture): string[] {
  const lines: string[] = [];
  for (const { id, role, pid } of now.masters) {
    const was = before?.masters.find((master) => master.id === id);
    if (was?.role !== role) lines.push(`master ${id}: ${role}${pid === null ? '' : ` (pid ${pid})`}`);
  }
  for (const { id, state, pid } of now.agents) {
    const was = before?.agents.find((agent) => agent.id === id);
    if (was?.state !== state) lines.push(`agent ${id}: ${state}${pid === null ? '' : ` (pid ${pid})`}`);
  }
  return [...lines, ...describeTasks(before?.tasks ?? [], now.tasks)];
}

function describeTasks(before: Picture['tasks'], now: Picture['tasks']): string[] {
  const key = ({ framework, id }: Picture['tasks'][number]): string => `${framework}/${id}`;
  const states = new Map(before.map((task) => [key(task), task.state]));
  const present = new Set(now.map(key));
  return [
    ...now
      .filter((task) => states.get(key(task)) !== task.state)
      .map(({ id, state, agent }) => `task ${id}: ${state} on ${agent}`),
    ...before.filter((task) => !present.has(key(task))).map(({ id }) => `task ${id}: ended`),
  ];
}
