import { assert, TepuiError, nodeId, type ClusterId, type MemberId } from '../../base/index.js';
import type { Term } from '../../raft/types.js';
import type { Disk, DiskSource } from '../disk.js';
import { FIRST_STATE_FOLDER, STATE_KV } from '../folders.js';
import { FORMAT_VERSION, writeIdentity } from '../identity.js';
import { STATE_META_KEY, recordKey } from '../keys.js';
import { encodeCutMeta } from '../log-records.js';
import { WITNESS } from '../opening.js';
import { writeFreshLog } from '../repair.js';
import { Slab } from '../slab.js';
import { encodeRecord } from '../state-codec.js';
import type { CutMeta, Kv, KvOperation, StateDeletion, StateRecord } from '../types.js';
import { Witness } from '../witness.js';

const RAFT_KV = { writeBufferBytes: 4 << 20 };
const BATCH_BYTES = 2 << 20;

/** Whose folder it becomes. */
export interface NewOwner {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly instance: string;
  readonly generation: number;
}

/**
 * Makes the data folder of a member that begins with a state and an empty log above it: what a start finds after a
 * snapshot was installed. Nothing in it counts before `finish` has written identity.json, which is last.
 */
export class FolderBuilder {
  private readonly disk: Disk;
  private readonly state: Kv;
  private pending: KvOperation[] = [];
  private pendingBytes = 0;

  private constructor(disk: Disk, state: Kv) {
    this.disk = disk;
    this.state = state;
  }

  /** Rejects with FOLDER_OCCUPIED unless the folder is absent or holds no data. */
  static async create(source: DiskSource): Promise<FolderBuilder> {
    const disk = source.attach(() => undefined);
    const present = await disk.listKv();
    if ((await disk.readFile('identity.json')) !== null) present.push('identity.json');
    if (present.length > 0) {
      throw new TepuiError('FOLDER_OCCUPIED', `${disk.where} holds ${present.join(', ')}`);
    }
    return new FolderBuilder(disk, await disk.openKv(FIRST_STATE_FOLDER, STATE_KV));
  }

  /** Adds records of the state; of two with the same key the later one counts. */
  async put(records: readonly StateRecord[]): Promise<void> {
    const slab = new Slab();
    for (const record of records) {
      const { key, value } = encodeRecord(record, slab);
      this.add({ type: 'put', key, value }, key.length + value.length);
    }
    if (this.pendingBytes >= BATCH_BYTES) await this.flush();
  }

  async remove(deletions: readonly StateDeletion[]): Promise<void> {
    const slab = new Slab();
    for (const { table, key } of deletions) {
      this.add({ type: 'delete', key: recordKey(table, key, slab) }, key.length);
    }
    if (this.pendingBytes >= BATCH_BYTES) await this.flush();
  }

  /** What was put is exactly the state at `meta.index`; the log begins above it, in `term` at least. */
  async finish(owner: NewOwner, meta: CutMeta, term: Term): Promise<void> {
    assert(term >= meta.term, () => `term ${term} below that of the state, ${meta.term}`);
    const { clusterId, memberId, instance } = owner;
    this.add({ type: 'put', key: STATE_META_KEY, value: encodeCutMeta(meta) }, 0);
    await this.flush();
    await this.state.close();
    const hard = { term, vote: null };
    const raft = await this.disk.openKv('raft', RAFT_KV);
    await writeFreshLog(raft, {
      owner: { clusterId, memberId, instance },
      base: meta,
      configuration: meta.configuration,
      hard,
      stateFolder: FIRST_STATE_FOLDER,
    });
    await raft.close();
    const promised = { term: meta.term, index: meta.index };
    const slots = await this.disk.openSlots(WITNESS);
    const witness = await Witness.create(slots, { instance, hard, promised, recovering: false });
    await witness.close();
    await writeIdentity(this.disk, {
      format: FORMAT_VERSION,
      ...owner,
      nodeId: nodeId(memberId, instance),
      formerCluster: null,
      boot: 0,
    });
    await this.disk.syncFolder();
  }

  /** Closes what is open; the caller deletes the folder. */
  async abandon(): Promise<void> {
    await this.state.close();
  }

  private add(operation: KvOperation, bytes: number): void {
    this.pending.push(operation);
    this.pendingBytes += bytes;
  }

  private async flush(): Promise<void> {
    const operations = this.pending;
    this.pending = [];
    this.pendingBytes = 0;
    if (operations.length > 0) await this.state.write(operations);
  }
}
