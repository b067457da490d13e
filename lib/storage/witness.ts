import { assert, ByteReader, ByteWriter, MalformedError, crc32c } from '../base/index.js';
import type { HardState } from '../raft/types.js';
import { SLOT_BYTES, type SlotFile } from './disk.js';
import { comparePoints, readHardState, writeHardState } from './log-records.js';
import type { LogPoint } from './types.js';

/**
 * The witness: a side file that remembers what this member has promised, so that a log that lost its end, or a
 * folder that lost its votes, is recognised at the next start. LevelDB cannot tell a cut tail from one that was
 * never written.
 *
 * Two slots, each with a rising number and a checksum. The slot with the newest synced record is never written
 * over: whatever a power cut leaves of the other one, that record is there. Term and vote are synced here before
 * they count. The last point of the log follows each synced batch unattended, with at most one write in flight: it
 * may lag behind the log but is never ahead of it. It is synced only now and then, since a sync here would delay the
 * next one of the log; the end of the process loses none of it, a power cut at most `POINTS_PER_SYNC` points.
 */
export interface WitnessRecord {
  /** The instance this file belongs to: a file copied from another folder counts as missing. */
  readonly instance: string;
  readonly hard: HardState;
  /** Last (term, index) that was synced; while `recovering`, the last one that ever was. */
  readonly promised: LogPoint;
  /** Set from the start that found the log damaged until the host calls it recovered. */
  readonly recovering: boolean;
}

const MAGIC = 0x31575054; // "TPW1"
const HEADER_BYTES = 10;
/** Every that many points one is synced. */
const POINTS_PER_SYNC = 64;

/** [magic 4][CRC-32C of the rest 4][size of the rest 2][sequence, instance, hard state, point, recovering] */
function encodeSlot(writer: ByteWriter, sequence: number, record: WitnessRecord): Uint8Array {
  writer.reset();
  writer.u32(MAGIC).u32(0).u8(0).u8(0);
  writer.uint(sequence).text(record.instance);
  writeHardState(writer, record.hard);
  writer.uint(record.promised.term).uint(record.promised.index).bool(record.recovering);
  const bytes = writer.view();
  assert(bytes.length <= SLOT_BYTES, () => `a witness record of ${bytes.length} bytes, ${SLOT_BYTES} fit`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint16(8, bytes.length - HEADER_BYTES, true);
  view.setUint32(4, crc32c(bytes, 0, 8), true);
  return bytes;
}

/** Null when the slot was never written, is damaged, or belongs to another instance. */
function decodeSlot(
  slot: Uint8Array,
  instance: string,
): { readonly sequence: number; readonly record: WitnessRecord } | null {
  const view = new DataView(slot.buffer, slot.byteOffset, slot.length);
  if (slot.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) return null;
  const end = HEADER_BYTES + view.getUint16(8, true);
  if (end > slot.length || crc32c(slot, 0, 8, end) !== view.getUint32(4, true)) return null;
  try {
    const reader = new ByteReader(slot, HEADER_BYTES, end);
    const sequence = reader.uint();
    const owner = reader.text();
    const hard = readHardState(reader);
    const promised = { term: reader.uint(), index: reader.uint() };
    const record = { instance: owner, hard, promised, recovering: reader.bool() };
    reader.expectEnd('witness slot');
    return owner === instance ? { sequence, record } : null;
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

export class Witness {
  private readonly file: SlotFile;
  private readonly writer = new ByteWriter(SLOT_BYTES);
  private record: WitnessRecord;
  /** Number of the newest slot written. */
  private sequence: number;
  /** The slot that holds the newest synced record; writes go to the other one. */
  private anchor: 0 | 1;
  /** Writes since the last synced one. */
  private unsynced = 0;
  /** Counts changes of `record`; `onDisk` is the count the newest slot shows. */
  private wanted = 0;
  private onDisk = 0;
  private pumping = false;
  /** The failure that ended this witness, or null. */
  private broken: Error | null = null;
  /** Callers that wait until change number `version` is on disk. At most a few: the log has one write at a time. */
  private waiters: { readonly version: number; readonly done: (failed: Error | null) => void }[] = [];

  private constructor(file: SlotFile, anchor: 0 | 1, sequence: number, record: WitnessRecord) {
    this.file = file;
    this.anchor = anchor;
    this.sequence = sequence;
    this.record = record;
  }

  /** Null when neither slot can be trusted: this instance's term and vote are then lost. */
  static open(file: SlotFile, instance: string): Witness | null {
    if (file.found === null) return null;
    const [a, b] = file.found.map((slot) => decodeSlot(slot, instance)) as [
      ReturnType<typeof decodeSlot>,
      ReturnType<typeof decodeSlot>,
    ];
    const anchor = a !== null && (b === null || a.sequence > b.sequence) ? 0 : 1;
    const best = anchor === 0 ? a : b;
    if (best === null) return null;
    return new Witness(file, anchor, best.sequence, best.record);
  }

  /** Writes both slots of a new folder's witness. */
  static async create(file: SlotFile, record: WitnessRecord): Promise<Witness> {
    const witness = new Witness(file, 1, 0, record);
    await witness.change(record);
    await witness.change(record);
    return witness;
  }

  get hard(): HardState {
    return this.record.hard;
  }

  get promised(): LogPoint {
    return this.record.promised;
  }

  get recovering(): boolean {
    return this.record.recovering;
  }

  /** Term and vote; on disk when it resolves. */
  async secure(hard: HardState): Promise<void> {
    await this.change({ ...this.record, hard });
  }

  /**
   * The log is about to end at a lower point because a conflict is truncated. On disk before the log is, so
   * that a crash in between is not taken for damage; entries that conflict were promised to nobody who counts.
   */
  async lower(point: LogPoint): Promise<void> {
    if (!this.record.recovering) await this.change({ ...this.record, promised: point });
  }

  /** The log ends at `point` and is synced. Written soon, never waited for. While recovering it only rises. */
  follow(point: LogPoint): void {
    const { promised, recovering } = this.record;
    const order = comparePoints(point, promised);
    if (order === 0 || (recovering && order < 0)) return;
    this.record = { ...this.record, promised: point };
    this.wanted++;
    // A failed write closes the session's latch, so the next append meets it and the owner is told at once.
    this.pump();
  }

  async markRecovering(promised: LogPoint): Promise<void> {
    await this.change({ ...this.record, promised, recovering: true });
  }

  async markRecovered(point: LogPoint): Promise<void> {
    await this.change({ ...this.record, promised: point, recovering: false });
  }

  async close(): Promise<void> {
    if (this.pumping || this.unsynced > 0) await this.change(this.record).catch(() => undefined);
    await this.file.close();
  }

  private async change(record: WitnessRecord): Promise<void> {
    this.record = record;
    this.wanted++;
    const settled = this.settled(this.wanted);
    this.pump();
    await settled;
  }

  private settled(version: number): Promise<void> {
    if (this.broken !== null) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      const done = (failed: Error | null): void => {
        if (failed === null) resolve();
        else reject(failed);
      };
      this.waiters.push({ version, done });
    });
  }

  /** Starts a write unless one is in flight; when it ends, another follows if something changed meanwhile. */
  private pump(): void {
    if (this.pumping || this.broken !== null || this.onDisk === this.wanted) return;
    this.pumping = true;
    const version = this.wanted;
    const sequence = this.sequence + 1;
    const slot = this.anchor === 0 ? 1 : 0;
    const synced = this.waiters.length > 0 || this.unsynced >= POINTS_PER_SYNC;
    const bytes = encodeSlot(this.writer, sequence, this.record);
    this.file.write(slot, bytes, synced).then(
      () => {
        this.sequence = sequence;
        this.onDisk = version;
        this.pumping = false;
        this.unsynced = synced ? 0 : this.unsynced + 1;
        if (synced) {
          this.anchor = slot;
          this.release(version, null);
        }
        this.pump();
      },
      (error: unknown) => {
        this.broken = error instanceof Error ? error : new Error(String(error));
        this.pumping = false;
        this.release(Infinity, this.broken);
      },
    );
  }

  private release(version: number, failed: Error | null): void {
    const ready = this.waiters.filter((waiter) => waiter.version <= version);
    this.waiters = this.waiters.filter((waiter) => waiter.version > version);
    for (const waiter of ready) waiter.done(failed);
  }
}
