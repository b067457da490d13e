import { count } from '../../cli/table.js';
import type { ArchiveContents } from '../../storage/archive/index.js';
import type { TableCounts } from './load-archive.js';

/** JSON of `snapshot save` and `snapshot inspect`; it stays as it is for ever, fields may be added. */
export interface ArchiveJson {
  readonly file: string;
  readonly bytes: number;
  /** SHA-256 of the file without its last 32 bytes. */
  readonly sha256: string;
  readonly format: number;
  readonly clusterId: string;
  readonly generation: number;
  readonly member: string;
  readonly release: string;
  readonly createdAtMs: number;
  readonly index: number;
  readonly term: number;
  readonly revision: number;
  readonly digest: string;
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  readonly records: number;
  readonly tables: TableCounts;
}

export function archiveJson(file: string, contents: ArchiveContents, tables: TableCounts): ArchiveJson {
  const { header, records, bytes, sum } = contents;
  const { leaseMs: _, ...told } = header;
  return { file, bytes, sha256: sum, ...told, records, tables };
}

export function archiveText(json: ArchiveJson): string {
  const { clusterId, generation, index, term, revision, digest, records, tables } = json;
  const taken = `${new Date(json.createdAtMs).toISOString()} by ${json.member} (release ${json.release})`;
  const lines: [string, string][] = [
    ['file', `${json.file}, ${count(json.bytes)} bytes`],
    ['sha256', json.sha256],
    ['cluster', generation === 0 ? clusterId : `${clusterId}, ${generationText(generation)}`],
    ['taken', taken],
    ['state at', `entry ${count(index)} of term ${term}, revision ${count(revision)}`],
    ['digest', digest],
    ['voters', json.voters.join(', ')],
    ...(json.learners.length === 0 ? [] : ([['learners', json.learners.join(', ')]] as [string, string][])),
    ['records', count(records)],
    ...tableLines(tables),
  ];
  return aligned(lines);
}

export function generationText(generation: number): string {
  return generation === 0 ? 'first generation' : `generation of ${new Date(generation).toISOString()}`;
}

export function tableLines(tables: TableCounts): [string, string][] {
  return Object.entries(tables)
    .filter(([, records]) => records > 0)
    .map(([name, records]) => [`  ${name}`, count(records)]);
}

/** "name   value" per line. */
export function aligned(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}
