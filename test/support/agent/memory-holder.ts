import type {
  HeldState,
  HeldTask,
  Holder,
  HolderEvents,
  Outcome,
  SpawnOrder,
} from '../../../lib/agent/holder/port.js';
import { refOf, taskKey, type TaskRef } from '../../../lib/agent/types.js';

/** A holder without processes: the test says when its tasks start and how they end. */
export class MemoryHolder implements Holder {
  readonly orders: SpawnOrder[] = [];
  readonly kills: { readonly key: string; readonly graceMs: number }[] = [];
  readonly forgotten: string[] = [];
  /** Whether a task runs as soon as it is ordered. */
  startsAtOnce = true;
  private readonly held: Map<string, HeldTask> = new Map<string, HeldTask>();
  private events: HolderEvents | undefined;
  private nextPid = 1000;
  private up = false;

  start(events: HolderEvents): void {
    this.events = events;
    setImmediate(() => this.reconnect());
  }

  run(order: SpawnOrder): void {
    if (!this.up || this.held.has(taskKey(order))) return;
    this.orders.push(order);
    this.set(order, { kind: 'starting' });
    if (this.startsAtOnce) this.begin(order);
  }

  kill(ref: TaskRef, graceMs: number): void {
    if (this.up) this.kills.push({ key: taskKey(ref), graceMs });
  }

  forget(ref: TaskRef): void {
    if (!this.up) return;
    this.forgotten.push(taskKey(ref));
    this.held.delete(taskKey(ref));
  }

  shutDown(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  close(): void {
    this.events = undefined;
  }

  begin(ref: TaskRef): void {
    const pid = this.nextPid++;
    this.set(ref, { kind: 'running', pid });
    if (this.up) this.events?.onStarted(refOf(ref), pid);
  }

  end(ref: TaskRef, outcome: Outcome): void {
    this.set(ref, { kind: 'ended', outcome });
    if (this.up) this.events?.onEnded(refOf(ref), outcome);
  }

  exit(ref: TaskRef, exitCode: number, killed = false): void {
    this.end(ref, { kind: 'exited', exit: { exitCode, atMs: 1 }, killed });
  }

  /** Its record of a task disappears. */
  lose(ref: TaskRef): void {
    this.held.delete(taskKey(ref));
  }

  disconnect(): void {
    this.up = false;
    this.events?.onDown('test');
  }

  reconnect(): void {
    this.up = true;
    this.events?.onTasks([...this.held.values()]);
  }

  private set(ref: TaskRef, state: HeldState): void {
    this.held.set(taskKey(ref), { ...refOf(ref), state });
  }
}
