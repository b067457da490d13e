import { assert, type ErrorCode, type NodeId } from '../base/index.js';
import { encodeSubBatch, laneBoot, type CommandResult, type Machine } from '../state/index.js';
import type { Invitation, LaneReply } from './lane-frames.js';
import type { ReplicaLimits } from './limits.js';
import type { AnswerTime, Outcome, ProposalOrder } from './types.js';

type Done = (outcome: Outcome) => void;

const NOTHING = new Uint8Array(0);

interface Waiting {
  /** Empty once it is part of a sub-batch. */
  command: Uint8Array;
  readonly done: Done;
  readonly when: AnswerTime;
  readonly deadlineMs: number;
  readonly order: ProposalOrder | undefined;
}

/** Commands that left (or may have left) for a leader under one number. */
interface SubBatch {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly waiters: readonly Waiting[];
  /** That many waiters were told at their deadlines; the sub-batch itself stays until it is applied or refused. */
  ended: number;
}

/** Where sub-batches go. */
type Target =
  | { readonly kind: 'none' }
  /** Invited by the leader of `term`; `next` is the number to send next. */
  | { readonly kind: 'open'; readonly term: number; epoch: number; next: number };

export interface LaneHost {
  readonly node: NodeId;
  readonly boot: number;
  readonly limits: ReplicaLimits;
  readonly nowMs: () => number;
  /** Hands a sub-batch to the leader; false when it could not be sent now. */
  readonly send: (invitation: Invitation, bytes: Uint8Array) => boolean;
  /** Why there is no leader, for people. */
  readonly trouble: () => string;
}

/**
 * This member's lane: what is proposed here enters the log as numbered sub-batches, each executed exactly
 * once and in order, however often it is sent. A command gets its number only when a leader has invited it,
 * so one that never left can be refused for certain.
 */
export class Lane {
  private readonly host: LaneHost;
  private pending: Waiting[] = [];
  private pendingBytes = 0;
  private numbered: SubBatch[] = [];
  private numberedCommands = 0;
  private nextNumber = 1;
  private target: Target = { kind: 'none' };
  private history = 0;

  constructor(host: LaneHost) {
    this.host = host;
  }

  /** Commands that have not ended yet. */
  get depth(): number {
    return this.pending.length + this.numberedCommands;
  }

  /** How full it is, from 0; at 1 nothing more is taken. */
  get load(): number {
    const { laneCommands, laneBytes } = this.host.limits;
    return Math.max(this.depth / laneCommands, this.pendingBytes / laneBytes);
  }

  /** Under which its sub-batches go. */
  get boot(): number {
    return laneBoot(this.history, this.host.boot);
  }

  /** Something is to be sent and no leader has said from where on. */
  get waitsForInvitation(): boolean {
    return this.target.kind === 'none' && this.depth > 0;
  }

  /** Queues a command; false when the lane is full and nothing was queued. */
  add(command: Uint8Array, done: Done, when: AnswerTime = 'after-entry', order?: ProposalOrder): boolean {
    const { limits } = this.host;
    if (this.depth >= limits.laneCommands || this.pendingBytes + command.length > limits.laneBytes)
      return false;
    const deadlineMs = this.host.nowMs() + limits.proposalDeadlineMs;
    this.pending.push({ command, done, when, deadlineMs, order });
    this.pendingBytes += command.length;
    return true;
  }

  /**
   * The leader of our term invited us: resend everything it lacks, in order. An invitation repeated under the
   * same epoch changes nothing: what was sent under it is on its way, in order, or `resend` was called.
   */
  invited(reply: Extract<LaneReply, { kind: 'open' }>): void {
    if (this.isKnown(reply)) return;
    const next = reply.boot === this.boot ? reply.next : 1;
    assert(
      next <= this.nextNumber,
      () =>
        `the leader of term ${reply.term} expects sub-batch ${next}; only ${this.nextNumber - 1} were made`,
    );
    this.target = { kind: 'open', term: reply.term, epoch: reply.epoch, next };
  }

  /** The leader is gone or unknown: hold everything until another one invites us. */
  hold(): void {
    this.target = { kind: 'none' };
  }

  /** The stream to the leader is new: what was on its way may be lost. */
  resend(): void {
    if (this.target.kind === 'open') this.target.next = this.numbered[0]?.number ?? this.nextNumber;
  }

  /** The leader of our term will not append what was sent: it is dropped here, and its numbers are used again. */
  refused(reply: Extract<LaneReply, { kind: 'refused' }>): void {
    if (this.isKnown(reply)) return;
    if (this.target.kind === 'open') this.target.epoch = reply.epoch;
    const keep = this.numbered.findIndex((batch) => batch.number >= reply.from);
    if (keep < 0) return;
    const dropped = this.numbered.splice(keep);
    this.nextNumber = dropped[0]!.number;
    if (this.target.kind === 'open') this.target.next = Math.min(this.target.next, this.nextNumber);
    const message = 'the leader did not append the proposal';
    const behind = this.breakOff(dropped.flatMap(({ waiters }) => waiters));
    for (const batch of dropped) {
      this.numberedCommands -= batch.waiters.length;
      this.end(batch, { kind: 'refused', code: reply.code, message });
    }
    this.refuse(behind, reply.code, message);
  }

  /** Numbers and sends what the window allows. Called once per turn of the loop. */
  flush(): void {
    if (this.target.kind !== 'open') return;
    if (!this.sendFrom(this.target)) return;
    while (this.pending.length > 0 && this.numbered.length < this.host.limits.laneWindow) {
      this.number();
      if (!this.sendFrom(this.target)) return;
    }
  }

  /**
   * A command of this lane was run; others of the same entry are still to come. That may hold several sub-batches of
   * this lane: all of them are here until the whole entry is applied.
   */
  ran(number: number, position: number, result: CommandResult, term: number): void {
    const batch = this.numbered[number - (this.numbered[0]?.number ?? 0)];
    if (batch === undefined || position < batch.ended) return;
    const { when, done } = batch.waiters[position]!;
    if (when === 'within-apply') done({ kind: 'applied', result, term });
  }

  /** A sub-batch of this lane was applied here. */
  applied(number: number, results: readonly CommandResult[], term: number): void {
    const batch = this.numbered[0];
    if (batch === undefined || number < batch.number) return;
    assert(
      number === batch.number,
      () => `lane applied ${number} before ${batch.number}: a sub-batch was skipped`,
    );
    this.numbered.shift();
    const { waiters } = batch;
    this.numberedCommands -= waiters.length;
    for (let i = batch.ended; i < waiters.length; i++) {
      const { when, done } = waiters[i]!;
      if (when === 'after-entry') done({ kind: 'applied', result: results[i]!, term });
    }
  }

  /** The machine was replaced by one that already holds some of our sub-batches: their results are gone. */
  reset(machine: Machine): void {
    const lane = machine.lane(this.host.node);
    if (lane === null || lane.boot !== this.boot) return;
    while (this.numbered.length > 0 && this.numbered[0]!.number <= lane.number) {
      const batch = this.numbered.shift()!;
      this.numberedCommands -= batch.waiters.length;
      this.end(batch, { kind: 'unknown', message: 'this member received the state past the proposal' });
    }
  }

  /**
   * The machine is of this history. If it was of another one before, its sub-batches are executed no more, wherever they
   * are: what was sent ends as unknown, what was not is surely not done, and the lane begins anew.
   */
  enter(history: number): void {
    if (history === this.history) return;
    this.history = history;
    const { pending, numbered } = this;
    this.pending = [];
    this.pendingBytes = 0;
    this.numbered = [];
    this.numberedCommands = 0;
    this.nextNumber = 1;
    this.target = { kind: 'none' };
    const message = 'the group was taken back to a snapshot';
    this.breakOff(pending);
    for (const batch of numbered) this.end(batch, { kind: 'unknown', message });
    this.refuse(pending, 'RESTORED', message);
  }

  /** Ends what has waited past its deadline. */
  expire(): void {
    const now = this.host.nowMs();
    const message = `no answer within ${this.host.limits.proposalDeadlineMs} ms`;
    for (const batch of this.numbered) {
      if (batch.waiters[0]!.deadlineMs > now) break;
      while (batch.ended < batch.waiters.length && batch.waiters[batch.ended]!.deadlineMs <= now) {
        const { done } = batch.waiters[batch.ended++]!;
        done({ kind: 'unknown', message: `${message}: ${this.host.trouble()}` });
      }
    }
    const late = this.pending.findIndex((waiting) => waiting.deadlineMs > now);
    const expired = this.pending.splice(0, late < 0 ? this.pending.length : late);
    if (expired.length === 0) return;
    for (const { command } of expired) this.pendingBytes -= command.length;
    const code: ErrorCode = this.target.kind === 'none' ? 'NO_LEADER' : 'OVERLOADED';
    this.refuse([...expired, ...this.breakOff(expired)], code, this.host.trouble());
  }

  /** The member stops: nothing more will be learnt here. */
  close(): void {
    const { pending, numbered } = this;
    this.pending = [];
    this.numbered = [];
    this.target = { kind: 'none' };
    const message = 'this member is stopping';
    for (const batch of numbered) this.end(batch, { kind: 'unknown', message });
    this.refuse(pending, 'SHUTTING_DOWN', message);
  }

  /** These will not run: takes out, and returns, what waits behind them in the same orders. */
  private breakOff(refused: readonly Waiting[]): readonly Waiting[] {
    let ordered = false;
    for (const { order } of refused) {
      if (order === undefined) continue;
      order.broken = true;
      ordered = true;
    }
    if (!ordered) return [];
    const behind = this.pending.filter(({ order }) => order?.broken === true);
    if (behind.length === 0) return [];
    this.pending = this.pending.filter(({ order }) => order?.broken !== true);
    for (const { command } of behind) this.pendingBytes -= command.length;
    return behind;
  }

  private refuse(waiting: readonly Waiting[], code: ErrorCode, message: string): void {
    for (const { done } of waiting) done({ kind: 'refused', code, message });
  }

  private isKnown(reply: LaneReply): boolean {
    const { target } = this;
    return target.kind === 'open' && target.term === reply.term && reply.epoch <= target.epoch;
  }

  private sendFrom(target: Extract<Target, { kind: 'open' }>): boolean {
    const first = this.numbered[0]?.number ?? this.nextNumber;
    if (target.next < first) target.next = first;
    while (target.next < this.nextNumber) {
      const batch = this.numbered[target.next - first]!;
      // Advanced before sending: when this member leads, the leader's answer arrives within the call.
      target.next++;
      if (!this.host.send(target, batch.bytes)) {
        target.next--;
        return false;
      }
      if (this.target !== target) return false;
    }
    return true;
  }

  private number(): void {
    const { limits, node } = this.host;
    let count = 0;
    let size = 0;
    while (count < this.pending.length && count < limits.subBatchCommands) {
      size += this.pending[count]!.command.length;
      if (size > limits.subBatchBytes && count > 0) break;
      count++;
    }
    const taken = this.pending.splice(0, count);
    for (const { command } of taken) this.pendingBytes -= command.length;
    const number = this.nextNumber++;
    const commands = taken.map((one) => one.command);
    const bytes = encodeSubBatch(node, this.boot, number, commands);
    for (const one of taken) one.command = NOTHING;
    this.numbered.push({ number, bytes, waiters: taken, ended: 0 });
    this.numberedCommands += count;
  }

  private end(batch: SubBatch, outcome: Outcome): void {
    const { waiters, ended } = batch;
    batch.ended = waiters.length;
    for (let i = ended; i < waiters.length; i++) waiters[i]!.done(outcome);
  }
}
