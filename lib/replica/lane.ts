import { assert, type ErrorCode, type NodeId } from '../base/index.js';
import { encodeSubBatch, type CommandResult, type Machine } from '../state/index.js';
import type { LaneReply } from './intake.js';
import type { ReplicaLimits } from './limits.js';
import type { Outcome } from './types.js';

type Done = (outcome: Outcome) => void;

interface Waiting {
  readonly command: Uint8Array;
  readonly done: Done;
  readonly deadlineMs: number;
}

/** Commands that left (or may have left) for a leader under one number. */
interface SubBatch {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Emptied when the waiters were told; the sub-batch itself stays until it is applied or refused. */
  waiters: Done[];
  readonly deadlineMs: number;
  readonly commands: number;
}

/** Where sub-batches go. */
type Target =
  | { readonly kind: 'none' }
  /** Invited by the leader of `term`; `next` is the number to send next. */
  | { readonly kind: 'open'; readonly term: number; next: number };

export interface LaneHost {
  readonly node: NodeId;
  readonly boot: number;
  readonly limits: ReplicaLimits;
  readonly nowMs: () => number;
  /** Hands a sub-batch to the leader; false when it could not be sent now. */
  readonly send: (bytes: Uint8Array) => boolean;
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

  constructor(host: LaneHost) {
    this.host = host;
  }

  /** Commands that have not ended yet. */
  get depth(): number {
    return this.pending.length + this.numberedCommands;
  }

  /** Something is to be sent and no leader has said from where on. */
  get waitsForInvitation(): boolean {
    return this.target.kind === 'none' && this.depth > 0;
  }

  /** Queues a command; null when the lane is full and nothing was queued. */
  add(command: Uint8Array, done: Done): boolean {
    const { limits } = this.host;
    if (this.depth >= limits.laneCommands || this.pendingBytes + command.length > limits.laneBytes)
      return false;
    this.pending.push({ command, done, deadlineMs: this.host.nowMs() + limits.proposalDeadlineMs });
    this.pendingBytes += command.length;
    return true;
  }

  /** The leader of our term invited us: resend everything it lacks, in order. */
  invited(reply: Extract<LaneReply, { kind: 'open' }>): void {
    const next = reply.boot === this.host.boot ? reply.next : 1;
    assert(
      next <= this.nextNumber,
      () =>
        `the leader of term ${reply.term} expects sub-batch ${next}; only ${this.nextNumber - 1} were made`,
    );
    this.target = { kind: 'open', term: reply.term, next };
  }

  /** The leader is gone or unknown: hold everything until another one invites us. */
  hold(): void {
    this.target = { kind: 'none' };
  }

  /** The stream to the leader is new: what was on its way may be lost. */
  resend(): void {
    if (this.target.kind === 'open') this.target.next = this.numbered[0]?.number ?? this.nextNumber;
  }

  refused(reply: Extract<LaneReply, { kind: 'refused' }>): void {
    const keep = this.numbered.findIndex((batch) => batch.number >= reply.from);
    if (keep < 0) return;
    const dropped = this.numbered.splice(keep);
    this.nextNumber = dropped[0]!.number;
    if (this.target.kind === 'open') this.target.next = Math.min(this.target.next, this.nextNumber);
    for (const batch of dropped) {
      this.numberedCommands -= batch.commands;
      this.end(batch, {
        kind: 'refused',
        code: reply.code,
        message: 'the leader did not append the proposal',
      });
    }
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

  /** A sub-batch of this lane was applied here. */
  applied(number: number, results: readonly CommandResult[], term: number): void {
    const batch = this.numbered[0];
    if (batch === undefined || number < batch.number) return;
    assert(
      number === batch.number,
      () => `lane applied ${number} before ${batch.number}: a sub-batch was skipped`,
    );
    this.numbered.shift();
    this.numberedCommands -= batch.commands;
    const { waiters } = batch;
    for (let i = 0; i < waiters.length; i++) waiters[i]!({ kind: 'applied', result: results[i]!, term });
  }

  /** The machine was replaced by one that already holds some of our sub-batches: their results are gone. */
  reset(machine: Machine): void {
    const lane = machine.lane(this.host.node);
    if (lane === null || lane.boot !== this.host.boot) return;
    while (this.numbered.length > 0 && this.numbered[0]!.number <= lane.number) {
      const batch = this.numbered.shift()!;
      this.numberedCommands -= batch.commands;
      this.end(batch, { kind: 'unknown', message: 'this member received the state past the proposal' });
    }
  }

  /** Ends what has waited past its deadline. */
  expire(): void {
    const now = this.host.nowMs();
    for (const batch of this.numbered) {
      if (batch.deadlineMs > now) break;
      this.end(batch, {
        kind: 'unknown',
        message: `no answer within ${this.host.limits.proposalDeadlineMs} ms: ${this.host.trouble()}`,
      });
    }
    const late = this.pending.findIndex((waiting) => waiting.deadlineMs > now);
    const expired = this.pending.splice(0, late < 0 ? this.pending.length : late);
    const code: ErrorCode = this.target.kind === 'none' ? 'NO_LEADER' : 'OVERLOADED';
    for (const { command, done } of expired) {
      this.pendingBytes -= command.length;
      done({ kind: 'refused', code, message: this.host.trouble() });
    }
  }

  /** The member stops: nothing more will be learnt here. */
  close(): void {
    for (const batch of this.numbered)
      this.end(batch, { kind: 'unknown', message: 'this member is stopping' });
    for (const { done } of this.pending) {
      done({ kind: 'refused', code: 'SHUTTING_DOWN', message: 'this member is stopping' });
    }
    this.pending = [];
    this.numbered = [];
  }

  private sendFrom(target: Extract<Target, { kind: 'open' }>): boolean {
    const first = this.numbered[0]?.number ?? this.nextNumber;
    if (target.next < first) target.next = first;
    while (target.next < this.nextNumber) {
      const batch = this.numbered[target.next - first]!;
      // Advanced before sending: when this member leads, the leader's answer arrives within the call.
      target.next++;
      if (!this.host.send(batch.bytes)) {
        target.next--;
        return false;
      }
      if (this.target !== target) return false;
    }
    return true;
  }

  private number(): void {
    const { limits, node, boot } = this.host;
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
    this.numbered.push({
      number,
      bytes: encodeSubBatch(
        node,
        boot,
        number,
        taken.map((one) => one.command),
      ),
      waiters: taken.map((one) => one.done),
      deadlineMs: taken[0]!.deadlineMs,
      commands: count,
    });
    this.numberedCommands += count;
  }

  private end(batch: SubBatch, outcome: Outcome): void {
    const { waiters } = batch;
    batch.waiters = [];
    for (const done of waiters) done(outcome);
  }
}
