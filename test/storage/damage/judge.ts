import { TepuiError } from '../../../lib/base/index.js';
import { loadMachine } from '../../../lib/replica/load.js';
import { DEFAULT_LIMITS } from '../../../lib/state/index.js';
import {
  comparePoints,
  type DataFolder,
  type DiskSource,
  type LogPoint,
} from '../../../lib/storage/index.js';
import { appendTerm, logOf, open } from '../helpers.js';
import { VICTIM, asidesOf, textOf, type Original, type Prepared } from './prepared.js';

/**
 * How one damaged folder came up.
 * - `intact`: everything that was there is there.
 * - `caught by peers`: sound but shorter, and the others know more.
 * - `recovering`: it said what it found; what is left of the log is true.
 * - `recovering at the next start`: found when the state was loaded or something written, which ends the process.
 * - `state made anew from the log`: the same, and the log reaches down to the first entry.
 * - `empty`: nothing is left but a name; the folder belongs to no group.
 * - `renewed`: the votes are lost, a new instance waits to be let in.
 * - `refused`: identity.json cannot be read or is another's; nothing was changed.
 */
export type Outcome =
  | 'intact'
  | 'intact but for hints'
  | 'caught by peers'
  | 'recovering'
  | 'recovering at the next start'
  | 'state made anew from the log'
  | 'renewed'
  | 'empty'
  | `refused: ${string}`;

export class Wrong extends Error {}

function must(condition: boolean, what: () => string): void {
  if (!condition) throw new Wrong(what());
}

/**
 * Opens a damaged folder and holds what it says against the truth. Throws `Wrong` for a lie. `mayBeOld`: the witness was
 * put back as well, so that only the others can know.
 */
export async function judge(
  source: DiskSource,
  truth: Prepared,
  mayBeOld: boolean,
  mayBeRefused: boolean = false,
): Promise<Outcome> {
  let folder: DataFolder;
  try {
    folder = await open(source, { memberId: VICTIM });
  } catch (error) {
    if (!(error instanceof TepuiError)) throw error;
    must(mayBeRefused && error.code === 'DAMAGED', () => `start fails: ${error.message}`);
    return `refused: ${error.code}`;
  }
  try {
    if (folder.log === null) return judgeEmpty(folder, truth.original, mayBeOld);
    const first = judgeLog(folder, truth, mayBeOld);
    if (await stateLoads(folder)) {
      if (await again(folder)) return first;
    } else await folder.discardState();
  } finally {
    await folder.close();
  }
  return reopened(source, truth, mayBeOld);
}

function judgeEmpty(folder: DataFolder, { instance }: Original, mayBeOld: boolean): Outcome {
  if (folder.renewed === null) {
    // A copy from before the group was formed.
    if (mayBeOld && folder.identity.instance === instance) return 'caught by peers';
    must(folder.identity.instance !== instance, () => 'a formed folder came up as a new one, with its name');
    return 'empty';
  }
  must(folder.identity.instance !== instance, () => 'renewed under the same instance');
  must(folder.identity.formerCluster !== null, () => 'renewed, and does not know its cluster');
  return 'renewed';
}

function judgeLog(folder: DataFolder, truth: Prepared, mayBeOld: boolean): Outcome {
  const { original } = truth;
  const log = logOf(folder);
  must(folder.identity.instance === original.instance, () => `instance ${folder.identity.instance}`);
  const last: LogPoint = { term: log.termAt(log.lastIndex())!, index: log.lastIndex() };
  sameBeginning(folder, original);
  const { health } = log;
  if (health.kind === 'log-damaged') {
    must(comparePoints(health.promised, last) >= 0, () => `promised ${JSON.stringify(health.promised)}`);
    must(health.detail.length > 0, () => 'damage without a word');
    if (!mayBeOld) sameVote(folder, original);
    return 'recovering';
  }
  if (comparePoints(last, original.last) < 0) {
    // Every entry had been acknowledged to a leader that lives.
    must(mayBeOld, () => `intact at ${last.index}, it was ${original.last.index} and the witness knows`);
    return 'caught by peers';
  }
  sameVote(folder, original);
  must(
    JSON.stringify(log.configuration) === JSON.stringify(original.configuration),
    () => `another configuration, and calls itself intact: ${JSON.stringify(log.configuration)}`,
  );
  return asidesOf(log, original.peers) === original.asides ? 'intact' : 'intact but for hints';
}

/** Every entry and every chain hash is the one that was written. */
function sameBeginning(folder: DataFolder, original: Original): void {
  const log = logOf(folder);
  const last = log.lastIndex();
  must(last <= original.last.index, () => `the log grew to ${last}`);
  for (let index = log.base().index; index <= last; index++) {
    const chain = Buffer.from(log.chainAt(index)!).toString('hex');
    const known = original.chains[index];
    if (index === 0 || known === undefined) continue;
    must(chain === known, () => `entry ${index} differs`);
  }
  const entries = last < log.firstIndex() ? [] : log.read(log.firstIndex(), last + 1, Infinity);
  for (const entry of entries) {
    const known = original.entries[entry.index] ?? textOf(entry);
    must(textOf(entry) === known, () => `entry ${textOf(entry)} was ${known}`);
  }
  const meta = folder.state.meta;
  if (meta !== null) {
    must(meta.index >= log.base().index, () => `state at ${meta.index} below base ${log.base().index}`);
    must(meta.index <= last, () => `state at ${meta.index} above the log's end ${last}`);
  } else must(log.base().index === 0, () => `no state below base ${log.base().index}`);
}

function sameVote(folder: DataFolder, { hard }: Original): void {
  const now = logOf(folder).hardState;
  must(now.term === hard.term && now.vote === hard.vote, () => `term and vote are ${JSON.stringify(now)}`);
}

/** False: the state is not what was written, and was found out. */
export async function stateLoads(folder: DataFolder): Promise<boolean> {
  try {
    await loadMachine(
      folder.state,
      DEFAULT_LIMITS,
      1 << 20,
      () => Promise.resolve(),
      () => true,
    );
    return true;
  } catch (error) {
    if (error instanceof TepuiError && error.code === 'DAMAGED') return false;
    throw error;
  }
}

/** It can be written to. False: a write met damage that reading did not, and the process would end. */
async function again(folder: DataFolder): Promise<boolean> {
  const log = logOf(folder);
  try {
    await appendTerm(log, log.hardState.term + 1, 1);
    return true;
  } catch (error) {
    if (error instanceof TepuiError && error.fields['damaged'] === true) return false;
    throw error;
  }
}

async function reopened(source: DiskSource, truth: Prepared, mayBeOld: boolean): Promise<Outcome> {
  const folder = await open(source, { memberId: VICTIM });
  try {
    const log = logOf(folder);
    const { health } = log;
    const isWhole = health.kind === 'intact' && log.base().index === 0;
    must(isWhole || health.kind === 'log-damaged', () => 'intact after its state was discarded');
    judgeLog(folder, truth, mayBeOld);
    must(await stateLoads(folder), () => 'what is left of the state does not load');
    return isWhole ? 'state made anew from the log' : 'recovering at the next start';
  } finally {
    await folder.close();
  }
}
