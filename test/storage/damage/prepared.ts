import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemberId, NodeId } from '../../../lib/base/index.js';
import type { Configuration, Entry, HardState } from '../../../lib/raft/types.js';
import { MemoryDisk, type KvOperation, type LogPoint, type RaftLog } from '../../../lib/storage/index.js';
import { FailureLatch } from '../../../lib/storage/failure-latch.js';
import { openLevel } from '../../../lib/storage/level.js';
import { Group } from '../../replica/group.js';
import { logOf, open } from '../helpers.js';
import { imageOf, type DiskImage } from './disk-image.js';

export const VICTIM = 'm2' as MemberId;
const STAGES = 5;
const LEVEL = { writeBufferBytes: 1 << 20 };

/** What the undamaged folder says: everything is compared with this. */
export interface Original {
  readonly last: LogPoint;
  /** Chain hash at each index of the log, base included. */
  readonly chains: Readonly<Record<number, string>>;
  /** Each entry in full. */
  readonly entries: Readonly<Record<number, string>>;
  readonly hard: HardState;
  readonly configuration: Configuration;
  /** What it knows others to have acknowledged, and its notes: encoded as one text. */
  readonly asides: string;
  readonly peers: readonly NodeId[];
  readonly stateIndex: number;
  readonly instance: string;
}

/** A member's real folder, with copies from its past. Plain data: other processes get it as JSON. */
export interface Prepared {
  readonly root: string;
  /** The folder as it is now. */
  readonly folder: string;
  /** Older copies, oldest first; the first is from before the group was formed. */
  readonly copies: readonly string[];
  readonly original: Original;
  /** All members, the victim included, as their disks stood at the same moment. */
  readonly group: Readonly<Record<MemberId, DiskImage>>;
}

/** The same, where it was made. */
export interface PreparedGroup extends Prepared {
  /** The victim's disk in memory with the journals of its batches: another one at each call. */
  disk(): MemoryDisk;
  remove(): Promise<void>;
}

/**
 * Runs a group in memory through elections, restarts, cuts and compactions, and writes what one member did, batch by
 * batch, into real databases. Each stage ends with closing them, so that there are several tables and a log file. With
 * an even seed the member was once sent the whole state.
 */
export async function prepare(seed: number = 1): Promise<PreparedGroup> {
  const limits = { logTailEntries: 60, cutIntervalMs: 300, logCacheBytes: 0 };
  const group = new Group({ seed, limits, keepBatches: 1e6 });
  const root = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tepui-damage-'));
  const writer = new FolderWriter(group.disks.get(VICTIM)!, join(root, 'now'));
  await group.start(VICTIM);
  await group.pass(50);
  const copies = [await writer.stage(join(root, 'copy-0'))];
  await group.startAll();
  await group.untilServing();
  for (let stage = 1; stage <= STAGES; stage++) {
    await work(group, stage);
    if (stage === 3 && seed % 2 === 0) await sentTheState(group);
    if (stage < STAGES) copies.push(await writer.stage(join(root, `copy-${stage}`)));
  }
  await writer.stage(null);
  const images: Record<MemberId, DiskImage> = {};
  for (const id of group.ids) images[id] = imageOf(group.disks.get(id)!);
  const original = await describe(still(group.disks.get(VICTIM)!));
  const kept = group.disks.get(VICTIM)!;
  return {
    disk: () => still(kept),
    root,
    folder: join(root, 'now'),
    copies,
    group: images,
    original,
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** Some dozens of entries, a cut that covers most of them, a restart of the victim, another leader. */
async function work(group: Group, stage: number): Promise<void> {
  for (let n = 0; n < 15; n++) await group.create(group.ids[n % 3]!);
  for (let n = 0; n < 20; n++) group.propose(group.ids[n % 3]!);
  await group.untilLevel();
  await group.pass(700);
  if (stage % 2 === 0) await group.restart(VICTIM);
  else await group.restart(group.leader!.id);
  await group.untilServing();
  const last = stage === STAGES;
  if (last) await overruled(group);
  // More than the 32 KiB of one block of a log file.
  if (last)
    for (let n = 0; n < 6; n++) await group.create(group.ids[n % 3]!, undefined, 'x'.repeat(6000 + n));
  for (let n = 0; n < (last ? 25 : 5); n++) await group.create(group.ids[n % 3]!);
  await group.untilLevel();
  // The witness follows unattended.
  await group.pass(50);
}

/** The victim is away until the log reaches no longer down to it: it is sent the state, in a new folder. */
async function sentTheState(group: Group): Promise<void> {
  group.at(VICTIM).crash();
  const others = group.ids.filter((id) => id !== VICTIM);
  await group.untilLeader();
  for (let n = 0; n < 120; n++) {
    await group.create(others[n % 2]!);
    await group.pass(10);
  }
  await group.pass(700);
  await group.start(VICTIM);
  await group.until('the state was sent', () => group.at(VICTIM).resets > 0);
  await group.untilServing();
  await group.untilLevel();
  await group.pass(700);
}

/** The victim leads, alone, and appends what nobody ever acknowledges: other entries take their place later. */
async function overruled(group: Group): Promise<void> {
  group.leader!.member.transferLeadership(VICTIM, () => {});
  await group.until('the victim leads', () => group.leader?.id === VICTIM);
  group.isolate(VICTIM);
  for (let n = 0; n < 6; n++) {
    group.propose(VICTIM);
    await group.pass(20);
  }
  await group.until('another one leads', () => group.leader !== null && group.leader.id !== VICTIM);
  group.rejoin(VICTIM);
  await group.untilServing();
}

/** A copy that answers at once. */
function still(disk: MemoryDisk): MemoryDisk {
  const copy = new MemoryDisk();
  for (const [name, contents] of disk.databases) copy.databases.set(name, contents.copy());
  for (const [name, bytes] of disk.files) copy.files.set(name, bytes.slice());
  for (const [name, journal] of disk.journals) copy.journals.set(name, journal);
  return copy;
}

async function describe(disk: MemoryDisk): Promise<Original> {
  const folder = await open(disk, { memberId: VICTIM });
  const log = logOf(folder);
  if (log.health.kind !== 'intact') throw new Error(`the original is ${JSON.stringify(log.health)}`);
  const chains: Record<number, string> = {};
  for (let index = log.base().index; index <= log.lastIndex(); index++) {
    chains[index] = Buffer.from(log.chainAt(index)!).toString('hex');
  }
  const entries: Record<number, string> = {};
  for (const entry of log.read(log.firstIndex(), log.lastIndex() + 1, Infinity))
    entries[entry.index] = textOf(entry);
  const peers = log.configuration.voters;
  const last = { term: log.termAt(log.lastIndex())!, index: log.lastIndex() };
  const { configuration, hardState: hard } = log;
  const stateIndex = folder.state.meta?.index ?? 0;
  const asides = asidesOf(log, peers);
  const { instance } = folder.identity;
  return { last, chains, entries, hard, configuration, asides, peers, stateIndex, instance };
}

export function textOf({ index, term, kind, data }: Entry): string {
  return `${index} of term ${term}, ${kind}: ${Buffer.from(data).toString('hex')}`;
}

/** What a log holds beside the entries. */
export function asidesOf(log: RaftLog, peers: readonly NodeId[]): string {
  const notes = ['boots', 'halt'].map((name) => Buffer.from(log.note(name) ?? []).toString('hex'));
  return JSON.stringify([peers.map((peer) => log.acknowledgedBy(peer)), notes]);
}

/** Repeats in real databases what was written to those in memory. */
class FolderWriter {
  private readonly disk: MemoryDisk;
  private readonly folder: string;
  private readonly done = new Map<string, number>();

  constructor(disk: MemoryDisk, folder: string) {
    this.disk = disk;
    this.folder = folder;
  }

  /** Brings the folder up to date and closes it; copies it to `copy`. */
  async stage(copy: string | null): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    for (const name of this.done.keys()) if (!this.disk.databases.has(name)) await this.remove(name);
    for (const name of this.disk.databases.keys()) await this.repeat(name);
    for (const [name, bytes] of this.disk.files) await writeFile(join(this.folder, name), bytes);
    if (copy !== null) await cp(this.folder, copy, { recursive: true });
    return copy ?? this.folder;
  }

  private async remove(name: string): Promise<void> {
    this.done.delete(name);
    await rm(join(this.folder, name), { recursive: true });
  }

  private async repeat(name: string): Promise<void> {
    const batches = this.disk.journals.get(name)?.batches ?? [];
    await writeBatches(join(this.folder, name), batches.slice(this.done.get(name) ?? 0));
    this.done.set(name, batches.length);
  }
}

export async function writeBatches(
  folder: string,
  batches: readonly (readonly KvOperation[])[],
): Promise<void> {
  const fail = (error: Error): never => {
    throw error;
  };
  const kv = await openLevel(folder, LEVEL, new FailureLatch(fail));
  for (const batch of batches) await kv.write(batch);
  await kv.close();
}
