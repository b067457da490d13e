import { RecordLog } from '../checkpoint/record-log.js';
import type { Appended } from '../checkpoint/record-log.js';
import { taskKey, type TaskRef } from '../types.js';
import type { Outcome } from './port.js';

/** What the holder must know about a task after its own death. */
export interface JournalTask {
  readonly ref: TaskRef;
  /** Drawn for this start. It marks the processes of the task and its `exit.json`. */
  readonly run: string;
  readonly sandbox: string;
  readonly bootId: string;
  readonly started?: { readonly pid: number; readonly startTime: string };
  readonly outcome?: Outcome;
}

export type JournalRecord =
  { readonly op: 'task'; readonly task: JournalTask } | { readonly op: 'forgotten'; readonly ref: TaskRef };

const FORMAT = 1;

/**
 * The holder's record of starts and ends. The intent to start is synced before the process is made; a later
 * record of the same task replaces the earlier one.
 */
export class Journal {
  /** Applied at once, also while the record is still on its way to the disk. */
  readonly tasks: Map<string, JournalTask> = new Map<string, JournalTask>();
  private readonly log: RecordLog;

  constructor(file: string) {
    const { log, records } = RecordLog.open({
      file,
      kind: 'holder',
      format: FORMAT,
      snapshot: () => [...this.tasks.values()].map((task): JournalRecord => ({ op: 'task', task })),
    });
    this.log = log;
    for (const record of records) this.apply(record as JournalRecord);
  }

  write(task: JournalTask, done: Appended): void {
    this.append({ op: 'task', task }, done);
  }

  forget(ref: TaskRef): void {
    // Not waited for: a forgotten task that comes back is forgotten again by the agent.
    this.append({ op: 'forgotten', ref }, () => {});
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private append(record: JournalRecord, done: Appended): void {
    this.apply(record);
    this.log.append(record, done);
  }

  private apply(record: JournalRecord): void {
    if (record.op === 'task') this.tasks.set(taskKey(record.task.ref), record.task);
    else this.tasks.delete(taskKey(record.ref));
  }
}
