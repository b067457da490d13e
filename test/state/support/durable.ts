import {
  DEFAULT_LIMITS,
  type Cut,
  type LoadMeta,
  Machine,
  type StateRecord,
} from '../../../lib/state/index.js';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What a state folder holds: the records of the last complete cut. */
export class Durable {
  readonly records: Map<string, StateRecord> = new Map();
  meta: LoadMeta | null = null;

  take(cut: Cut): void {
    if (cut.whole) this.records.clear();
    const seen = new Set<string>();
    const once = (key: string): void => {
      if (seen.has(key)) throw new Error(`${key} is in the cut twice`);
      seen.add(key);
    };
    for (const record of cut.records) {
      const key = `${record.table}/${hex(record.key)}`;
      once(key);
      this.records.set(key, record);
    }
    for (const deletion of cut.deletions) {
      const key = `${deletion.table}/${hex(deletion.key)}`;
      once(key);
      if (!this.records.delete(key)) throw new Error(`${key} is deleted but was never there`);
    }
    this.meta = { index: cut.index, term: cut.term, revision: cut.revision, digest: cut.digest };
  }

  /** A machine loaded from here; `reversed` loads children before their parents. */
  load(reversed: boolean = false): Machine {
    const machine = new Machine(DEFAULT_LIMITS);
    const keys = [...this.records.keys()].sort();
    if (reversed) keys.reverse();
    for (const key of keys) machine.load(this.records.get(key)!);
    machine.finishLoad(this.meta!);
    return machine;
  }

  /** Keys and values as text, for comparison. */
  contents(): Map<string, string> {
    const keys = [...this.records.keys()].sort();
    return new Map(keys.map((key) => [key, hex(this.records.get(key)!.value)]));
  }
}

/** The whole of a cut at once. */
export function wholeCut(machine: Machine, index: number, term: number): Cut {
  const cut = machine.beginCut(index, term);
  while (!cut.encodeSlice(1000));
  return cut;
}
