import { Command } from 'commander';
import { performance } from 'node:perf_hooks';
import { SeededRandom } from '../../../lib/base/index.js';
import { Wrong } from './judge.js';
import { everyDamage, type Damage } from './kinds.js';
import { nothingYet, tryOut, type Findings } from './measure.js';
import { prepare } from './prepared.js';
import { sample } from './sample.js';

interface Flags {
  readonly seed: string;
  readonly perKind: string;
  readonly only?: string;
}

/** Copies of the folder that are tried at once: opening waits for the disk most of the time. */
const AT_ONCE = 4;
const SHOWN = 40;

async function tryAll(
  damages: readonly Damage[],
  truth: Awaited<ReturnType<typeof prepare>>,
): Promise<Findings> {
  const findings = nothingYet();
  let next = 0;
  const one = async (): Promise<void> => {
    for (let at = next++; at < damages.length; at = next++) await tryOut(truth, damages[at]!, findings);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return findings;
}

function report({ counts, failures }: Findings): void {
  for (const [kind, outcomes] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const parts = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, n]) => `${n} ${outcome}`);
    console.log(`${kind.padEnd(44)} ${parts.join(', ')}`);
  }
  for (const { damage, error } of failures.slice(0, SHOWN)) {
    console.log(
      `WRONG  ${damage.kind}, ${damage.where}: ${error instanceof Wrong ? error.message : (error as Error).stack}`,
    );
  }
}

async function main({ seed, perKind, only }: Flags): Promise<void> {
  const startedMs = performance.now();
  const truth = await prepare(Number(seed));
  try {
    const { last, stateIndex } = truth.original;
    const entries = truth.original.chains.size - 1;
    console.log(
      `seed ${seed}: ${entries} entries up to ${last.index} of term ${last.term}, state at ${stateIndex}`,
    );
    const all = (await everyDamage(truth)).filter(({ kind }) => kind.includes(only ?? ''));
    const chosen = sample(all, Number(perKind), new SeededRandom(Number(seed)));
    const findings = await tryAll(chosen, truth);
    report(findings);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    console.log(
      `${chosen.length} of ${all.length} damaged folders, ${findings.failures.length} wrong, ${seconds} s`,
    );
    process.exitCode = findings.failures.length === 0 ? 0 : 1;
  } finally {
    await truth.remove();
  }
}

await main(
  new Command('test:damage')
    .description('Damages a real data folder in every way there is and judges how each copy comes up.')
    .option('--seed <seed>', 'of the prepared folder and of the sample', '1')
    .option('--per-kind <n>', 'at most that many of each kind', '1000000')
    .option('--only <text>', 'kinds whose name contains this', '')
    .parse()
    .opts<Flags>(),
);
