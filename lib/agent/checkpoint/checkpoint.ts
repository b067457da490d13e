import type { TepuiError } from '../../base/index.js';
import type { FileIo } from './file-io.js';
import { applyChange, changesOf, emptyModel, type AgentModel, type Change } from './model.js';
import { RecordLog } from './record-log.js';

export interface CheckpointOptions {
  readonly file: string;
  /** A change cannot be made durable. Nothing that depends on it may happen: the process ends. */
  readonly onFatal: (error: TepuiError) => void;
  readonly io?: FileIo;
}

const FORMAT = 1;

/**
 * The agent's memory across its own death. Changes show in `model` at once and are durable when they are called
 * back: whatever leaves the process (an update, a start) waits for that. They become durable in the order made.
 */
export class Checkpoint {
  readonly model: AgentModel = emptyModel();
  /** Bytes of a last, half-written batch that were cut off on opening. */
  readonly tornBytes: number;
  private readonly log: RecordLog;
  private readonly onFatal: (error: TepuiError) => void;

  /** Errors: NEWER_FORMAT, DAMAGED, STORAGE. */
  constructor(options: CheckpointOptions) {
    this.onFatal = options.onFatal;
    const { log, records, tornBytes } = RecordLog.open({
      file: options.file,
      kind: 'agent',
      format: FORMAT,
      snapshot: () => changesOf(this.model),
      ...(options.io === undefined ? {} : { io: options.io }),
    });
    this.log = log;
    this.tornBytes = tornBytes;
    for (const change of records) applyChange(this.model, change as Change);
  }

  write(change: Change, onDurable: () => void = () => {}): void {
    applyChange(this.model, change);
    this.log.append(change, (error) => {
      if (error === null) onDurable();
      else this.onFatal(error);
    });
  }

  /** Calls back when every change made so far is durable, or has failed. */
  flushed(callback: () => void): void {
    this.log.flushed(callback);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
