import type { FrameworkId } from '../../base/index.js';
import type { Machine } from '../../state/index.js';
import { plain } from './plain.js';

export const STATE_TABLES = [
  'frameworks',
  'agents',
  'tasks',
  'tree',
  'sessions',
  'members',
  'roles',
] as const;

export type StateTable = (typeof STATE_TABLES)[number];

/** The records of one table as plain JSON, in their order. */
export function* recordsOf(machine: Machine, table: StateTable): Generator {
  switch (table) {
    case 'frameworks':
      for (const framework of machine.frameworks.list()) yield plain(framework);
      return;
    case 'agents':
      for (const agent of machine.agents.list()) yield plain(agent);
      return;
    case 'tasks':
      for (const { frameworkId } of machine.frameworks.list()) yield* tasksOf(machine, frameworkId);
      return;
    case 'tree':
      yield* nodesBelow(machine, '/');
      return;
    case 'sessions':
      for (const session of machine.sessions.list()) yield plain(session);
      return;
    case 'members':
      for (const member of machine.cluster.members()) yield plain(member);
      return;
    case 'roles':
      for (const role of machine.roles.list()) yield plain(role);
  }
}

function* tasksOf(machine: Machine, frameworkId: FrameworkId): Generator {
  for (const completed of [false, true]) {
    for (const key of machine.tasks.keys(frameworkId, completed)) {
      const task = machine.tasks.byKey(key);
      if (task === null) continue;
      const updates = machine.tasks.updates(frameworkId, task.taskId);
      yield plain({ ...task, updates });
    }
  }
}

function* nodesBelow(machine: Machine, path: string): Generator {
  const node = machine.tree.get(path);
  if (node === null) return;
  yield plain({ path, ...node });
  for (const name of machine.tree.children(path) ?? []) {
    yield* nodesBelow(machine, path === '/' ? `/${name}` : `${path}/${name}`);
  }
}

/** How many records each table has. */
export function countsOf(machine: Machine): Readonly<Record<StateTable, number>> {
  const tasks = machine.frameworks.list().reduce((sum, { frameworkId }) => {
    const { length } = machine.tasks.keys(frameworkId, false);
    return sum + length + machine.tasks.keys(frameworkId, true).length;
  }, 0);
  return {
    frameworks: machine.frameworks.size,
    agents: machine.agents.size,
    tasks,
    tree: machine.tree.size,
    sessions: machine.sessions.size,
    members: machine.cluster.members().length,
    roles: machine.roles.list().length,
  };
}
