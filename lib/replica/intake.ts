import { ByteReader, ByteWriter, type ErrorCode, type NodeId, isErrorCode } from '../base/index.js';
import { encodeEntry, peekSubBatch, type Machine } from '../state/index.js';
import type { ProposeResult } from '../raft/types.js';

/** What the leader tells the origin of a lane. `term` is the leader's: answers of another term are void. */
export type LaneReply =
  /** Send sub-batches of this lane from `next` on. */
  | { readonly kind: 'open'; readonly term: number; readonly boot: number; readonly next: number }
  /** Nothing from `from` on was appended, nor will it be. */
  | { readonly kind: 'refused'; readonly term: number; readonly from: number; readonly code: ErrorCode };

export function encodeLaneReply(reply: LaneReply): Uint8Array {
  const writer = new ByteWriter(32).u8(reply.kind === 'open' ? 0 : 1).uint(reply.term);
  if (reply.kind === 'open') writer.uint(reply.boot).uint(reply.next);
  else writer.uint(reply.from).text(reply.code);
  return writer.finish();
}

export function decodeLaneReply(bytes: Uint8Array): LaneReply {
  const reader = new ByteReader(bytes);
  const open = reader.u8() === 0;
  const term = reader.uint();
  if (open) return { kind: 'open', term, boot: reader.uint(), next: reader.uint() };
  const from = reader.uint();
  const code = reader.text();
  return { kind: 'refused', term, from, code: isErrorCode(code) ? code : 'INTERNAL' };
}

interface Tail {
  boot: number;
  /** Number of the sub-batch that may be appended next. */
  next: number;
}

interface Gathered {
  readonly lane: NodeId;
  readonly number: number;
  readonly bytes: Uint8Array;
}

export interface IntakeHost {
  readonly machine: () => Machine;
  readonly propose: (datas: readonly Uint8Array[]) => ProposeResult;
  readonly answer: (lane: NodeId, reply: LaneReply) => void;
  /** Wall time for the stamp of an entry. */
  readonly stampMs: () => number;
  /** A code when growth of the log must wait (cuts or disk lag behind), else null. */
  readonly pushBack: () => ErrorCode | null;
  readonly entryBytes: number;
}

/**
 * The leader's end of all lanes: appends sub-batches in their order, each once, several to a Raft entry.
 *
 * It opens only when the machine has applied an entry of the leader's own term. Everything this leader's log
 * held at its election is then applied, so a lane's next number in the machine is its next number in the log,
 * and "not appended" is a fact: a log that lacks this leader's first entry can no longer be elected.
 */
export class LaneIntake {
  private readonly host: IntakeHost;
  private readonly tails = new Map<NodeId, Tail>();
  private gathered: Gathered[] = [];
  private gatheredBytes = 0;
  /** Null while this member does not lead. */
  private term: number | null = null;

  constructor(host: IntakeHost) {
    this.host = host;
  }

  open(term: number, lanes: readonly NodeId[]): void {
    this.close();
    this.term = term;
    for (const lane of lanes) this.invite(lane);
  }

  close(): void {
    this.term = null;
    this.tails.clear();
    this.gathered = [];
    this.gatheredBytes = 0;
  }

  /** Tells the origin where to begin; repeated whenever a stream to it comes up. */
  invite(lane: NodeId): void {
    if (this.term === null) return;
    const tail = this.tail(lane);
    this.host.answer(lane, { kind: 'open', term: this.term, boot: tail.boot, next: tail.next });
  }

  /** Takes one sub-batch from `from`, the node at the other end of the stream; an empty one asks for an invitation. */
  take(from: NodeId, bytes: Uint8Array): void {
    if (this.term === null) return;
    if (bytes.length === 0) return this.invite(from);
    const { lane, boot, number } = peekSubBatch(bytes);
    if (lane !== from) return;
    const tail = this.tail(lane);
    if (boot > tail.boot && number === 1) {
      tail.boot = boot;
      tail.next = 1;
    }
    if (boot !== tail.boot || number > tail.next) return this.invite(lane);
    if (number < tail.next) return;
    const code = this.host.pushBack();
    if (code !== null) return this.refuse(lane, number, code);
    if (this.gatheredBytes + bytes.length > this.host.entryBytes) this.flush();
    // A flush that was refused moved the tail back: this one then no longer follows.
    if (tail.next !== number) return this.invite(lane);
    tail.next = number + 1;
    this.gathered.push({ lane, number, bytes });
    this.gatheredBytes += bytes.length;
  }

  /** Appends what was gathered in this turn as one entry. */
  flush(): void {
    if (this.gathered.length === 0) return;
    const gathered = this.gathered;
    this.gathered = [];
    this.gatheredBytes = 0;
    const stamp = Math.max(this.host.stampMs(), this.host.machine().clockMs);
    const result = this.host.propose([
      encodeEntry(
        stamp,
        gathered.map((one) => one.bytes),
      ),
    ]);
    if (!result.ok) this.takeBack(gathered, result.reason === 'overloaded' ? 'OVERLOADED' : 'TRANSFERRING');
  }

  private takeBack(gathered: readonly Gathered[], code: ErrorCode): void {
    const first = new Map<NodeId, number>();
    for (const { lane, number } of gathered) if (!first.has(lane)) first.set(lane, number);
    for (const [lane, number] of first) {
      this.tail(lane).next = number;
      this.refuse(lane, number, code);
    }
  }

  private refuse(lane: NodeId, from: number, code: ErrorCode): void {
    this.host.answer(lane, { kind: 'refused', term: this.term!, from, code });
  }

  private tail(lane: NodeId): Tail {
    let tail = this.tails.get(lane);
    if (tail === undefined) {
      const applied = this.host.machine().lane(lane);
      tail = applied === null ? { boot: 0, next: 1 } : { boot: applied.boot, next: applied.number + 1 };
      this.tails.set(lane, tail);
    }
    return tail;
  }
}
