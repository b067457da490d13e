import {
  TepuiError,
  assert,
  memberOf,
  type ClusterId,
  type Logger,
  type MemberId,
  type Random,
} from '../base/index.js';
import type { Configuration } from '../raft/types.js';
import type { Disk, DiskSource } from './disk.js';
import { STATE_KV, nextStateFolder, openState } from './folders.js';
import { GENESIS_CHAIN, NO_CONFIGURATION } from './log-records.js';
import { expectCluster, newIdentity, writeIdentity } from './identity.js';
import { EVERYTHING } from './keys.js';
import { scanLog } from './log-scan.js';
import { WITNESS, openFolder, type OpenedFolder } from './opening.js';
import { DurableLog } from './raft-log.js';
import { writeFreshLog } from './repair.js';
import { SPACE_DEFAULTS, Space, type SpaceLimits } from './reserve.js';
import { StateReceiver } from './snapshot-receiver.js';
import type { DurableState } from './state-store.js';
import type { CutMeta, Identity, RaftLog, SnapshotReceiver, StateRecord, StateStore } from './types.js';

export interface DataFolderOptions {
  readonly source: DiskSource;
  readonly memberId: MemberId;
  /** Draws the instance id and snapshot ids: must differ between folders. */
  readonly random: Random;
  readonly logger: Logger;
  /** The first failed write or sync after opening, even one nobody waits for: the process must end. */
  readonly onFailure: (error: Error) => void;
  /** Refuse a folder of another cluster; null: any. */
  readonly clusterId?: ClusterId | null;
  readonly space?: SpaceLimits;
  /** Entry data of the log's end kept in memory. Default 16 MiB. */
  readonly tailBytes?: number;
  /** Waits `delayMs`; used to hold writes of cuts back while the log's disk is slow. Default: a real timer. */
  readonly wait?: (delayMs: number) => Promise<void>;
}

/** One master's data folder, open and locked. `docs/data-on-disk.md` describes what is in it. */
export class DataFolder {
  private readonly options: DataFolderOptions;
  private readonly disk: Disk;
  private readonly opened: OpenedFolder;
  readonly space: Space;
  /** Why a new instance took the place of one whose term or vote was lost at this start; null as a rule. */
  readonly renewed: string | null;
  private owner: Identity;
  private durableLog: DurableLog | null;
  private durableState: DurableState;
  private receiver: StateReceiver | null = null;

  constructor(options: DataFolderOptions, disk: Disk, space: Space, opened: OpenedFolder) {
    this.options = options;
    this.disk = disk;
    this.space = space;
    this.opened = opened;
    this.renewed = opened.renewed;
    this.owner = opened.identity;
    this.durableLog = opened.log;
    this.durableState = opened.state;
  }

  get identity(): Identity {
    return this.owner;
  }

  /** Null until the member has formed or joined a group. */
  get log(): RaftLog | null {
    return this.durableLog;
  }

  get isFormed(): boolean {
    return this.durableLog !== null;
  }

  /** The state in force; another object after `switchState`. */
  get state(): StateStore {
    return this.durableState;
  }

  /**
   * Founds a group: base at index 0 with `configuration`, the cluster's id, term 0. Synced before it resolves.
   * Only for a folder that was never part of a group (else FOREIGN_CLUSTER, nothing changed); every member named
   * in `configuration` does the same with the same arguments.
   */
  async form(clusterId: ClusterId, configuration: Configuration): Promise<RaftLog> {
    const { formerCluster } = this.owner;
    if (formerCluster !== null) {
      const message = `this member lost its votes in cluster ${formerCluster} and can only join it again`;
      throw new TepuiError('FOREIGN_CLUSTER', message, { fields: { found: formerCluster } });
    }
    return this.begin(clusterId, configuration, 0);
  }

  /**
   * Joins an existing group: an empty log that a leader fills. FOREIGN_CLUSTER when it is not its former one.
   * `generation` is that of the members it joins.
   */
  async join(clusterId: ClusterId, generation: number = 0): Promise<RaftLog> {
    expectCluster(this.disk.where, this.owner, clusterId);
    return this.begin(clusterId, NO_CONFIGURATION, generation);
  }

  /**
   * Begins to build a state folder from a transfer, or goes on with it when the one in progress has the same id
   * and meta: its `next` says where. There is one at a time; a different one that did not end is given up. What
   * `check` throws for a record spoils the transfer.
   */
  async receive(
    id: string,
    meta: CutMeta,
    check: (record: StateRecord) => void = () => {},
  ): Promise<SnapshotReceiver> {
    const former = this.receiver;
    if (former?.resumes(id, meta) === true) return former;
    this.receiver = null;
    await former?.giveUp();
    const name = await nextStateFolder(this.disk);
    const kv = await this.disk.openKv(name, STATE_KV);
    const isNamed = (): boolean => this.durableLog?.stateFolder === name;
    this.receiver = new StateReceiver(this.disk, name, kv, id, meta, isNamed, check);
    return this.receiver;
  }

  /** After the batch that names `folder` is durable: opens it and deletes the state it replaces. */
  async switchState(folder: string): Promise<StateStore> {
    const former = this.durableState;
    assert(folder !== former.folder, () => `${folder} is in force already`);
    await former.close();
    const { random, logger } = this.options;
    this.durableState = await openState(this.disk, folder, { ...this.opened.pacing, random }, logger);
    await this.disk.removeKv(former.folder);
    this.receiver = null;
    return this.durableState;
  }

  /**
   * Deletes a state that turned out to be wrong (a record's checksum, the digest, a diverged member). The caller
   * then ends the process: the next start finds log and state apart, and the member recovers from another one.
   */
  async discardState(): Promise<void> {
    const { durableState } = this;
    await durableState.close();
    await this.disk.removeKv(durableState.folder);
  }

  /**
   * Gives term and vote up: the group went on without this folder, in a later generation, or it is a copy from the past.
   * The next start sets log and state aside and begins a new instance, which can only join the same cluster again. A
   * folder from before the group was formed has nothing to set aside: it gets a new name now.
   */
  async retire(): Promise<void> {
    if (this.durableLog !== null) return this.disk.removeFile(WITNESS);
    const { memberId, formerCluster, boot, generation } = this.owner;
    await writeIdentity(
      this.disk,
      newIdentity(memberId, this.options.random, formerCluster, boot, generation),
    );
  }

  /** Asks both databases to give deleted ranges back, if there is the little room that takes. */
  async reclaim(): Promise<void> {
    if ((await this.disk.freeBytes()) >= RECLAIM_BYTES) {
      await this.opened.raft.compact(EVERYTHING);
      await this.durableState.reclaim();
    }
    await this.space.check();
  }

  /** Ends a transfer in progress, waits for writes in flight, and gives the lock back. */
  async close(): Promise<void> {
    await this.receiver?.release();
    await this.durableState.close();
    if (this.durableLog !== null) await this.durableLog.close();
    else {
      await this.opened.witness.close();
      await this.opened.raft.close();
    }
  }

  private async begin(
    clusterId: ClusterId,
    configuration: Configuration,
    generation: number,
  ): Promise<RaftLog> {
    assert(this.durableLog === null, `this member belongs to cluster ${this.owner.clusterId} already`);
    const { raft, witness } = this.opened;
    const { memberId, instance } = this.owner;
    assert(memberOf(this.owner.nodeId) === memberId, `node ${this.owner.nodeId} of member ${memberId}`);
    const hard = witness.hard;
    if (generation !== this.owner.generation) {
      // Before the batch that makes it a member: a member with too low a generation would take itself for former.
      this.owner = { ...this.owner, generation };
      await writeIdentity(this.disk, this.owner);
    }
    await writeFreshLog(raft, {
      owner: { clusterId, memberId, instance },
      base: { index: 0, term: 0, chain: GENESIS_CHAIN, configuration },
      configuration,
      hard,
      stateFolder: this.durableState.folder,
    });
    // The batch above decides; the next start repairs this file if we do not get here.
    this.owner = { ...this.owner, clusterId, formerCluster: null };
    await writeIdentity(this.disk, this.owner);
    const contents = await scanLog(raft, this.options.tailBytes ?? TAIL_BYTES, () => this.disk.pause());
    assert(contents !== null, 'a log was written and is not there');
    this.durableLog = new DurableLog(raft, witness, contents, hard, { kind: 'intact' });
    return this.durableLog;
  }
}

const TAIL_BYTES = 16 << 20;

/** LevelDB writes new tables before it deletes old ones: at most about 50 MiB at a time. */
const RECLAIM_BYTES = 56 << 20;

/**
 * Opens (or makes) a data folder: identity, lock, boot counter, log with its witness, state. Errors before
 * anything was changed: FOREIGN_MEMBER, FOREIGN_CLUSTER, NEWER_FORMAT, FOLDER_IN_USE, DAMAGED (identity.json).
 * A full disk makes it give up the reserve file, open, and compact; `space` then refuses growth.
 */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const limits = options.space ?? SPACE_DEFAULTS;
  try {
    return await attempt(options, limits);
  } catch (error) {
    if (!(error instanceof TepuiError)) throw error;
    // A database that was found damaged after it was opened: it is set aside now.
    if (error.code === 'DAMAGED' || error.fields['damaged'] === true) return await attempt(options, limits);
    if (error.code !== 'STORAGE' || error.fields['noSpace'] !== true) throw error;
    const spare = new Space(options.source.attach(ignoreFailure), limits);
    if (!(await spare.release())) throw error;
    options.logger.warn({ detail: error.message }, 'disk full at start: the reserve was given up');
  }
  const folder = await attempt(options, limits);
  await folder.reclaim();
  return folder;
}

/** Failures while opening are thrown by the call that met them. */
function ignoreFailure(): void {}

async function attempt(options: DataFolderOptions, limits: SpaceLimits): Promise<DataFolder> {
  let onFailure: (error: Error) => void = ignoreFailure;
  const disk = options.source.attach((error) => onFailure(error));
  const opened = await openFolder(disk, {
    memberId: options.memberId,
    clusterId: options.clusterId ?? null,
    random: options.random,
    logger: options.logger,
    tailBytes: options.tailBytes ?? TAIL_BYTES,
    wait: options.wait ?? ((delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs))),
  });
  onFailure = options.onFailure;
  return new DataFolder(options, disk, new Space(disk, limits), opened);
}
