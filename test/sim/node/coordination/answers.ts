import {
  NO_SESSION,
  OP,
  readMultiResults,
  readStat,
  readTexts,
  ZK_ERROR,
  type JuteReader,
  type MultiResult,
  type ReplyHeader,
  type WatchableRead,
  type WireStat,
} from '../../../../lib/wire/zookeeper/index.js';
import type { NodeStat } from '../../../../lib/state/index.js';
import { check } from '../../violation.js';
import type { Pending } from './connection.js';
import type { Effect } from './conversation.js';
import { statOf, textOf, type Expected, type TreeModel, type TreeNode } from './tree.js';

const NUMBERS: Readonly<Record<string, number>> = {
  NO_NODE: ZK_ERROR.noNode,
  NODE_EXISTS: ZK_ERROR.nodeExists,
  BAD_VERSION: ZK_ERROR.badVersion,
  NOT_EMPTY: ZK_ERROR.notEmpty,
  NO_CHILDREN_FOR_EPHEMERALS: ZK_ERROR.noChildrenForEphemerals,
  GROWTH_REFUSED: ZK_ERROR.systemError,
};

type WritePending = Extract<Pending, { readonly kind: 'write' }>;

/** What a client is told of its write is what became of it (S25, S30). */
export function checkWritten(
  who: string,
  { sent, ask }: WritePending,
  header: ReplyHeader,
  r: JuteReader,
): void {
  const { effect, print } = sent;
  check(effect !== null, 'S30', () => `${who} is answered "${print}", which nobody has run`);
  const { revision, outcomes, code } = effect!;
  check(
    header.zxid === revision,
    'S30',
    () => `${who} is told that "${print}" is at ${header.zxid}, it is at ${revision}`,
  );
  const expected = code === null ? 0 : (NUMBERS[code] ?? NaN);
  check(header.err === expected, 'S25', () => `${who} is told ${header.err} of "${print}", it was ${code}`);
  if (header.err !== 0) return;
  if (ask.multi) return checkMulti(who, print, effect!, readMultiResults(r));
  const [outcome] = outcomes!;
  if (outcome?.ok !== true) return;
  if (outcome.path !== null) {
    const path = r.requiredText('a path');
    check(
      path === outcome.path,
      'S25',
      () => `${who} is told that "${print}" made ${path}, it made ${outcome.path}`,
    );
  }
  if (outcome.stat !== null) sameStat(`${who}: "${print}"`, readStat(r), outcome.stat);
}

function checkMulti(who: string, print: string, { outcomes }: Effect, results: readonly MultiResult[]): void {
  const failed = outcomes!.findIndex(({ ok }) => !ok);
  results.forEach((result, i) => {
    const error = result.kind === 'error' ? result.err : null;
    const expected = failed < 0 ? null : errorAt(outcomes!, failed, i);
    check(
      error === expected,
      'S25',
      () => `${who}: part ${i} of "${print}" ends ${error}, expected ${expected}`,
    );
    const outcome = outcomes![i];
    if (failed >= 0 || outcome?.ok !== true || outcome.stat === null) return;
    if ('stat' in result) sameStat(`${who}: part ${i} of "${print}"`, result.stat, outcome.stat);
  });
}

function errorAt(outcomes: readonly Expected[], failed: number, i: number): number {
  if (i < failed) return 0;
  if (i > failed) return ZK_ERROR.runtimeInconsistency;
  const outcome = outcomes[i]!;
  return outcome.ok ? 0 : (NUMBERS[outcome.code] ?? NaN);
}

/** A read shows the tree as it was at the revision with which it is answered (S25). Returns what is there. */
export function checkRead(
  who: string,
  tree: TreeModel,
  request: WatchableRead,
  { zxid, err }: ReplyHeader,
  r: JuteReader,
): TreeNode | null {
  const { path, op } = request;
  const node = tree.at(path, zxid);
  const name = `${who}: ${path} at ${zxid}`;
  const expected = node === null ? ZK_ERROR.noNode : 0;
  check(err === expected, 'S25', () => `${name} is answered ${err}, expected ${expected}`);
  if (node === null) return null;
  if (op === OP.getData) {
    const data = textOf(r.buffer());
    check(data === node.data, 'S25', () => `${name} holds "${data}", expected "${node.data}"`);
  } else if (op === OP.getChildren2) {
    const names = readTexts(r).join(' ');
    check(
      names === node.children.join(' '),
      'S25',
      () => `${name} has ${names}, expected ${node.children.join(' ')}`,
    );
  }
  sameStat(name, readStat(r), statOf(node));
  return node;
}

function sameStat(name: string, actual: WireStat, expected: NodeStat): void {
  const { ephemeralOwner, ...rest } = expected;
  const wire: WireStat = { ...rest, ephemeralOwner: ephemeralOwner ?? NO_SESSION };
  const names = Object.keys(wire) as (keyof WireStat)[];
  check(
    names.every((field) => actual[field] === wire[field]),
    'S25',
    () => `${name}: ${JSON.stringify(actual)}, expected ${JSON.stringify(wire)}`,
  );
}
