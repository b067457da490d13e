import type { Picture } from './picture.js';

/** What changed between two looks, one line each: the view for output that is not a terminal. */
export function describeChanges(before: Picture | null, now: Picture): string[] {
  const lines: string[] = [];
  if (now.leader !== before?.leader) {
    const term = now.masters.find(({ id }) => id === now.leader)?.term;
    lines.push(
      now.leader === null
        ? `no leader: ${now.trouble || 'no master answers yet'}`
        : `leader ${now.leader}, term ${term}`,
    );
  }
  for (const { id, role, pid } of now.masters) {
    const was = before?.masters.find((master) => master.id === id);
    if (was?.role !== role) lines.push(`master ${id}: ${role}${pid === null ? '' : ` (pid ${pid})`}`);
  }
  for (const { id, state, pid } of now.agents) {
    const was = before?.agents.find((agent) => agent.id === id);
    if (was?.state !== state) lines.push(`agent ${id}: ${state}${pid === null ? '' : ` (pid ${pid})`}`);
  }
  for (const { id, framework, state, agent } of now.tasks) {
    const was = before?.tasks.find((task) => task.id === id && task.framework === framework);
    if (was?.state !== state) lines.push(`task ${id}: ${state} on ${agent}`);
  }
  return lines;
}
