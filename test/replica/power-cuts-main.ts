import { Command } from 'commander';
import { performance } from 'node:perf_hooks';
import { powerCuts } from './power-cuts.js';

interface Flags {
  readonly cuts: string;
  readonly from: string;
}

/** Cuts of one group; then another one with the next seed begins. */
const PER_GROUP = 20;

async function main({ cuts, from }: Flags): Promise<void> {
  const startedMs = performance.now();
  let seed = Number(from);
  let done = 0;
  let worstMs = 0;
  const stuck: number[] = [];
  for (; done < Number(cuts); done += PER_GROUP, seed++) {
    try {
      worstMs = Math.max(worstMs, (await powerCuts(seed, PER_GROUP)).worstMs);
    } catch (error) {
      stuck.push(seed);
      console.log(`seed ${seed}: ${(error as Error).message}`);
    }
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(
    `${done} cuts of all members at once, seeds ${from} to ${seed - 1}: ${stuck.length} groups stuck or wrong` +
      `${stuck.length === 0 ? '' : ` (seeds ${stuck.join(', ')})`}, back within ${worstMs} virtual ms, ${seconds} s`,
  );
  process.exitCode = stuck.length === 0 ? 0 : 1;
}

await main(
  new Command('test:cuts')
    .description('Cuts the power of all members of a simulated group at once, under load, again and again.')
    .option('--cuts <n>', 'cuts in all', '1000')
    .option('--from <seed>', 'first seed', '1')
    .parse()
    .opts<Flags>(),
);
