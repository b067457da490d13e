import { must } from '../base/index.js';
import type { CutMeta, DataFolder, InstalledState } from '../storage/index.js';
import type { SnapshotStart } from '../transport/types.js';
import type { Cuts } from './cuts.js';

/** A received state on its way to become the state in force. */
interface Installing {
  readonly meta: CutMeta;
  readonly state: InstalledState;
  readonly done: (installed: boolean) => void;
}

export interface InstallationHost {
  readonly disk: DataFolder;
  readonly cuts: Cuts;
  readonly stopped: () => boolean;
  readonly appliedIndex: () => number;
  /** Puts the snapshot before consensus; true when it replaces the log by it. */
  readonly offer: (start: SnapshotStart, meta: CutMeta) => boolean;
  /** An installation began or ended: whether this member may campaign has to be settled anew. */
  readonly changed: () => void;
  /** The log names the new state: nothing may be applied to the old one any more. */
  readonly suspend: () => void;
  /** Loads the state in force; resolves when the machine is in place. */
  readonly load: () => Promise<void>;
  readonly fatal: (error: unknown) => void;
}

/**
 * Puts a received state in the place of the one in force, in these steps:
 *
 *   cuts end ► consensus takes it ► one batch of the log names the folder (the commit point) ► folder switched ►
 *   machine loaded ► cuts go on
 *
 * From the second step to the last but one this member must not campaign: a leader needs a state.
 */
export class Installation {
  private readonly host: InstallationHost;
  private current: Installing | null = null;

  constructor(host: InstallationHost) {
    this.host = host;
  }

  get active(): boolean {
    return this.current !== null;
  }

  /** Resolves when the machine is the received one; false when it is not wanted. Never settles after a stop. */
  install(start: SnapshotStart, meta: CutMeta, state: InstalledState): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.host.stopped() || meta.index <= this.host.appliedIndex()) return resolve(false);
      // No cut may be written while the folder in force is about to change.
      this.host.cuts.suspend(() => this.begin(start, { meta, state, done: resolve }));
    });
  }

  /** What goes with the batch that replaces the log. */
  get state(): InstalledState {
    return must(this.current, 'the log is replaced by a snapshot that nobody received').state;
  }

  /** The batch is durable. */
  committed(): void {
    const { state, done } = must(this.current, 'a state became durable that nobody installs');
    if (this.host.stopped()) return;
    this.host.suspend();
    this.host.disk
      .switchState(state.folder)
      .then(() => this.host.load())
      .then(() => {
        this.end();
        done(true);
      })
      .catch((error: unknown) => this.host.fatal(error));
  }

  private begin(start: SnapshotStart, installing: Installing): void {
    if (this.host.stopped()) return;
    this.current = installing;
    this.host.changed();
    if (this.host.offer(start, installing.meta)) return;
    this.end();
    installing.done(false);
  }

  private end(): void {
    this.current = null;
    this.host.cuts.resume();
    this.host.changed();
  }
}
