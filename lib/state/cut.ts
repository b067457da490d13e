/** One record of the machine: a table number and a key within it. */
export interface StateRecord {
  readonly table: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface StateDeletion {
  readonly table: number;
  readonly key: Uint8Array;
}

/** What a loaded or installed state claims to be. */
export interface LoadMeta {
  readonly index: number;
  readonly term: number;
  readonly revision: number;
  /** 16 hexadecimal digits: the sum of the record hashes. */
  readonly digest: string;
}

/**
 * What changed since the cut before, as of exactly one index. Encoded in slices while apply goes on: a record
 * that apply is about to change is encoded first.
 */
export interface Cut {
  readonly index: number;
  readonly term: number;
  readonly revision: number;
  readonly clockMs: number;
  /** The records are the whole state, not what changed: whatever else the folder holds is to be deleted. */
  readonly whole: boolean;
  /** Encodes up to `budgetRecords` more records; true when the cut is complete. */
  encodeSlice(budgetRecords: number): boolean;
  readonly complete: boolean;
  /** Records left to encode. */
  readonly remaining: number;
  /** Of the whole state at `index`, 16 hexadecimal digits. Only when complete. */
  readonly digest: string;
  /** Grow as slices are encoded; a key is in one of the two at most, and once. */
  readonly records: Iterable<StateRecord> & { readonly length: number };
  readonly deletions: readonly StateDeletion[];
  /** Bytes of keys and values encoded so far. */
  readonly encodedBytes: number;
  /** It is durable, or not wanted: gives its memory back. Only when complete. */
  release(): void;
}
