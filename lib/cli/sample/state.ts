import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TepuiError } from '../../base/index.js';

/** What the sample must not forget: who it is, and which of its long tasks it has launched. */
export interface SampleState {
  readonly frameworkId: string | null;
  /** Generation of each long task; its task id is `long-<number>.<generation>`. */
  readonly generations: readonly number[];
}

export function loadState(file: string | null, longTasks: number): SampleState {
  const fresh = { frameworkId: null, generations: Array.from({ length: longTasks }, () => 0) };
  if (file === null) return fresh;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return fresh;
    throw new TepuiError('USAGE', `--state: ${(error as Error).message}`, { cause: error });
  }
  const state = parse(text);
  if (state === null || state.generations.length !== longTasks) {
    throw new TepuiError(
      'USAGE',
      `--state: ${file} is not a state file of the sample; remove it to begin anew`,
    );
  }
  return state;
}

function parse(text: string): SampleState | null {
  try {
    const { frameworkId, generations } = JSON.parse(text) as SampleState;
    const sound =
      typeof frameworkId === 'string' && generations.every((value) => Number.isSafeInteger(value));
    return sound ? { frameworkId, generations } : null;
  } catch {
    return null;
  }
}

/** Whole or not at all: a reader finds the former state or this one. */
export function saveState(file: string | null, state: SampleState): void {
  if (file === null) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const next = `${file}.next`;
  writeFileSync(next, `${JSON.stringify(state)}\n`);
  renameSync(next, file);
}
