import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TepuiError } from '../../base/index.js';
import type { Entry, HardState, LogIndex } from '../../raft/types.js';
import type { Kv } from '../types.js';
import { SLOT_BYTES } from '../disk.js';
import { decodeEntry } from '../entry-codec.js';
import { FailureLatch } from '../failure-latch.js';
import { FolderSource } from '../folder-disk.js';
import { isDamaged, stateFolders } from '../folders.js';
import { parseIdentity } from '../identity.js';
import { ALL_RECORDS, STATE_META_KEY, after, entryKey } from '../keys.js';
import { openLevel } from '../level.js';
import { judgeHardState } from '../log-opening.js';
import { comparePoints, decodeCutMeta } from '../log-records.js';
import { scanLog, type LogContents } from '../log-scan.js';
import { decodeRecord } from '../state-codec.js';
import { fitOf } from '../repair.js';
import type { CutMeta, Identity, LogPoint, StateRecord } from '../types.js';
import { Witness } from '../witness.js';
import { linkedCopy } from './linked-copy.js';

const READ_BUFFER_BYTES = 4 << 20;
const TAIL_BYTES = 1 << 20;
const SLICE_BYTES = 1 << 20;
const SLICE_ENTRIES = 4096;
/** A witness is asked for nothing but what it says. */
const READ_ONLY = { write: () => Promise.reject(new Error('read only')), close: () => Promise.resolve() };

/** The state in force as it was found; null: none that could be read. */
export interface StateReading {
  readonly name: string;
  readonly meta: CutMeta;
}

/**
 * A master's data folder, read without changing anything in it: no boot counter rises, nothing is repaired. It works on
 * copies in `reading-…/` inside the folder (tables linked, not copied), removed by `close`; the folder stays locked
 * until then.
 */
export interface FolderReading {
  readonly path: string;
  readonly identity: Identity;
  /** Null: no log, or none that can be read at all. */
  readonly log: LogContents | null;
  readonly state: StateReading | null;
  /** Null when neither copy of term and vote can be trusted. */
  readonly hard: HardState | null;
  /** How far the log had reached once, as far as this folder remembers. */
  readonly promised: LogPoint | null;
  /** Whether the log goes on from the state: its entries after the cut may be applied to it. */
  readonly replayable: boolean;
  /** What is wrong with it, one sentence each. */
  readonly problems: readonly string[];
  /** Entries of the log in order, verified, from `from` to `to` inclusive. */
  entries(from: LogIndex, to: LogIndex): AsyncIterable<Entry>;
  /** The chain hash of the entry at `index`; null when the log does not hold it. */
  chainAt(index: LogIndex): Uint8Array | null;
  /** Records of the state in force, in slices, verified. */
  records(): AsyncIterable<readonly StateRecord[]>;
  close(): Promise<void>;
}

/**
 * Rejects with FOLDER_IN_USE while a process holds the folder, CONFIG when it is no data folder, NEWER_FORMAT or
 * DAMAGED when its identity cannot be read.
 */
export async function readFolder(path: string): Promise<FolderReading> {
  const identity = parseIdentity(path, await identityBytes(path));
  await removeLeftOvers(path);
  const copies = join(path, `reading-${process.pid}-${counter++}`);
  const opened = new OpenReading(path, identity, copies);
  try {
    await opened.open();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

let counter = 0;

/** Copies of readers that were killed: their links would keep deleted tables on the disk. */
async function removeLeftOvers(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    const pid = Number(/^reading-(\d+)-\d+$/.exec(name)?.[1] ?? process.pid);
    if (pid !== process.pid && !isAlive(pid)) await rm(join(path, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function identityBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(join(path, 'identity.json'));
  } catch (cause) {
    throw new TepuiError('CONFIG', `${path} is no data folder: ${(cause as Error).message}`, { cause });
  }
}

class OpenReading implements FolderReading {
  readonly path: string;
  readonly identity: Identity;
  log: LogContents | null = null;
  state: StateReading | null = null;
  hard: HardState | null = null;
  promised: LogPoint | null = null;
  replayable = false;
  readonly problems: string[] = [];
  private readonly copies: string;
  private readonly open_: Kv[] = [];
  private raft: Kv | null = null;
  private stateKv: Kv | null = null;

  constructor(path: string, identity: Identity, copies: string) {
    this.path = path;
    this.identity = identity;
    this.copies = copies;
  }

  async open(): Promise<void> {
    const names = await new FolderSource(this.path).attach(() => undefined).listKv();
    if (names.includes('raft')) await this.openLog();
    else this.problems.push('there is no raft/');
    await this.openStates();
    await this.readWitness();
    this.judge();
  }

  async *entries(from: LogIndex, to: LogIndex): AsyncGenerator<Entry> {
    const { raft, log } = this;
    if (raft === null || log === null) return;
    const last = Math.min(to, log.table.last);
    for (let next = Math.max(from, log.table.first); next <= last;) {
      const slice = await raft.read(
        { from: entryKey(next), to: entryKey(last + 1) },
        SLICE_ENTRIES,
        SLICE_BYTES,
      );
      for (const [, value] of slice) yield decodeEntry(value, next++, null).entry;
    }
  }

  async *records(): AsyncGenerator<readonly StateRecord[]> {
    if (this.stateKv === null) return;
    for (let from = ALL_RECORDS.from; ;) {
      const slice = await this.stateKv.read({ from, to: ALL_RECORDS.to }, SLICE_ENTRIES, SLICE_BYTES);
      const last = slice.at(-1);
      if (last === undefined) return;
      yield slice.map(([key, value]) => decodeRecord(key, value));
      from = after(last[0]);
    }
  }

  async close(): Promise<void> {
    for (const kv of this.open_) await kv.close();
    await rm(this.copies, { recursive: true, force: true });
  }

  private async openLog(): Promise<void> {
    try {
      this.raft = await this.openCopy('raft');
      this.log = await scanLog(this.raft, TAIL_BYTES, () => new Promise((resolve) => setImmediate(resolve)));
      if (this.log === null) this.problems.push('raft/ holds no log');
      else if (this.log.problem !== null) this.problems.push(this.log.problem);
    } catch (error) {
      this.note('raft/ cannot be read', error);
    }
  }

  private async openStates(): Promise<void> {
    const disk = new FolderSource(this.path).attach(() => undefined);
    const named = this.log?.stateFolder;
    const names = named === undefined ? await stateFolders(disk) : [named];
    for (const name of names) {
      try {
        const kv = await this.openCopy(name);
        const stored = kv.get(STATE_META_KEY);
        if (stored === undefined) continue;
        const meta = decodeCutMeta(stored);
        if (this.state !== null && this.state.meta.index >= meta.index) continue;
        this.state = { name, meta };
        this.stateKv = kv;
      } catch (error) {
        this.note(`${name}/ cannot be read`, error);
      }
    }
  }

  private async readWitness(): Promise<void> {
    const bytes = await readFile(join(this.path, 'witness')).catch(() => null);
    const slots = bytes !== null && bytes.length >= 2 * SLOT_BYTES ? bytes : null;
    const found =
      slots === null
        ? null
        : ([slots.subarray(0, SLOT_BYTES), slots.subarray(SLOT_BYTES, 2 * SLOT_BYTES)] as const);
    const witness = Witness.open({ found, ...READ_ONLY }, this.identity.instance);
    const verdict = judgeHardState(witness, this.log);
    if (verdict.kind === 'known') this.hard = verdict.hard;
    else if (this.identity.clusterId !== null) this.problems.push(verdict.detail);
    this.promised = witness?.promised ?? null;
    if (witness?.recovering === true) this.problems.push('it was recovering from damage when it stopped');
  }

  /** Whether log and state belong together, and the log reaches as far as it had. */
  private judge(): void {
    const { log, state, promised } = this;
    if (log === null) return;
    const fit = fitOf(log, (index) => this.chainAt(index), state?.meta ?? null);
    this.replayable = fit.kind === 'fits';
    if (fit.kind !== 'fits') this.problems.push(fit.detail);
    const last = log.table.lastPoint;
    if (promised !== null && comparePoints(last, promised) < 0) {
      const reached = `it had reached ${promised.index} of term ${promised.term}`;
      this.problems.push(`the log ends at ${last.index} of term ${last.term}, ${reached}`);
    }
  }

  chainAt(index: LogIndex): Uint8Array | null {
    if (this.log !== null && index === this.log.base.index) return this.log.base.chain;
    const value = this.raft?.get(entryKey(index));
    return value === undefined ? null : decodeEntry(value, index, null).chain;
  }

  private async openCopy(name: string): Promise<Kv> {
    const into = join(this.copies, name);
    await linkedCopy(join(this.path, name), into);
    const kv = await openLevel(
      into,
      { writeBufferBytes: READ_BUFFER_BYTES },
      new FailureLatch(() => undefined),
    );
    this.open_.push(kv);
    return kv;
  }

  /** Damage is described; that another process holds the folder, or that it cannot be read, is thrown. */
  private note(what: string, error: unknown): void {
    if (!isDamaged(error)) throw error;
    this.problems.push(`${what}: ${error.message}`);
  }
}
