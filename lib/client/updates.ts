import type { TaskStatus } from './mesos.js';

export interface UpdateDeskOptions {
  handle(status: TaskStatus, index: number): void | Promise<void>;
  acknowledge(status: TaskStatus): void;
  failed(error: unknown): void;
  readonly automatic: boolean;
}

type Progress = 'being handled' | 'handled' | 'acknowledged';

/** Updates of the past that are recognised when they come again. */
const REMEMBERED = 10_000;

/**
 * Hands each status update to its handler once. The group sends an update again until it is acknowledged, so
 * one that is known is acknowledged again and goes no further. An update whose handler failed is forgotten:
 * it was not acknowledged, and comes again with the next connection.
 */
export class UpdateDesk {
  private readonly options: UpdateDeskOptions;
  /** By uuid, oldest first. */
  private readonly known: Map<string, Progress> = new Map();

  constructor(options: UpdateDeskOptions) {
    this.options = options;
  }

  receive(status: TaskStatus, index: number): void {
    if (status.uuid === undefined) {
      this.handle(status, index, null);
      return;
    }
    const key = keyOf(status.uuid);
    const progress = this.known.get(key);
    if (progress === undefined) {
      this.remember(key);
      this.handle(status, index, key);
    } else if (progress === 'acknowledged') {
      this.options.acknowledge(status);
    }
  }

  /** The program acknowledges the update by itself. */
  acknowledged(status: TaskStatus): void {
    if (status.uuid !== undefined) this.known.set(keyOf(status.uuid), 'acknowledged');
  }

  private handle(status: TaskStatus, index: number, key: string | null): void {
    try {
      const running = this.options.handle(status, index);
      if (running === undefined) this.handled(status, key);
      else
        running.then(
          () => this.handled(status, key),
          (error: unknown) => this.failed(key, error),
        );
    } catch (error) {
      this.failed(key, error);
    }
  }

  private handled(status: TaskStatus, key: string | null): void {
    if (key === null || this.known.get(key) === 'acknowledged') return;
    this.known.set(key, this.options.automatic ? 'acknowledged' : 'handled');
    if (this.options.automatic) this.options.acknowledge(status);
  }

  private failed(key: string | null, error: unknown): void {
    if (key !== null) this.known.delete(key);
    this.options.failed(error);
  }

  private remember(key: string): void {
    if (this.known.size >= REMEMBERED) {
      const oldest = this.known.keys().next();
      if (oldest.done !== true) this.known.delete(oldest.value);
    }
    this.known.set(key, 'being handled');
  }
}

function keyOf(uuid: Uint8Array): string {
  return Buffer.from(uuid.buffer, uuid.byteOffset, uuid.length).toString('latin1');
}
