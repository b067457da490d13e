import type { ErrorCode, NodeId } from '../base/index.js';
import type { ProposeResult } from '../raft/types.js';
import { encodeEntry, historyOf, peekSubBatch, type Machine } from '../state/index.js';
import type { Invitation, LaneReply } from './lane-frames.js';

interface Tail {
  boot: number;
  /** Number of the sub-batch that may be appended next. */
  next: number;
  /** Sub-batches sent under another epoch are void. */
  epoch: number;
  /** The origin has to be told, and was not, or not for certain. */
  inviteDue: boolean;
  /** It was told in this turn. */
  invited: boolean;
}

interface Gathered {
  readonly lane: NodeId;
  readonly number: number;
  readonly bytes: Uint8Array;
}

export interface IntakeHost {
  readonly machine: () => Machine;
  readonly propose: (datas: readonly Uint8Array[]) => ProposeResult;
  /** The entry was appended for that lane: its origin waits for the commit. */
  readonly appended: (lane: NodeId, index: number) => void;
  /** Whether a proposal would be taken; asked only after one was not. */
  readonly accepting: () => boolean;
  /** False when the answer is surely lost. */
  readonly answer: (lane: NodeId, reply: LaneReply) => boolean;
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
 * `DESIGN.md` has the argument in full.
 */
export class LaneIntake {
  private readonly host: IntakeHost;
  private readonly tails = new Map<NodeId, Tail>();
  private gathered: Gathered[] = [];
  private gatheredBytes = 0;
  /** Null while this member does not lead. */
  private term: number | null = null;
  /** Consensus takes nothing for a while (a transfer, too much uncommitted): lanes keep what they have. */
  private parked = false;

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
    this.parked = false;
    this.tails.clear();
    this.gathered = [];
    this.gatheredBytes = 0;
  }

  /** Tells the origin where to begin; repeated whenever a stream to it comes up. */
  invite(lane: NodeId): void {
    if (this.term === null) return;
    const tail = this.tail(lane);
    const { boot, next, epoch } = tail;
    tail.invited = true;
    tail.inviteDue = !this.host.answer(lane, { kind: 'open', term: this.term, epoch, boot, next });
  }

  /** Takes one sub-batch from `from`, the node at the other end of the stream. */
  take(from: NodeId, { term, epoch }: Invitation, bytes: Uint8Array): void {
    // Sent to an earlier leader, or to this one in an earlier term: its origin knows that it may be void.
    if (this.term !== term) return;
    const { lane, boot, number } = peekSubBatch(bytes);
    if (lane !== from) return;
    // Made for a state that is no longer in force, or not yet: its origin begins anew when it has come as far.
    if (historyOf(boot) !== this.host.machine().restores.history) return;
    const tail = this.tail(lane);
    if (this.parked) return this.postpone(tail, epoch);
    if (epoch !== tail.epoch) return this.inviteOnce(lane, tail);
    if (boot > tail.boot && number === 1) {
      tail.boot = boot;
      tail.next = 1;
    }
    if (boot !== tail.boot || number > tail.next) return this.takeBack(lane, tail, tail.next);
    if (number < tail.next) return;
    const code = this.host.pushBack();
    if (code !== null) return this.refuse(lane, tail, code);
    if (this.gatheredBytes + bytes.length > this.host.entryBytes) this.append();
    if (this.parked) return this.postpone(tail, epoch);
    tail.next = number + 1;
    this.gathered.push({ lane, number, bytes });
    this.gatheredBytes += bytes.length;
  }

  /** Ends a turn: appends what was gathered in it as one entry, and repeats answers that were lost. */
  flush(): void {
    if (this.term === null) return;
    this.append();
    if (this.parked && !this.host.accepting()) return;
    this.parked = false;
    for (const [lane, tail] of this.tails) {
      tail.invited = false;
      if (tail.inviteDue) this.invite(lane);
    }
  }

  private append(): void {
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
    if (!result.ok) return this.park(gathered);
    for (const { lane } of gathered) this.host.appended(lane, result.index);
  }

  /** Nothing of `gathered` was appended: its origins send it again, to this leader or to the next one. */
  private park(gathered: readonly Gathered[]): void {
    this.parked = true;
    for (const { lane, number } of gathered) {
      const tail = this.tail(lane);
      if (number < tail.next) this.takeBack(lane, tail, number);
    }
  }

  /** From `next` on everything has to be sent again; what is under way is void. */
  private takeBack(lane: NodeId, tail: Tail, next: number): void {
    tail.next = next;
    tail.epoch++;
    if (this.parked) tail.inviteDue = true;
    else this.invite(lane);
  }

  /** Dropped while parked: to be sent again under the invitation that ends the wait. */
  private postpone(tail: Tail, epoch: number): void {
    if (epoch === tail.epoch) tail.epoch++;
    tail.inviteDue = true;
  }

  private refuse(lane: NodeId, tail: Tail, code: ErrorCode): void {
    tail.epoch++;
    const reply = { kind: 'refused', term: this.term!, epoch: tail.epoch, from: tail.next, code } as const;
    // Were the refusal lost, the invitation that follows would have everything sent again.
    if (!this.host.answer(lane, reply)) tail.inviteDue = true;
  }

  private inviteOnce(lane: NodeId, tail: Tail): void {
    if (!tail.invited) this.invite(lane);
  }

  private tail(lane: NodeId): Tail {
    let tail = this.tails.get(lane);
    if (tail === undefined) {
      const applied = this.host.machine().lane(lane);
      const position =
        applied === null ? { boot: 0, next: 1 } : { boot: applied.boot, next: applied.number + 1 };
      tail = { ...position, epoch: 1, inviteDue: false, invited: false };
      this.tails.set(lane, tail);
    }
    return tail;
  }
}
