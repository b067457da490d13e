import type { Outcome } from '../../replica/index.js';
import type { CommandResult, Machine, OpOutcome } from '../../state/index.js';
import {
  beginReply,
  CREATE_FLAGS,
  OP,
  writeBareReply,
  ZK_ERROR,
  type JuteWriter,
  type MultiResult,
  type MultiWrite,
  type WriteRequest,
  type ZkError,
} from '../../wire/zookeeper/index.js';
import { errorNumber } from './error-numbers.js';
import type { ReadAnswer } from './reads.js';
import { wireStat, writeNodeStat } from './stat.js';

export type Applied = Extract<Outcome, { readonly kind: 'applied' }>;

/** The answer to one write. Creates that want it, and those of newer kinds, are told the Stat too. */
export function replyToWrite(w: JuteWriter, xid: number, op: WriteRequest['op'], { result }: Applied): void {
  if (!result.ok) return writeBareReply(w, xid, result.revision, errorNumber(result.code));
  const reply = beginReply(w, xid, result.revision, ZK_ERROR.ok);
  const { value } = result;
  if (value.kind === 'created') {
    w.text(value.path);
    if (op !== OP.create) writeNodeStat(w, value.stat);
  } else if (value.kind === 'node') writeNodeStat(w, value.stat);
  w.end(reply);
}

/** A multi is answered with the result of each operation, whether it was done or taken back. */
export function multiResults(requests: readonly MultiWrite[], outcomes: readonly OpOutcome[]): MultiResult[] {
  const failedAt = outcomes.findIndex(({ ok }) => !ok);
  if (failedAt < 0) return requests.map((request, i) => done(request, outcomes[i]!));
  return requests.map((_, i) => {
    if (i < failedAt) return { kind: 'error', err: ZK_ERROR.ok };
    if (i > failedAt) return { kind: 'error', err: ZK_ERROR.runtimeInconsistency };
    const outcome = outcomes[i]!;
    return { kind: 'error', err: outcome.ok ? ZK_ERROR.ok : errorNumber(outcome.code) };
  });
}

function done(request: MultiWrite, outcome: OpOutcome): MultiResult {
  const value = outcome.ok ? outcome.value : { kind: 'nothing' as const };
  switch (value.kind) {
    case 'created':
      if (!tellsStat(request)) return { kind: 'created', path: value.path };
      return { kind: 'created2', path: value.path, stat: wireStat(value.stat) };
    case 'node':
      return { kind: 'set', stat: wireStat(value.stat) };
    case 'nothing':
      return request.op === OP.check ? { kind: 'checked' } : { kind: 'deleted' };
  }
}

/** ZooKeeper judges a create in a multi by its flags, whatever the request is called (MultiOperationRecord). */
function tellsStat(request: MultiWrite): boolean {
  return 'flags' in request && request.flags >= CREATE_FLAGS.container;
}

export function replyToRead(w: JuteWriter, xid: number, machine: Machine, answer: ReadAnswer): void {
  if (typeof answer === 'number') return writeBareReply(w, xid, machine.revision, answer);
  const reply = beginReply(w, xid, machine.revision, ZK_ERROR.ok);
  answer(w);
  w.end(reply);
}

export function errorOf(result: CommandResult): ZkError {
  return result.ok ? ZK_ERROR.ok : errorNumber(result.code);
}
