/** A resource other than the three of every machine, in thousandths of its unit (`gpus` 2 is 2000). */
export interface NamedAmount {
  readonly name: string;
  readonly milli: number;
}

/** Whole numbers only, so that sums are exact and alike everywhere. */
export interface Resources {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Sorted by name, each name once, amounts above 0. */
  readonly others: readonly NamedAmount[];
}
