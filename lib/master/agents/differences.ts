import type { AgentId } from '../../base/index.js';
import { isTerminal, type Machine, type TaskView } from '../../state/index.js';
import type { TaskRef, TaskReport } from '../../wire/index.js';

/** What an agent must be told, and the group must learn, when a stream begins. */
export interface Differences {
  /** Reported, but not known or no longer wanted: the agent ends them and says nothing more. */
  readonly unknown: readonly TaskRef[];
  /** Reported updates that are committed already. */
  readonly committed: readonly (TaskRef & { readonly sequence: number })[];
  /** Launched and not reported: they never reached the agent. */
  readonly launches: readonly TaskView[];
  readonly kills: readonly TaskView[];
  /** The agent once confirmed them and has no record of them any more: nobody will ever end them. */
  readonly lost: readonly TaskView[];
}

/**
 * Compares an agent's report with the machine. The machine is at least as new as the agent's known revision, and
 * an agent drops a record only when the revision of its end is durable there; so a task that the machine has as
 * running and the agent does not report was lost by the agent, and one that was never confirmed was never begun.
 */
export function compareReport(
  machine: Machine,
  agentId: AgentId,
  report: readonly TaskReport[],
): Differences {
  const reported = new Set(report.map(keyOf));
  const unknown: TaskRef[] = [];
  const committed: (TaskRef & { sequence: number })[] = [];
  for (const { frameworkId, taskId, lastSequence } of report) {
    const task = machine.tasks.get(frameworkId, taskId);
    if (task === null || task.agentId !== agentId || isTerminal(task.state))
      unknown.push({ frameworkId, taskId });
    else if (task.sequence > 0) {
      committed.push({ frameworkId, taskId, sequence: Math.min(task.sequence, lastSequence) });
    }
  }
  const expected = machine.tasks.ofAgent(agentId).filter((task) => !isTerminal(task.state));
  const absent = expected.filter((task) => !reported.has(keyOf(task)));
  return {
    unknown,
    committed,
    launches: absent.filter((task) => task.sequence === 0),
    lost: absent.filter((task) => task.sequence > 0),
    kills: expected.filter((task) => task.kill !== null),
  };
}

function keyOf({ frameworkId, taskId }: { frameworkId: string; taskId: string }): string {
  return `${frameworkId}\0${taskId}`;
}
