export { FolderBuilder, type NewOwner } from './builder.js';
export { readFolder, type FolderReading, type StateReading } from './reading.js';
