import { fork, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Question, Task, Verdict } from './image-process.js';
import type { Damage } from './kinds.js';
import type { Prepared } from './prepared.js';

/** Starts after which a member must have got over what aborts its process. */
const STARTS = 8;

/** Outcomes per kind, and what went wrong. */
export interface Findings {
  readonly counts: Map<string, Map<string, number>>;
  readonly wrong: string[];
}

/**
 * Judges damaged copies in processes of their own: LevelDB aborts the process on some damage, by an assertion. The copy
 * is then started again, as a supervisor would.
 */
export async function tryAll(
  truth: Prepared,
  all: readonly Damage[],
  chosen: readonly Damage[],
  processes: number,
  question: Question,
): Promise<Findings> {
  const { root, folder, copies, original, group } = truth;
  const file = join(root, 'truth.json');
  writeFileSync(file, JSON.stringify({ root, folder, copies, original, group }));
  const findings: Findings = { counts: new Map(), wrong: [] };
  const numbers = new Map(all.map((damage, at) => [damage, at]));
  let next = 0;
  const work = async (): Promise<void> => {
    const worker = new Worker(file);
    for (let damage = chosen[next++]; damage !== undefined; damage = chosen[next++]) {
      note(findings, damage, await worker.judge({ at: numbers.get(damage)!, question }));
    }
    worker.end();
  };
  await Promise.all(Array.from({ length: processes }, work));
  return findings;
}

function note({ counts, wrong }: Findings, damage: Damage, verdict: Verdict): void {
  if (verdict.wrong !== null) wrong.push(`${damage.kind}, ${damage.where}: ${verdict.wrong}`);
  else {
    const outcomes = counts.get(damage.kind) ?? new Map<string, number>();
    outcomes.set(verdict.outcome, (outcomes.get(verdict.outcome) ?? 0) + 1);
    counts.set(damage.kind, outcomes);
  }
}

class Worker {
  private readonly file: string;
  private child: ChildProcess | null = null;

  constructor(file: string) {
    this.file = file;
  }

  async judge(task: Task): Promise<Verdict> {
    for (let starts = 1; starts <= STARTS; starts++) {
      const verdict = await this.attempt(task);
      if (verdict === null) continue;
      if (verdict.wrong !== null || starts === 1) return verdict;
      return { outcome: `${verdict.outcome} (LevelDB aborts ${starts - 1} starts)`, wrong: null };
    }
    return { outcome: null, wrong: `LevelDB aborts each of ${STARTS} starts` };
  }

  end(): void {
    this.child?.kill();
  }

  /** Null when the process was aborted. */
  private attempt(task: Task): Promise<Verdict | null> {
    const program = fileURLToPath(new URL('image-process.js', import.meta.url));
    const child = (this.child ??= fork(program, [this.file], { stdio: 'ignore' }));
    return new Promise((resolve) => {
      const ended = (): void => {
        this.child = null;
        resolve(null);
      };
      child.once('exit', ended);
      child.once('message', (verdict: Verdict) => {
        child.off('exit', ended);
        resolve(verdict);
      });
      child.send(task);
    });
  }
}
