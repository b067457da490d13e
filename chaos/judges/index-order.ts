import type { Operation } from '../history/operations.js';
import type { Register } from './register.js';

type Answered = Operation & { readonly outcome: { readonly kind: 'ok' } };

function isAnswered(operation: Operation): operation is Answered {
  return operation.outcome.kind === 'ok';
}

/**
 * Replays one key that nobody deletes in the order of the indexes that the answers carry: the cross-check of the black-box search,
 * which would catch an index that lies. Returns what does not fit; empty when all does.
 */
export function replayByIndex(operations: readonly Operation[], initial: Register): string[] {
  const problems: string[] = [];
  const answered = operations.filter(isAnswered);
  const unanswered = operations.filter(({ outcome }) => outcome.kind === 'unknown');
  const writes = answered.filter(({ action }) => action.f !== 'read').sort(byIndex);
  const valueAt = new Map<number, string>([[initial.version, initial.value]]);
  let version = initial.version;
  let index = -1;
  for (const { id, action, outcome } of writes) {
    if (!('value' in action)) continue;
    if (outcome.index === index) problems.push(`write ${id} has the index ${index} of another write`);
    if (outcome.version <= version) {
      problems.push(
        `write ${id} at index ${outcome.index} made version ${outcome.version}, not above ${version}`,
      );
    }
    const skipped = outcome.version - version - 1;
    if (skipped > unanswered.length) {
      problems.push(`${skipped} versions before write ${id}, but only ${unanswered.length} unknown writes`);
    }
    if (action.f === 'cas' && outcome.version !== action.expected + 1) {
      problems.push(`cas ${id} expected version ${action.expected} and made ${outcome.version}`);
    }
    ({ version, index } = outcome);
    valueAt.set(version, action.value);
  }
  const possible = new Set(unanswered.flatMap(({ action }) => ('value' in action ? [action.value] : [])));
  for (const read of answered.filter(({ action }) => action.f === 'read')) {
    problems.push(...misread(read, writes, valueAt, possible));
  }
  return problems;
}

/** What is wrong with a read, given the writes in order and the values that unknown writes may have left. */
function misread(
  { id, outcome }: Answered,
  writes: readonly Answered[],
  valueAt: Map<number, string>,
  possible: ReadonlySet<string>,
): string[] {
  const { index, value, version } = outcome;
  const known = valueAt.get(version);
  if (known === undefined) {
    if (!possible.has(value)) return [`read ${id} found ${value} at version ${version}: nobody wrote that`];
    valueAt.set(version, value);
  } else if (known !== value) {
    return [`read ${id} found ${value} at version ${version}, which is ${known}`];
  }
  const before = lastUpTo(writes, index);
  if (before !== null && before.outcome.version > version) {
    const { version: newer, index: at } = before.outcome;
    return [`read ${id} at index ${index} found version ${version}: version ${newer} is of index ${at}`];
  }
  return [];
}

function lastUpTo(writes: readonly Answered[], index: number): Answered | null {
  let low = 0;
  let high = writes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (writes[middle]!.outcome.index <= index) low = middle + 1;
    else high = middle;
  }
  return writes[low - 1] ?? null;
}

/**
 * Over all keys at once: what began after something else was answered has no lower index, and a write a higher
 * one. Returns what does not fit.
 */
export function checkRealTime(operations: readonly Operation[]): string[] {
  const answered = operations.filter(isAnswered);
  const byInvoke = [...answered].sort((a, b) => a.invokeNs - b.invokeNs);
  const byReturn = [...answered].sort((a, b) => a.returnNs - b.returnNs);
  const problems: string[] = [];
  let latest: Answered | null = null;
  let returned = 0;
  for (const operation of byInvoke) {
    for (; byReturn[returned]!.returnNs < operation.invokeNs; returned++) {
      const one = byReturn[returned]!;
      if (latest === null || one.outcome.index > latest.outcome.index) latest = one;
    }
    if (latest === null) continue;
    const floor = latest.outcome.index;
    const { index } = operation.outcome;
    const fits = operation.action.f === 'read' ? index >= floor : index > floor;
    if (!fits) {
      problems.push(
        `${operation.action.f} ${operation.id} of ${operation.key} has index ${index}, but began after ` +
          `${latest.action.f} ${latest.id} of ${latest.key} was answered with index ${floor}`,
      );
    }
  }
  return problems;
}

function byIndex(a: Answered, b: Answered): number {
  return a.outcome.index - b.outcome.index;
}
