export type { WatchEvent, WatchKind } from './kinds.js';
export { WatchTable, type Tell } from './watch-table.js';
