import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderSource } from '../../../lib/storage/index.js';
import { judge, type Outcome } from './judge.js';
import type { Damage } from './kinds.js';
import type { Prepared } from './prepared.js';

export interface Failure {
  readonly damage: Damage;
  readonly error: unknown;
}

/** Outcomes per kind, and what went wrong. */
export interface Findings {
  readonly counts: Map<string, Map<Outcome, number>>;
  readonly failures: Failure[];
}

export function nothingYet(): Findings {
  return { counts: new Map(), failures: [] };
}

let images = 0;

/** Damages a copy of the prepared folder and judges how it comes up. */
export async function tryOut(truth: Prepared, damage: Damage, findings: Findings): Promise<void> {
  const copy = join(truth.root, `image-${images++}`);
  await cp(truth.folder, copy, { recursive: true });
  try {
    await damage.apply(copy);
    const outcome = await judge(new FolderSource(copy), truth, damage.mayBeOld === true);
    const kind = findings.counts.get(damage.kind) ?? new Map<Outcome, number>();
    kind.set(outcome, (kind.get(outcome) ?? 0) + 1);
    findings.counts.set(damage.kind, kind);
  } catch (error) {
    findings.failures.push({ damage, error });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
