import { closeSync, openSync, writeSync } from 'node:fs';

/** What a client did to a register: a tree node whose version counts its writes. */
export type RegisterAction =
  | { readonly f: 'read' }
  | { readonly f: 'write'; readonly value: string }
  | { readonly f: 'cas'; readonly value: string; readonly expected: number };

export interface RegisterResult {
  readonly value: string;
  readonly version: number;
  readonly index: number;
}

/** One line of `history.jsonl`. `ns` is monotonic and begins at 0. */
export type HistoryEvent = { readonly ns: number } & (
  | { readonly type: 'plan' | 'fault' | 'note'; readonly data: unknown }
  | ({
      readonly type: 'invoke';
      readonly id: number;
      readonly process: string;
      readonly key: string;
    } & RegisterAction)
  | {
      readonly type: 'invoke';
      readonly id: number;
      readonly process: string;
      readonly f: 'launch';
      readonly tasks: readonly LaunchedTask[];
    }
  | ({ readonly type: 'ok'; readonly id: number } & Partial<RegisterResult>)
  /** Surely not done; for a `cas`, BAD_VERSION says that the version was another one. */
  | { readonly type: 'fail'; readonly id: number; readonly code: string }
  /** May have been done, may still be. */
  | { readonly type: 'info'; readonly id: number; readonly code: string }
  | {
      readonly type: 'update';
      readonly process: string;
      readonly task: string;
      readonly state: string;
      readonly reason: string;
      readonly index: number;
      /** Not an answer to a question, but an event of the task's life. */
      readonly own: boolean;
    }
);

export interface LaunchedTask {
  readonly id: string;
  readonly exitCode: number;
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'ns'> : never;

const BUFFER_CHARACTERS = 64 * 1024;

/** The record of a run: kept in memory for the judges and on disk for people. */
export class History {
  readonly events: HistoryEvent[] = [];
  private readonly descriptor: number;
  private readonly startNs: bigint = process.hrtime.bigint();
  private buffer = '';
  private lastId = 0;

  constructor(file: string) {
    this.descriptor = openSync(file, 'w');
  }

  now(): number {
    return Number(process.hrtime.bigint() - this.startNs);
  }

  nextId(): number {
    return ++this.lastId;
  }

  add(event: WithoutTime<HistoryEvent>): number {
    const ns = this.now();
    const timed = { ns, ...event } as HistoryEvent;
    this.events.push(timed);
    this.buffer += `${JSON.stringify(timed)}\n`;
    if (this.buffer.length > BUFFER_CHARACTERS) this.flush();
    return ns;
  }

  flush(): void {
    writeSync(this.descriptor, this.buffer);
    this.buffer = '';
  }

  close(): void {
    this.flush();
    closeSync(this.descriptor);
  }
}
