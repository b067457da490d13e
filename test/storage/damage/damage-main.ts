import { Command } from 'commander';
import { performance } from 'node:perf_hooks';
import { SeededRandom } from '../../../lib/base/index.js';
import { everyDamage } from './kinds.js';
import { tryAll, type Findings } from './pool.js';
import { prepare } from './prepared.js';
import { sample } from './sample.js';

interface Flags {
  readonly seed: string;
  readonly perKind: string;
  readonly only?: string;
  readonly jobs: string;
  readonly comebacks: string;
}

const SHOWN = 40;

function report({ counts, wrong }: Findings): void {
  for (const [kind, outcomes] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const parts = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, n]) => `${n} ${outcome}`);
    console.log(`${kind.padEnd(44)} ${parts.join(', ')}`);
  }
  for (const one of wrong.slice(0, SHOWN)) console.log(`WRONG  ${one}`);
}

async function main({ seed, perKind, only, jobs, comebacks }: Flags): Promise<void> {
  const startedMs = performance.now();
  const truth = await prepare(Number(seed));
  try {
    const { last, stateIndex } = truth.original;
    const entries = Object.keys(truth.original.chains).length - 1;
    console.log(
      `seed ${seed}: ${entries} entries up to ${last.index} of term ${last.term}, state at ${stateIndex}`,
    );
    const all = await everyDamage(truth);
    const wanted = all.filter(({ kind }) => kind.includes(only ?? ''));
    const chosen = sample(wanted, Number(perKind), new SeededRandom(Number(seed)));
    const findings = await tryAll(truth, all, chosen, Number(jobs), 'image');
    report(findings);
    const again = sample(wanted, Number(comebacks), new SeededRandom(Number(seed)));
    const back = await tryAll(truth, all, again, Number(jobs), 'comeback');
    console.log(`\nin a group of three, ${again.length} of them:`);
    report(back);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    console.log(
      `${chosen.length} of ${wanted.length} damaged folders, ${findings.wrong.length + back.wrong.length} wrong, ${seconds} s`,
    );
    process.exitCode = findings.wrong.length + back.wrong.length === 0 ? 0 : 1;
  } finally {
    await truth.remove();
  }
}

await main(
  new Command('test:damage')
    .description('Damages a real data folder in every way there is and judges how each copy comes up.')
    .option('--seed <seed>', 'of the prepared folder and of the sample', '1')
    .option('--per-kind <n>', 'at most that many of each kind', '1000000')
    .option('--comebacks <n>', 'of each kind, that are also brought back into their group', '10')
    .option('--jobs <n>', 'processes', '2')
    .option('--only <text>', 'kinds whose name contains this', '')
    .parse()
    .opts<Flags>(),
);
