import type { TimerHandle, Timers } from '../base/index.js';
import type { Settle } from './calls.js';
import type { Call, TaskStatus } from './mesos.js';
import { isRepeatable } from './refusals.js';

/** Before acknowledgements that could not be delivered are sent again. */
const AGAIN_MS = 1000;

/**
 * Acknowledges updates until the group has taken it in. The next update of a task waits for that, and the group
 * does not repeat the one before on a stream that stays, so an acknowledgement must not get lost.
 */
export class Acknowledgements {
  private readonly timers: Timers;
  private readonly submit: (call: Call, settle: Settle<number>) => void;
  private failed: TaskStatus[] = [];
  private timer: TimerHandle | null = null;
  private stopped = false;

  constructor(timers: Timers, submit: (call: Call, settle: Settle<number>) => void) {
    this.timers = timers;
    this.submit = submit;
  }

  send(status: TaskStatus): void {
    const call = acknowledgeCall(status);
    if (call === null || this.stopped) return;
    this.submit(call, (error) => {
      if (error === null || this.stopped) return;
      // The group has judged it: the update is not known, or was acknowledged before.
      if (error.certainty === 'not-done' && !isRepeatable(error)) return;
      this.failed.push(status);
      this.timer ??= this.timers.after(AGAIN_MS, () => this.sendAgain());
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private sendAgain(): void {
    this.timer = null;
    const { failed } = this;
    this.failed = [];
    for (const status of failed) this.send(status);
  }
}

/** Null when the update asks for no acknowledgement. */
export function acknowledgeCall(status: TaskStatus): Call | null {
  const { agent_id: agentId, task_id: taskId, uuid } = status;
  if (uuid === undefined || agentId === undefined) return null;
  return { type: 'ACKNOWLEDGE', acknowledge: { agent_id: agentId, task_id: taskId, uuid } };
}
