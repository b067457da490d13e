import { TepuiError, type ClusterId, type Logger, type MemberId, type Random } from '../base/index.js';
import type { HardState } from '../raft/types.js';
import type { Disk, KvOptions } from './disk.js';
import {
  FIRST_STATE_FOLDER,
  isDamaged,
  newestStateFolder,
  openState,
  removeStateFolders,
  retireStateFolders,
} from './folders.js';
import { expectCluster, newIdentity, readIdentity, writeIdentity } from './identity.js';
import { checkOwner, findLog, judgeHardState, openFoundLog, type FoundLog } from './log-opening.js';
import { decodeEntry } from './entry-codec.js';
import { entryKey } from './keys.js';
import type { LogContents } from './log-scan.js';
import { Pace } from './pace.js';
import type { DurableLog } from './raft-log.js';
import { fitOf, type Fit } from './repair.js';
import type { DurableState, StateStoreOptions } from './state-store.js';
import type { CutMeta, Identity, Kv } from './types.js';
import { Witness } from './witness.js';

/** The file that remembers what this member has promised. */
export const WITNESS = 'witness';

/**
 * A large memtable, twice that of state/: a flush of raft/ must not wait behind one of state/ on LevelDB's single thread.
 * There may be two of them in memory, and what was one is not given back by all allocators: larger ones cost every master.
 */
const RAFT_WRITE_BUFFER_BYTES = 32 << 20;

export interface OpeningOptions {
  readonly memberId: MemberId;
  readonly clusterId: ClusterId | null;
  readonly random: Random;
  readonly logger: Logger;
  readonly tailBytes: number;
  readonly wait: (delayMs: number) => Promise<void>;
}

export interface OpenedFolder {
  readonly identity: Identity;
  readonly raft: Kv;
  readonly witness: Witness;
  readonly log: DurableLog | null;
  readonly state: DurableState;
  readonly renewed: string | null;
  readonly pacing: Omit<StateStoreOptions, 'random'>;
}

/** Everything opened so far, newest last: closed again when a later step fails, so that locks are given back. */
type Closers = (() => Promise<void>)[];

export async function openFolder(disk: Disk, options: OpeningOptions): Promise<OpenedFolder> {
  const closers: Closers = [];
  try {
    return await new Opening(disk, options, closers).run();
  } catch (error) {
    for (const close of closers.reverse()) await close().catch(() => undefined);
    // The next attempt finds none, and begins anew.
    if (isDamaged(error) && error.fields['setAside'] === 'raft') await disk.setAsideKv('raft');
    throw error;
  }
}

class Opening {
  private readonly disk: Disk;
  private readonly options: OpeningOptions;
  private readonly closers: Closers;
  private readonly pace: Pace;
  private readonly raftOptions: KvOptions;
  private readonly pacing: Omit<StateStoreOptions, 'random'>;

  constructor(disk: Disk, options: OpeningOptions, closers: Closers) {
    this.disk = disk;
    this.options = options;
    this.closers = closers;
    const pace = new Pace(options.wait);
    this.pace = pace;
    this.raftOptions = {
      writeBufferBytes: RAFT_WRITE_BUFFER_BYTES,
      onWriteMs: (durationMs) => this.pace.record(durationMs),
    };
    this.pacing = {
      pause: () => disk.pause(),
      clear: () => pace.clear(),
      logSyncs: () => pace.logSyncs,
    };
  }

  async run(): Promise<OpenedFolder> {
    const known = await this.checkIdentity();
    const found = await this.findLog(known.identity).catch((error: unknown) => {
      throw known.lost !== null && isDamaged(error) ? known.lost : error;
    });
    // The lock is held from here on; before it nothing was changed.
    if (known.identity === null && found.contents !== null) {
      return this.identityLost(found, found.contents, known.lost);
    }
    if (known.lost !== null) throw known.lost;
    const { memberId, random } = this.options;
    const identity = await this.boot(known.identity ?? newIdentity(memberId, random), found.contents);
    if (identity.clusterId === null) return this.openEmpty(identity, found.kv, null);

    const witness = await this.openWitness(identity);
    const verdict = judgeHardState(witness, found.contents);
    if (verdict.kind === 'vote-lost' || witness === null) {
      await witness?.close();
      const detail = verdict.kind === 'vote-lost' ? verdict.detail : 'no witness';
      return this.renew(identity, found, detail);
    }
    return this.openMember(identity, identity.clusterId, found, witness, verdict.hard);
  }

  /** `lost`: there is data beside an identity that is missing or cannot be read. */
  private async checkIdentity(): Promise<{
    readonly identity: Identity | null;
    readonly lost: TepuiError | null;
  }> {
    const { memberId, clusterId } = this.options;
    const { disk } = this;
    try {
      const identity = await readIdentity(disk, memberId);
      if (identity !== null && clusterId !== null) expectCluster(disk.where, identity, clusterId);
      if (identity !== null) return { identity, lost: null };
    } catch (error) {
      if (!isDamaged(error)) throw error;
      return { identity: null, lost: error };
    }
    // An empty raft/ may be there: the first start of this folder ended before it wrote its identity.
    const present = (await disk.listKv()).filter((name) => name !== 'raft');
    if (present.length === 0) return { identity: null, lost: null };
    const message = `${disk.where} holds ${present.join(', ')} but no identity.json`;
    return { identity: null, lost: new TepuiError('DAMAGED', message) };
  }

  /**
   * Without its identity nobody knows how often this folder was started, so an old copy of it could not be told from
   * it. Its log still says whose it was: a new instance of that member begins, as after the loss of its votes. Its
   * identity is written first, and makes everything else here a stranger's.
   */
  private async identityLost(
    found: FoundLog,
    { owner }: LogContents,
    lost: TepuiError | null,
  ): Promise<OpenedFolder> {
    const { memberId, clusterId, random, logger } = this.options;
    const former = newIdentity(memberId, random, owner.clusterId, 1);
    checkOwner(this.disk.where, owner, { ...former, instance: owner.instance });
    if (clusterId !== null) expectCluster(this.disk.where, former, clusterId);
    const detail = lost?.message ?? `${this.disk.where} has a log but no identity.json`;
    logger.error({ memberId, instance: owner.instance, detail }, 'identity lost: a new instance takes over');
    await found.kv.close();
    await writeIdentity(this.disk, former);
    const { kv } = await this.findLog(former);
    return this.openEmpty(former, kv, detail);
  }

  private async findLog(identity: Identity | null): Promise<FoundLog> {
    const { tailBytes, logger } = this.options;
    const found = await findLog({
      disk: this.disk,
      kvOptions: this.raftOptions,
      tailBytes,
      logger,
      identity,
    });
    this.closers.push(() => found.kv.close());
    return found;
  }

  /** Raises the boot counter; takes the cluster's id from raft/ when a crash came between forming and this file. */
  private async boot(before: Identity, contents: LogContents | null): Promise<Identity> {
    const formed = before.clusterId === null && contents !== null;
    const membership = formed ? { clusterId: contents.owner.clusterId, formerCluster: null } : {};
    const identity = { ...before, ...membership, boot: before.boot + 1 };
    await writeIdentity(this.disk, identity);
    return identity;
  }

  private async openWitness(identity: Identity): Promise<Witness | null> {
    const file = await this.disk.openSlots(WITNESS);
    const witness = Witness.open(file, identity.instance);
    if (witness === null) await file.close();
    else this.closers.push(() => witness.close());
    return witness;
  }

  /** A folder that belongs to no group: nothing was ever promised from here. */
  private async openEmpty(identity: Identity, raft: Kv, renewed: string | null): Promise<OpenedFolder> {
    const file = await this.disk.openSlots(WITNESS);
    const witness = await Witness.create(file, {
      instance: identity.instance,
      hard: { term: 0, vote: null },
      promised: { term: 0, index: 0 },
      recovering: false,
    });
    this.closers.push(() => witness.close());
    await retireStateFolders(this.disk);
    const state = await this.openState(FIRST_STATE_FOLDER);
    return { identity, raft, witness, log: null, state, renewed, pacing: this.pacing };
  }

  private async openMember(
    identity: Identity,
    clusterId: ClusterId,
    found: FoundLog,
    witness: Witness,
    hard: HardState,
  ): Promise<OpenedFolder> {
    const { memberId, instance } = identity;
    const stateFolder =
      found.contents?.stateFolder ?? (await newestStateFolder(this.disk)) ?? FIRST_STATE_FOLDER;
    let state = await this.openState(stateFolder);
    const fit = judgeFit(found, state.meta);
    if (fit.kind === 'state-behind') {
      await state.close();
      await this.disk.removeKv(stateFolder);
      state = await this.openState(stateFolder);
    }
    const unknown = unknownOf(found, state.meta, hard);
    if (unknown !== null) {
      await state.close();
      await witness.close();
      return this.renew(identity, found, unknown);
    }
    const log = await openFoundLog(found, fit, {
      disk: this.disk,
      owner: { clusterId, memberId, instance },
      witness,
      hard,
      stateFolder,
      meta: state.meta,
      tailBytes: this.options.tailBytes,
    });
    await removeStateFolders(this.disk, stateFolder);
    if (log.health.kind !== 'intact') this.options.logger.error(log.health, 'log damaged: recovering');
    return { identity, raft: found.kv, witness, log, state, renewed: null, pacing: this.pacing };
  }

  /**
   * Term or vote of this instance cannot be trusted, so it must never speak again. What it held is set aside,
   * and a new instance begins that can only join the same cluster. The witness goes first: however far this
   * gets before a crash, the next start comes here again.
   */
  private async renew(identity: Identity, found: FoundLog, detail: string): Promise<OpenedFolder> {
    const { memberId, clusterId, boot, instance, generation } = identity;
    this.options.logger.error({ memberId, instance, detail }, 'votes lost: a new instance takes over');
    await this.disk.removeFile(WITNESS);
    await found.kv.close();
    if (found.contents !== null) await this.disk.setAsideKv('raft');
    else await this.disk.removeKv('raft');
    await retireStateFolders(this.disk);
    const next = newIdentity(memberId, this.options.random, clusterId, boot, generation);
    await writeIdentity(this.disk, next);
    const { kv } = await this.findLog(next);
    return this.openEmpty(next, kv, detail);
  }

  private async openState(name: string): Promise<DurableState> {
    const { random, logger } = this.options;
    const state = await openState(this.disk, name, { ...this.pacing, random }, logger);
    this.closers.push(() => state.close());
    return state;
  }
}

/** What this member can know from nobody else: why it cannot be refilled under its name. Null: it can, or need not be. */
function unknownOf(found: FoundLog, meta: CutMeta | null, hard: HardState): string | null {
  if (meta !== null && meta.term > hard.term) {
    return `state/ was made in term ${meta.term}, the term is ${hard.term}`;
  }
  if (found.contents !== null || meta !== null) return null;
  // A leader that still has the first entry sends no snapshot, and the founders are named in no entry.
  return `raft/ is gone (${found.lost ?? 'it is empty'}), and with no cut in state/ nobody here knows who votes`;
}

function judgeFit(found: FoundLog, meta: CutMeta | null): Fit {
  const { contents, kv } = found;
  if (contents !== null) {
    const { base } = contents;
    return fitOf(contents, (index) => (index === base.index ? base.chain : chainOnDisk(kv, index)), meta);
  }
  if (meta === null) return { kind: 'fits' };
  return { kind: 'state-ahead', meta, detail: `state/ is at ${meta.index}, raft/ is empty` };
}

/** The scan has verified every entry the table names. */
function chainOnDisk(kv: Kv, index: number): Uint8Array | null {
  const value = kv.get(entryKey(index));
  return value === undefined ? null : decodeEntry(value, index, null).chain;
}
