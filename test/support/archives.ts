import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { utf8Encode, type MemberId, type NodeId } from '../../lib/base/index.js';
import {
  DEFAULT_LIMITS,
  Machine,
  encodeCommand,
  encodeEntry,
  encodeSubBatch,
  type Command,
} from '../../lib/state/index.js';
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

/** Entries that found a cluster of three and write some nodes: `/n0`, `/n1`, … */
export function sampleEntries(nodes: number): Uint8Array[] {
  const lane = 'm1@0000000000000001' as NodeId;
  const member = (n: number): Command => ({
    kind: 'member-info',
    node: `m${n}@000000000000000${n}` as NodeId,
    member: `m${n}` as MemberId,
    doors: { http: '', grpc: '', peer: '', zookeeper: '' },
    release: '0.1.0',
    commandLevel: 1,
    memoryBudgetBytes: 2 ** 30,
  });
  const commands: Command[] = [
    { kind: 'cluster-init', clusterId: C1, limits: DEFAULT_LIMITS },
    member(1),
    member(2),
    member(3),
    ...Array.from({ length: nodes }, (_, i): Command => {
      return { kind: 'tree-create', path: `/n${i}`, data: utf8Encode(`data ${i}`) };
    }),
  ];
  return commands.map((command, i) =>
    encodeEntry(1_700_000_000_000 + i, [encodeSubBatch(lane, 1, i + 1, [encodeCommand(command)])]),
  );
}

/** The snapshot file of a cluster c1 of m1, m2 and m3 with some nodes in its tree. */
export async function clusterArchive(
  folder: string,
  nodes: number = 3,
  origin: Partial<ArchiveOrigin> = {},
): Promise<string> {
  const machine = new Machine(DEFAULT_LIMITS);
  const entries = sampleEntries(nodes);
  for (const [i, data] of entries.entries()) machine.apply(i + 2, 3, data);
  const cut = machine.beginCut(entries.length + 1, 3);
  while (!cut.encodeSlice(1000));
  const { index, term, revision, digest } = cut;
  const disk = await openFormed(new MemoryDisk());
  const meta = { index, term, revision, digest, configuration: group, chain: new Uint8Array(16) };
  await disk.state.writeCut(meta, cut.records, cut.deletions);
  return writeArchive(folder, disk.state.openSnapshot(), { ...ORIGIN, ...origin });
}
