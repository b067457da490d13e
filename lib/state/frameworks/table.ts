import type { FrameworkId } from '../../base/index.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable } from '../store/object-table.js';
import type { SweepSet } from '../tasks/sweeps.js';
import { FRAMEWORK_RECORD } from './codec.js';
import type { FrameworkView } from './types.js';

const FRAMEWORK_FIXED_BYTES = 1024;

/** Frameworks by id, completed ones included: their ids are refused for as long as they are remembered. */
export class FrameworkTable {
  readonly table: ObjectTable<FrameworkView>;
  private readonly sweeps: SweepSet;
  private completed = 0;

  constructor(number: number, digest: Digest, sweeps: SweepSet) {
    this.sweeps = sweeps;
    this.table = new ObjectTable({
      number,
      name: 'frameworks',
      version: 1,
      fixedBytes: FRAMEWORK_FIXED_BYTES,
      digest,
      codec: FRAMEWORK_RECORD,
    });
  }

  get(id: FrameworkId): FrameworkView | null {
    return this.table.get(id);
  }

  list(): FrameworkView[] {
    return this.table.list();
  }

  put(framework: FrameworkView): void {
    const before = this.table.get(framework.frameworkId);
    if (before?.status.kind !== 'completed' && framework.status.kind === 'completed') this.completed++;
    this.table.put(framework.frameworkId, framework);
    this.sweeps.setFramework(framework.frameworkId, framework.status.kind === 'tearing-down');
  }

  get completedCount(): number {
    return this.completed;
  }

  /** The framework completed first of those that `forgettable` allows, or null. */
  oldestCompleted(forgettable: (id: FrameworkId) => boolean): FrameworkView | null {
    return this.list()
      .filter((framework) => framework.status.kind === 'completed' && forgettable(framework.frameworkId))
      .reduce<FrameworkView | null>(
        (least, one) => (least && least.revision < one.revision ? least : one),
        null,
      );
  }

  forgetCompleted(id: FrameworkId): void {
    this.table.delete(id);
    this.completed--;
  }

  finishLoad(): void {
    this.completed = 0;
    for (const framework of this.list()) {
      if (framework.status.kind === 'completed') this.completed++;
      this.sweeps.setFramework(framework.frameworkId, framework.status.kind === 'tearing-down');
    }
  }
}
