import type { Machine } from '../../../lib/state/index.js';

/** Everything that the views of a machine show, so that what is derived is compared as well as the records. */
export function picture(machine: Machine): unknown {
  const { tree, sessions, agents, frameworks, tasks, roles, checkpoints, cluster } = machine;
  const nodes = (path: string): unknown[] => {
    const names = tree.children(path) ?? [];
    return [path, tree.get(path), names.map((name) => nodes(`${path === '/' ? '' : path}/${name}`))];
  };
  return {
    counters: [machine.appliedIndex, machine.revision, machine.clockMs, machine.limits],
    sweeps: machine.sweeps,
    tree: [tree.size, nodes('/')],
    sessions: sessions.list(),
    agents: agents.list().map((agent) => ({
      agent,
      allocated: agents.allocated(agent.agentId),
      orders: agents.commandsFor(agent.agentId),
      tasks: tasks.ofAgent(agent.agentId),
    })),
    frameworks: frameworks.list().map((framework) => ({
      framework,
      allocated: frameworks.allocated(framework.frameworkId),
      tasks: tasks.ofFramework(framework.frameworkId).map((task) => ({
        task,
        updates: tasks.updates(framework.frameworkId, task.taskId),
      })),
      history: tasks.completedOf(framework.frameworkId),
    })),
    tasks: tasks.size,
    roles: roles.list(),
    checkpoints: checkpoints.list(),
    alarm: machine.alarm,
    membership: [
      machine.membership.upkeep,
      cluster.members().map(({ node }) => machine.membership.mark(node)),
    ],
    cluster: [cluster.clusterId, cluster.members(), cluster.lowestCommandLevel],
    usage: [machine.usage().bytes, machine.usage().records, machine.usage().budgetBytes],
  };
}
