export { WholeFile } from './file.js';
export type { ArchiveHeader } from './format.js';
export { readArchive, type ArchiveContents, type ArchiveSink } from './reader.js';
export { archiveBytes, archiveHeader, type ArchiveOrigin } from './writer.js';
