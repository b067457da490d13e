import { closeSync, openSync, writeSync } from 'node:fs';
import type { WireRecord } from './wire.js';

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

/** What a client did to a node that comes and goes. While it is not there its version is `ABSENT`. */
export type SlotAction =
  { readonly f: 'create'; readonly value: string } | { readonly f: 'delete'; readonly expected: number };

export const ABSENT = -1;

/** One line of `history.jsonl`. `ns` is monotonic and begins at 0. */
export type HistoryEvent = { readonly ns: number } & (
  | { readonly type: 'plan' | 'fault' | 'note'; readonly data: unknown }
  | ({
      readonly type: 'invoke';
      readonly id: number;
      readonly process: string;
      readonly key: string;
    } & (RegisterAction | SlotAction))
  | {
      readonly type: 'invoke';
      readonly id: number;
      readonly process: string;
      readonly f: 'launch';
      readonly tasks: readonly LaunchedTask[];
    }
  /** All of them, or none: nodes whose names only this client uses. */
  | {
      readonly type: 'invoke';
      readonly id: number;
      readonly process: string;
      readonly f: 'nodes';
      readonly creates: readonly string[];
      readonly deletes: readonly string[];
    }
  | { readonly type: 'wire'; readonly record: WireRecord }
  /** What one member had at rest: every node below, as it told it. */
  | { readonly type: 'rest'; readonly member: string; readonly nodes: Readonly<Record<string, string>> }
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

export type WithoutNames<T> = T extends unknown ? Omit<T, 'client' | 'session'> : never;

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

  wire(client: string, session: string, what: WithoutNames<WireRecord>): number {
    return this.add({ type: 'wire', record: { client, session, ...what } as WireRecord });
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
