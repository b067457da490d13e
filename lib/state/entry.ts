import {
  ByteReader,
  ByteWriter,
  FRONT_BYTES,
  MalformedError,
  newerFormat,
  withFront,
  type NodeId,
} from '../base/index.js';

/**
 * One Raft entry is one batch:
 *
 *     codec u8 │ timeMs uint │ count uint │ count × (length uint, sub-batch)
 *
 * and one sub-batch is what one member relayed at once, opaque to the leader that puts it into an entry:
 *
 *     lane text │ boot uint │ number uint │ count uint │ count × (length uint, command)
 */
export const ENTRY_CODEC = 1;

export interface SubBatchHead {
  readonly lane: NodeId;
  readonly boot: number;
  /** 1, 2, 3… per boot. */
  readonly number: number;
  /** Commands in it. */
  readonly count: number;
}

export interface SubBatch extends SubBatchHead {
  /** Views into the bytes that were decoded. */
  readonly commands: readonly Uint8Array[];
}

export interface DecodedEntry {
  readonly timeMs: number;
  readonly batches: readonly SubBatch[];
  /** Sub-batches that cannot be read. */
  readonly malformed: number;
}

/** Made at the member where the requests came in. `commands` come from `encodeCommand`. */
export function encodeSubBatch(
  lane: NodeId,
  boot: number,
  number: number,
  commands: readonly Uint8Array[],
): Uint8Array {
  let size = 40 + lane.length;
  for (const command of commands) size += command.length + 4;
  const w = new ByteWriter(size);
  w.text(lane).uint(boot).uint(number).uint(commands.length);
  for (const command of commands) w.bytes(command);
  return w.give();
}

function readHead(r: ByteReader): SubBatchHead {
  return { lane: r.text() as NodeId, boot: r.uint(), number: r.uint(), count: r.uint() };
}

/** The head alone: all that a leader or a waiter needs. Throws `MalformedError`. */
export function peekSubBatch(bytes: Uint8Array): SubBatchHead {
  return readHead(new ByteReader(bytes));
}

/** Made by the leader, with room in front for the header of its log; `timeMs` is its wall clock in whole milliseconds. */
export function encodeEntry(timeMs: number, subBatches: readonly Uint8Array[]): Uint8Array {
  let size = 16;
  for (const batch of subBatches) size += batch.length + 5;
  const w = new ByteWriter(FRONT_BYTES + size).skip(FRONT_BYTES);
  w.u8(ENTRY_CODEC).uint(timeMs).uint(subBatches.length);
  for (const batch of subBatches) w.bytes(batch);
  return withFront(w.give());
}

function readSubBatch(bytes: Uint8Array): SubBatch {
  const r = new ByteReader(bytes);
  const { lane, boot, number, count } = readHead(r);
  if (count > r.remaining) throw new MalformedError(`${count} commands in ${r.remaining} bytes`);
  const commands: Uint8Array[] = [];
  for (let i = 0; i < count; i++) commands.push(r.bytes());
  r.expectEnd('sub-batch');
  return { lane, boot, number, count, commands };
}

/** Null for one that cannot be read: nobody executes it, and what its origin sends next does not follow on it. */
function tryReadSubBatch(bytes: Uint8Array): SubBatch | null {
  try {
    return readSubBatch(bytes);
  } catch (cause) {
    if (cause instanceof MalformedError) return null;
    throw cause;
  }
}

/** Throws `MalformedError`: an entry that consensus committed and nobody can read is damage, not a refusal. */
export function decodeEntry(data: Uint8Array): DecodedEntry {
  const r = new ByteReader(data);
  const codec = r.u8();
  if (codec > ENTRY_CODEC) throw newerFormat('an entry of the log', codec, ENTRY_CODEC);
  if (codec !== ENTRY_CODEC) throw new MalformedError(`an entry of version ${codec}`);
  const timeMs = r.uint();
  const batches: SubBatch[] = [];
  let malformed = 0;
  for (let left = r.uint(); left > 0; left--) {
    const batch = tryReadSubBatch(r.bytes());
    if (batch === null) malformed++;
    else batches.push(batch);
  }
  r.expectEnd('entry');
  return { timeMs, batches, malformed };
}
