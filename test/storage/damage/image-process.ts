import { cp, rm, stat } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderSource } from '../../../lib/storage/index.js';
import { comeBack } from './comeback.js';
import { Wrong, judge } from './judge.js';
import { everyDamage } from './kinds.js';
import type { Prepared } from './prepared.js';

/** What is asked about a damaged copy: is what it says true, or does it become a voter of its group again. */
export type Question = 'image' | 'comeback';

export interface Task {
  /** Number of the damage. */
  readonly at: number;
  readonly question: Question;
}

/** What the process of the pool says about one damaged copy. */
export type Verdict =
  { readonly outcome: string; readonly wrong: null } | { readonly outcome: null; readonly wrong: string };

const truth = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Prepared;
const all = await everyDamage(truth);

/** A copy that is there already is one in which an earlier process was aborted: it is started again as it is. */
async function tryOut({ at, question }: Task): Promise<string> {
  const damage = all[at]!;
  const copy = join(truth.root, `${question}-${at}`);
  const isLeft = await stat(copy).then(
    () => true,
    () => false,
  );
  if (!isLeft) {
    await cp(truth.folder, copy, { recursive: true });
    await damage.apply(copy);
  }
  const outcome =
    question === 'image'
      ? await judge(new FolderSource(copy), truth, damage.mayBeOld === true, damage.mayBeRefused === true)
      : await comeBack(copy, truth.group);
  await rm(copy, { recursive: true });
  return outcome;
}

async function verdictOf(task: Task): Promise<Verdict> {
  try {
    return { outcome: await tryOut(task), wrong: null };
  } catch (error) {
    return { outcome: null, wrong: error instanceof Wrong ? error.message : (error as Error).stack! };
  }
}

process.on('message', (task: Task) => {
  void verdictOf(task).then((verdict) => process.send!(verdict));
});
