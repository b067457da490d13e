import { isTerminal, type TaskView } from '../../state/index.js';
import { proposeCommand, randomBytes16, type MasterContext } from '../context.js';
import { lostTaskCommand } from './commands.js';

/** Has the group end tasks that their agent once confirmed and no longer knows: nobody else ever would. */
export class LostTasks {
  private readonly context: MasterContext;
  private readonly retryMs: number;

  constructor(context: MasterContext, retryMs: number) {
    this.context = context;
    this.retryMs = retryMs;
  }

  /** Proposes the end of the task until it is applied, or until `current` says that another stream's report counts. */
  report(task: TaskView, current: () => boolean): void {
    const { frameworkId, taskId, agentId } = task;
    const { logger } = this.context;
    logger.warn({ frameworkId, taskId, agentId }, 'the agent has no record of a task it once confirmed');
    this.propose(task, current);
  }

  private propose(task: TaskView, current: () => boolean): void {
    const { replica, timers, logger } = this.context;
    const { frameworkId, taskId } = task;
    const present = replica.machine.tasks.get(frameworkId, taskId);
    // Launched anew under the same id, or ended otherwise: this report is not about it.
    if (present?.launchedRevision !== task.launchedRevision || isTerminal(present.state)) return;
    proposeCommand(this.context, lostTaskCommand(task, randomBytes16(this.context)), (outcome) => {
      if (outcome.kind === 'applied' && (outcome.result.ok || outcome.result.code !== 'DIVERGED')) return;
      logger.warn({ frameworkId, taskId, outcome }, 'a lost task could not be reported yet');
      timers.after(this.retryMs, () => {
        if (current()) this.propose(task, current);
      });
    });
  }
}
