import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { utf8Encode, type MemberId } from '../../lib/base/index.js';
import { archiveBytes, type ArchiveOrigin } from '../../lib/storage/archive/index.js';
import type { StateRecord, StateSnapshot } from '../../lib/storage/index.js';
import { C1, group, openFormed } from '../storage/helpers.js';
import { MemoryDisk } from '../../lib/storage/index.js';

export const ORIGIN: ArchiveOrigin = {
  clusterId: C1,
  generation: 0,
  member: 'm1' as MemberId,
  release: '0.1.0',
  createdAtMs: 1_700_000_000_000,
};

/** A pinned cut of these records, which need mean nothing to the machine. */
export async function pinned(records: readonly StateRecord[]): Promise<StateSnapshot> {
  const folder = await openFormed(new MemoryDisk());
  const meta = {
    index: 7,
    term: 2,
    revision: 70,
    configuration: group,
    digest: '0123456789abcdef',
    chain: new Uint8Array(16),
  };
  await folder.state.writeCut(meta, records, []);
  return folder.state.openSnapshot();
}

export function record(table: number, key: string, value: Uint8Array | string): StateRecord {
  return { table, key: utf8Encode(key), value: typeof value === 'string' ? utf8Encode(value) : value };
}

export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

/** Writes a snapshot file into `folder`; returns its path. */
export async function writeArchive(
  folder: string,
  snapshot: StateSnapshot,
  origin: ArchiveOrigin = ORIGIN,
): Promise<string> {
  const file = path.join(folder, 'cluster.snapshot');
  writeFileSync(file, '');
  for await (const piece of archiveBytes(origin, snapshot)) appendFileSync(file, piece);
  return file;
}
