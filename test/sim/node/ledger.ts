import { must, type AgentId } from '../../../lib/base/index.js';
import { isTerminal, type Machine, type StateEvent, type TaskState } from '../../../lib/state/index.js';
import { check } from '../violation.js';

/** What became of one task, as the history of the group has it. */
interface Launched {
  readonly agentId: AgentId;
  ended: TaskState | null;
}

/**
 * Cluster effects (S29): each task is launched once and started once, no agent is promised more than it has, what
 * has ended stays ended.
 */
export class Ledger {
  launches = 0;
  ends = 0;
  private readonly launched = new Map<string, Launched>();
  private readonly started = new Set<string>();

  /** Events of one entry of the history, with the machine after it. */
  applied(events: readonly StateEvent[], machine: Machine): void {
    for (const event of events) {
      if (event.kind === 'task-launched') this.launch(event, machine);
      else if (event.kind === 'task-updated') this.updated(event);
    }
  }

  /** An agent starts a task. */
  starts(agentId: AgentId, frameworkId: string, taskId: string): void {
    const name = `${frameworkId} ${taskId}`;
    const task = this.launched.get(name);
    check(task !== undefined, 'S29', () => `${name} is started at ${agentId}, nobody launched it`);
    check(
      task!.agentId === agentId,
      'S29',
      () => `${name} is started at ${agentId}, not at ${task!.agentId}`,
    );
    check(!this.started.has(name), 'S29', () => `${name} is started twice`);
    this.started.add(name);
  }

  wasLaunched(frameworkId: string, taskId: string): boolean {
    return this.launched.has(`${frameworkId} ${taskId}`);
  }

  private launch(event: Extract<StateEvent, { kind: 'task-launched' }>, machine: Machine): void {
    const { frameworkId, taskId, agentId } = event;
    const name = `${frameworkId} ${taskId}`;
    check(!this.launched.has(name), 'S29', () => `${name} is launched twice`);
    this.launched.set(name, { agentId, ended: null });
    this.launches++;
    const { cpuMilli, memoryBytes } = must(machine.agents.get(agentId), `no agent ${agentId}`).resources;
    let [cpus, memory] = [0, 0];
    for (const task of machine.tasks.ofAgent(agentId)) {
      if (isTerminal(task.state)) continue;
      cpus += task.resources.cpuMilli;
      memory += task.resources.memoryBytes;
    }
    check(
      cpus <= cpuMilli && memory <= memoryBytes,
      'S29',
      () => `${agentId} has ${cpuMilli} mCPU and ${memoryBytes} bytes, its tasks take ${cpus} and ${memory}`,
    );
  }

  private updated({ frameworkId, taskId, state }: Extract<StateEvent, { kind: 'task-updated' }>): void {
    const name = `${frameworkId} ${taskId}`;
    const task = must(this.launched.get(name), `${name} was never launched`);
    check(
      task.ended === null || task.ended === state,
      'S29',
      () => `${name} had ended in state ${task.ended} and is in ${state} now`,
    );
    if (!isTerminal(state)) return;
    if (task.ended === null) this.ends++;
    task.ended = state;
  }
}
