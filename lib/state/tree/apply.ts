import { must } from '../../base/index.js';
import { textFault } from '../checks.js';
import type { CommandResult } from '../results.js';
import { done, refuse, refuseWith, type Refusal, type Turn } from '../turn.js';
import { OPEN_ACL } from './acl.js';
import { applyCheck, applyDelete, applySet, applySetAcl } from './change.js';
import { applyCreate } from './create.js';
import type { OpOutcome, OpTurn, Tree } from './op-turn.js';
import { pathFault } from './paths.js';
import type { TreeCommand, TreeOp } from './types.js';

/** Runs one op. What it refuses changed nothing. */
export function applyOp(tree: Tree, at: OpTurn, op: TreeOp): OpOutcome {
  switch (op.op) {
    case 'create':
      return applyCreate(tree, at, op);
    case 'set':
      return applySet(tree, at, op);
    case 'delete':
      return applyDelete(tree, at, op);
    case 'set-acl':
      return applySetAcl(tree, at, op);
    case 'check':
      return applyCheck(tree, at, op);
  }
}

/**
 * Runs ops in order, all or none. One that is refused takes back those before it, events included, and those after
 * it are not tried. Returns the outcome of each op that was.
 */
export function applyAll(tree: Tree, at: Omit<OpTurn, 'undo'>, ops: readonly TreeOp[]): OpOutcome[] {
  const undo: (() => void)[] = [];
  const { events } = at.turn;
  const eventsBefore = events.length;
  const outcomes: OpOutcome[] = [];
  for (const op of ops) {
    const outcome = applyOp(tree, { ...at, undo }, op);
    outcomes.push(outcome);
    if (outcome.ok) continue;
    while (undo.length > 0) must(undo.pop(), 'something to take back')();
    events.length = eventsBefore;
    break;
  }
  return outcomes;
}

/** A command of clients that have no session which nodes could belong to, and are nobody that an ACL could name. */
export function applyTreeCommand(tree: Tree, turn: Turn, command: TreeCommand): CommandResult {
  const fault = inputFault(turn, command);
  if (fault !== null) return refuseWith(turn, fault);
  const outcome = applyOp(tree, { turn, session: null, identities: [], undo: null }, opOf(command));
  if (!outcome.ok) {
    const code = outcome.code === 'BAD_ARGUMENTS' ? 'BAD_PATH' : outcome.code;
    return refuse(turn, code, outcome.message);
  }
  const { value } = outcome;
  return value.kind === 'nothing' ? done(turn) : done(turn, { kind: 'node', stat: value.stat });
}

function opOf(command: TreeCommand): TreeOp {
  const { path } = command;
  switch (command.kind) {
    case 'tree-create':
      return { op: 'create', path, data: command.data, acl: OPEN_ACL, mode: 'persistent', ttlMs: 0 };
    case 'tree-set':
      return { op: 'set', path, data: command.data, version: command.expectedVersion };
    case 'tree-delete':
      return { op: 'delete', path, version: command.expectedVersion };
  }
}

function inputFault(turn: Turn, command: TreeCommand): Refusal | null {
  const { pathBytes, nodeDataBytes } = turn.limits;
  const long = textFault('a path', command.path, pathBytes);
  if (long !== null) return long;
  const fault = pathFault(command.path);
  if (fault !== null) return { code: 'BAD_PATH', message: fault };
  const dataBytes = command.kind === 'tree-delete' ? 0 : command.data.length;
  if (dataBytes <= nodeDataBytes) return null;
  return { code: 'TOO_LARGE', message: `${dataBytes} bytes of data; the limit is ${nodeDataBytes}` };
}
