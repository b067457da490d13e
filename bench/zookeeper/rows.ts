import type { LoadOptions, LoadResult } from './load-process.js';
import type { Figures, Target } from './table.js';

/** A row of the table, but for its figures. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly target: Target;
}

/** A row that one kind of load measures. */
export interface LoadRow extends Row {
  readonly load: LoadOptions;
  /** Where its connections go; without it to all servers, evenly. */
  readonly at: 'leader' | 'follower' | null;
  readonly figure: (result: LoadResult) => number;
}

/** Thirty clients with a hundred requests on the way each: three times what ZooKeeper lets wait at one server. */
const MANY = { connections: 30, window: 100 } as const;
const CROWD = { connections: 300, window: 1 } as const;
const ONE = { connections: 1, window: 1 } as const;
/** The nodes that sets and gets are of, by the size of their data. */
const SMALL = { bytes: 100, keys: 1000, root: '/bench-100' } as const;
const LARGE = { bytes: 1024, keys: 1000, root: '/bench-1024' } as const;

/** What must be there before the rows are measured. */
export const FILLS: readonly LoadOptions[] = [SMALL, LARGE].map((nodes) => ({
  op: 'fill',
  ...MANY,
  ...nodes,
}));

/** Creates come last, since what they create stays. */
export const STEADY_ROWS: readonly LoadRow[] = [
  perSecond('set-100', 'set, 100 B', 3, { op: 'set', ...MANY, ...SMALL }),
  perSecond('set-1k', 'set, 1 KiB', 1.6, { op: 'set', ...MANY, ...LARGE }),
  perSecond('get', 'get, 100 B', 8, { op: 'get', ...MANY, ...SMALL }),
  perSecond('mixed', '90 % get, 10 % set, 1 KiB', 3, { op: 'mixed', readPercent: 90, ...MANY, ...LARGE }),
  perSecond('crowd', 'set, 300 connections of one', 1, { op: 'set', ...CROWD, ...SMALL }),
  median('one-set', 'one set at the leader, p50', 'leader', { op: 'set', ...ONE, ...SMALL }),
  median('one-set-follower', 'one set at a follower, p50', 'follower', { op: 'set', ...ONE, ...SMALL }),
  median('one-get', 'one get at a follower, p50', 'follower', { op: 'get', ...ONE, ...SMALL }),
  perSecond('create', 'create, 100 B', 2, { op: 'create', ...MANY, bytes: 100 }),
];

/** The same loads at the rate that ZooKeeper reached with them. */
export const TAIL_ROWS: readonly LoadRow[] = STEADY_ROWS.map((row) => ({
  ...row,
  name: `p99-${row.name}`,
  title: `${row.title.replace(', p50', '')}: p99`,
  unit: 'ms',
  target: { kind: 'ratio-at-most', ratio: 1 },
  figure: ({ p99_us }) => p99_us / 1000,
}));

/** What one side's servers showed with a large tree; null: was not asked for. */
export interface TreeFigures {
  readonly memoryMib: number;
  readonly znodeBytes: number | null;
  readonly setsPerSecond: number | null;
  readonly stallMs: number | null;
  readonly restartMs: number | null;
}

/** What happened to clients of the survivors when leaders were killed. */
export interface TakeoverFigures {
  readonly gapMs: number;
  readonly closed: number;
  readonly lost: number;
}

export const TREE_NODES = { first: 500_000, all: 1_000_000 } as const;
export const TREE_SETS_PER_SECOND = 50_000;

export const TREE_ROWS: readonly (Row & { readonly figure: (of: TreeFigures) => number | null })[] = [
  {
    name: 'tree-memory',
    title: 'memory per process, 500,000 creates',
    unit: 'MiB',
    target: { kind: 'ratio-at-most', ratio: 1 },
    figure: ({ memoryMib }) => memoryMib,
  },
  {
    name: 'tree-znode',
    title: 'memory per znode, 1,000,000 of 100 B',
    unit: 'B',
    target: { kind: 'at-most', value: 500 },
    figure: ({ znodeBytes }) => znodeBytes,
  },
  {
    name: 'tree-sets',
    title: 'of 50,000 sets/s over them',
    unit: '/s',
    target: { kind: 'at-least', value: 49_500 },
    figure: ({ setsPerSecond }) => setsPerSecond,
  },
  {
    name: 'tree-stall',
    title: 'longest stall meanwhile',
    unit: 'ms',
    target: { kind: 'at-most', value: 100 },
    figure: ({ stallMs }) => stallMs,
  },
  {
    name: 'tree-restart',
    title: 'restart with them, to serving',
    unit: 'ms',
    target: { kind: 'at-most', value: 6000 },
    figure: ({ restartMs }) => restartMs,
  },
];

export const TAKEOVER_ROWS: readonly (Row & { readonly figure: (of: TakeoverFigures) => number })[] = [
  {
    name: 'kill-gap',
    title: 'leader killed: longest gap, p50',
    unit: 'ms',
    target: { kind: 'at-most', value: 250 },
    figure: ({ gapMs }) => gapMs,
  },
  {
    name: 'kill-closed',
    title: 'leader killed: connections closed',
    unit: '',
    target: { kind: 'at-most', value: 0 },
    figure: ({ closed }) => closed,
  },
  {
    name: 'kill-lost',
    title: 'leader killed: sessions lost',
    unit: '',
    target: { kind: 'at-most', value: 0 },
    figure: ({ lost }) => lost,
  },
];

export const ROW_NAMES: readonly string[] = [
  ...STEADY_ROWS,
  ...TAIL_ROWS,
  ...TREE_ROWS,
  ...TAKEOVER_ROWS,
].map(({ name }) => name);

/** The rows that a word means: the row of that name, or all whose names begin with it and a dash. */
export function rowsMeant(word: string): string[] {
  if (ROW_NAMES.includes(word)) return [word];
  return ROW_NAMES.filter((name) => name.startsWith(`${word}-`));
}

/** By side, what `figure` finds in it; a side where it finds nothing is left out. */
export function figuresFrom<T>(of: ReadonlyMap<string, T>, figure: (one: T) => number | null): Figures {
  const found = [...of].map(([side, one]) => [side, figure(one)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== null));
}

function perSecond(name: string, title: string, ratio: number, load: LoadOptions): LoadRow {
  const target: Target = { kind: 'ratio-at-least', ratio };
  return { name, title, unit: '/s', target, load, at: null, figure: ({ ops_s }) => ops_s };
}

function median(name: string, title: string, at: 'leader' | 'follower', load: LoadOptions): LoadRow {
  const target: Target = { kind: 'ratio-at-most', ratio: 1 };
  return { name, title, unit: 'ms', target, load, at, figure: ({ p50_us }) => p50_us / 1000 };
}
