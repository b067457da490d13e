import { PARTS, type Reduction } from './reduction.js';
import { runNodeSeed, type NodeReport } from './run.js';

/** What a failing run was brought down to. */
export interface Shrunk {
  readonly reduction: Reduction;
  readonly report: NodeReport;
  readonly runs: number;
}

/** Leaves out kinds of faults, then time, then clients, as long as the same rule is broken. */
export async function shrink(seed: number, rule: string): Promise<Shrunk | null> {
  let best: Shrunk | null = null;
  let runs = 0;
  const attempt = async (reduction: Reduction): Promise<boolean> => {
    runs++;
    const report = await runNodeSeed({ seed, reduction });
    if (report.violation?.rule !== rule) return false;
    best = { reduction, report, runs };
    return true;
  };
  let reduction: Reduction = { without: [] };
  const keep = async (next: Reduction): Promise<void> => {
    if (await attempt(next)) reduction = next;
  };
  for (const part of PARTS) await keep({ ...reduction, without: [...reduction.without, part] });
  for (const faultSeconds of [10, 5, 2]) await keep({ ...reduction, faultSeconds });
  await keep({ ...reduction, clients: 1 });
  return best;
}
