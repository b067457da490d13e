import type { Chunk } from './pool.js';
import { runInBatch } from './repeat.js';

/** A worker process of a batch: takes chunks of seeds, answers with one report per seed. */
process.on('message', (chunk: Chunk) => {
  void work(chunk);
});

async function work({ from, count, settings }: Chunk): Promise<void> {
  for (let seed = from; seed < from + count; seed++) process.send!(await runInBatch(seed, settings));
}
