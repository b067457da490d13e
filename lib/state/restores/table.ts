import { MalformedError, must, TepuiError } from '../../base/index.js';
import type { State } from '../state.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable } from '../store/object-table.js';
import { decodeRecords, RESTORED_RECORD, STAGED_RECORD, STAGING_RECORD } from './codec.js';
import { settling } from './settle.js';
import type { RestoredView, RestoresView, StagingView } from './types.js';

const FIXED_BYTES = 256;
const ONLY = 'restore';

export interface RestoreNumbers {
  readonly restored: number;
  readonly staging: number;
  readonly staged: number;
}

/**
 * The last restore, and the one that is being staged. What is staged are chunks of records, part of the state like
 * everything else, and beside them the state that they make: derived, so a load makes it again from the chunks.
 */
export class RestoreTable implements RestoresView {
  readonly restored: ObjectTable<RestoredView>;
  readonly header: ObjectTable<StagingView>;
  readonly chunks: ObjectTable<{ readonly records: Uint8Array }>;
  private readonly makeState: () => State;
  /** What the staged chunks make, so far; null while nothing is staged. */
  private shadow: State | null = null;
  private steps: Iterator<undefined> | null = null;

  constructor(numbers: RestoreNumbers, digest: Digest, makeState: () => State) {
    const common = { version: 1, fixedBytes: FIXED_BYTES, digest };
    this.makeState = makeState;
    this.restored = new ObjectTable({
      ...common,
      number: numbers.restored,
      name: 'restored',
      codec: RESTORED_RECORD,
    });
    this.header = new ObjectTable({
      ...common,
      number: numbers.staging,
      name: 'staging',
      codec: STAGING_RECORD,
    });
    this.chunks = new ObjectTable({
      ...common,
      number: numbers.staged,
      name: 'staged',
      codec: STAGED_RECORD,
    });
  }

  get last(): RestoredView | null {
    // Asked for every sub-batch: no look-up where nothing was ever restored.
    return this.restored.records === 0 ? null : this.restored.get(ONLY);
  }

  get history(): number {
    return this.last?.history ?? 0;
  }

  get staging(): StagingView | null {
    return this.header.records === 0 ? null : this.header.get(ONLY);
  }

  /** Memory of what is derived: it counts against the budget as the state in force does. */
  get shadowBytes(): number {
    return this.shadow?.bytes() ?? 0;
  }

  /** The staged state; only while something is staged. */
  get next(): State {
    return must(this.shadow, 'a staged state is wanted while nothing is staged');
  }

  begin(header: StagingView): void {
    this.drop();
    this.header.put(ONLY, header);
    this.shadow = this.makeState();
  }

  /** Takes the chunk that is next. Throws DAMAGED, and the staged state is of no use then. */
  take(records: Uint8Array, header: StagingView): void {
    const own = records.slice();
    this.absorb(own);
    this.chunks.put(keyOf(header.chunks - 1), { records: own });
    this.header.put(ONLY, header);
  }

  /** Does one step of settling; false when none was left. Throws SNAPSHOT_DAMAGED or DAMAGED. */
  settle(header: StagingView): boolean {
    const more = this.step(header);
    this.header.put(ONLY, { ...header, steps: header.steps + 1 });
    return more;
  }

  /** Whether every step of settling was done. */
  get settled(): boolean {
    return this.steps !== null && this.done;
  }

  drop(): void {
    for (const id of Array.from(this.chunks.ids())) this.chunks.delete(id);
    this.header.delete(ONLY);
    this.shadow = null;
    this.steps = null;
    this.done = false;
  }

  record(restored: RestoredView): void {
    this.drop();
    this.restored.put(ONLY, restored);
  }

  /** The chunks of a loaded state are made a state again, and settled as far as they were. */
  finishLoad(): void {
    const header = this.staging;
    if (header === null) return;
    this.shadow = this.makeState();
    for (const { records } of this.chunks.list()) this.absorb(records);
    for (let step = 0; step < header.steps; step++) this.step(header);
  }

  private done = false;

  private step(header: StagingView): boolean {
    this.steps ??= settling(this.next, header);
    this.done = this.steps.next().done === true;
    return !this.done;
  }

  private absorb(records: Uint8Array): void {
    for (const record of decodeRecords(records)) this.next.load(record);
  }
}

/** Keys sort as the numbers do. */
function keyOf(chunk: number): string {
  return String(chunk).padStart(10, '0');
}

/** What a damaged snapshot is refused with; anything else is not about the snapshot. */
export function damageOf(cause: unknown): string | null {
  if (cause instanceof MalformedError) return cause.message;
  if (!(cause instanceof TepuiError)) return null;
  return cause.code === 'DAMAGED' || cause.code === 'SNAPSHOT_DAMAGED' ? cause.message : null;
}
