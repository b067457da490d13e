import type { Chunk } from './pool.js';
import { runInBatch } from './repeat.js';

/** A worker process of a batch: takes chunks of seeds, answers with one report per seed. */
process.on('message', ({ from, count, outcomesOnly }: Chunk) => {
  for (let seed = from; seed < from + count; seed++) process.send!(runInBatch(seed, outcomesOnly));
});
