import type { LoadOptions } from './load-process.js';
import type { Target } from './table.js';

/** A row that one kind of load measures. */
export interface LoadRow {
  readonly name: string;
  readonly title: string;
  readonly load: LoadOptions;
  readonly target: Target;
}

/** Thirty clients with a hundred requests on the way each: as much as three servers can be asked at once. */
const MANY = { connections: 30, window: 100 } as const;
/** The nodes that sets and gets are of, by the size of their data. */
const KEYS = 1000;
const SMALL = { bytes: 100, keys: KEYS, root: '/bench-100' } as const;
const LARGE = { bytes: 1024, keys: KEYS, root: '/bench-1024' } as const;

/** What must be there before the rows are measured. */
export const FILLS: readonly LoadOptions[] = [SMALL, LARGE].map((nodes) => ({
  op: 'fill',
  ...MANY,
  ...nodes,
}));

/** Requests per second in a closed loop; creates come last, since what they create stays. */
export const RATE_ROWS: readonly LoadRow[] = [
  { name: 'set-100', title: 'set, 100 B', load: { op: 'set', ...MANY, ...SMALL }, target: ratioAtLeast(3) },
  { name: 'set-1k', title: 'set, 1 KiB', load: { op: 'set', ...MANY, ...LARGE }, target: ratioAtLeast(1.6) },
  { name: 'get', title: 'get, 100 B', load: { op: 'get', ...MANY, ...SMALL }, target: ratioAtLeast(8) },
  {
    name: 'create',
    title: 'create, 100 B',
    load: { op: 'create', ...MANY, bytes: 100 },
    target: ratioAtLeast(2),
  },
];

function ratioAtLeast(ratio: number): Target {
  return { kind: 'ratio-at-least', ratio };
}
