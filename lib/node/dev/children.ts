import type { TimerHandle, Timers } from '../../base/index.js';

export interface ChildSpec {
  readonly id: string;
  readonly folder: string;
  readonly args: readonly string[];
}

export interface ChildExit {
  readonly id: string;
  /** Null: it could not even be started. */
  readonly pid: number | null;
  readonly how: string;
}

/** A started process that holds one end of a pipe. */
export interface Process {
  readonly pid: number | null;
  kill(signal: NodeJS.Signals): void;
  /** Closes the other end of the pipe. */
  cut(): void;
}

/** Starts a process; `onEnd` is called later, and once: when it has ended or could not be started. */
export type Launch = (spec: ChildSpec, onEnd: (how: string) => void) => Process;

export interface ChildrenOptions {
  readonly launch: Launch;
  readonly timers: Timers;
  /** Whether what dies is started again. */
  readonly respawn: boolean;
  readonly onExit: (exit: ChildExit) => void;
}

/** How soon a process that died is started again. */
export const RESPAWN_DELAY_MS = 100;

/** The processes of a dev cluster, by id; at most one of each lives. */
export class Children {
  private readonly options: ChildrenOptions;
  private readonly living = new Map<string, Process>();
  /** Of the dead, too: an agent's holder keeps its tasks on the pipe of the agent that started it. */
  private readonly started: { readonly id: string; readonly process: Process }[] = [];
  private readonly respawns = new Set<TimerHandle>();
  private readonly waiting = new Set<() => void>();
  private stopping = false;

  constructor(options: ChildrenOptions) {
    this.options = options;
  }

  start(spec: ChildSpec): void {
    const process = this.options.launch(spec, (how) => {
      if (this.living.get(spec.id) === process) this.ended(spec, process, how);
    });
    this.living.set(spec.id, process);
    this.started.push({ id: spec.id, process });
  }

  pid(id: string): number | null {
    return this.living.get(id)?.pid ?? null;
  }

  /** From now on nothing is started again. */
  noRespawn(): void {
    this.stopping = true;
    for (const timer of this.respawns) timer.cancel();
    this.respawns.clear();
  }

  /** Sends `signal` to the processes and waits until they have ended. False: not all had after `patienceMs`. */
  end(ids: readonly string[], signal: NodeJS.Signals, patienceMs: number): Promise<boolean> {
    const gone = (): boolean => !ids.some((id) => this.living.has(id));
    return new Promise((resolve) => {
      const timer = this.options.timers.after(patienceMs, () => settle(false));
      const settle = (inTime: boolean): void => {
        timer.cancel();
        this.waiting.delete(check);
        resolve(inTime);
      };
      const check = (): void => {
        if (gone()) settle(true);
      };
      this.waiting.add(check);
      for (const id of ids) this.living.get(id)?.kill(signal);
      check();
    });
  }

  /** Closes the pipes to processes: what still holds the other end of one (an agent's holder) ends itself. */
  cut(ids: readonly string[]): void {
    for (const { id, process } of this.started) if (ids.includes(id)) process.cut();
  }

  private ended(spec: ChildSpec, { pid }: Process, how: string): void {
    this.living.delete(spec.id);
    this.options.onExit({ id: spec.id, pid, how });
    for (const check of this.waiting) check();
    if (!this.options.respawn || this.stopping) return;
    const timer = this.options.timers.after(RESPAWN_DELAY_MS, () => {
      this.respawns.delete(timer);
      this.start(spec);
    });
    this.respawns.add(timer);
  }
}
