import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runInBatch, type SeedResult, type SeedSettings } from './repeat.js';

/** Seeds handed to a worker process at a time. */
const CHUNK = { core: 20, node: 4 } as const;

/** A piece of work for a worker process: seeds from `from`, `count` of them. */
export interface Chunk {
  readonly from: number;
  readonly count: number;
  readonly settings: SeedSettings;
}

export interface PoolSettings {
  readonly from: number;
  readonly seeds: number;
  readonly jobs: number;
  readonly settings: SeedSettings;
  /** Takes results in whatever order they come; false: no new work is begun. */
  readonly onResult: (result: SeedResult) => boolean;
}

/** Runs a range of seeds, in this process for one job, else in worker processes of their own. */
export async function runSeeds(settings: PoolSettings): Promise<void> {
  if (settings.jobs === 1) return runHere(settings);
  const chunks = chunksOf(settings);
  let wanted = true;
  const take = (result: SeedResult): void => {
    wanted = settings.onResult(result) && wanted;
  };
  const next = (): Chunk | undefined => (wanted ? chunks.shift() : undefined);
  await Promise.all(Array.from({ length: settings.jobs }, () => runWorker(next, take)));
}

async function runHere({ from, seeds, settings, onResult }: PoolSettings): Promise<void> {
  for (let seed = from; seed < from + seeds; seed++) {
    if (!onResult(await runInBatch(seed, settings))) return;
  }
}

function chunksOf({ from, seeds, settings }: PoolSettings): Chunk[] {
  const chunks: Chunk[] = [];
  const size = CHUNK[settings.level];
  for (let at = from; at < from + seeds; at += size) {
    chunks.push({ from: at, count: Math.min(size, from + seeds - at), settings });
  }
  return chunks;
}

function runWorker(next: () => Chunk | undefined, take: (result: SeedResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = fork(fileURLToPath(new URL('worker.js', import.meta.url)));
    let open = 0;
    const give = (): void => {
      const chunk = next();
      if (chunk === undefined) return stop(worker);
      open = chunk.count;
      worker.send(chunk);
    };
    worker.on('message', (result: SeedResult) => {
      take(result);
      if (--open === 0) give();
    });
    worker.on('error', reject);
    worker.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker process ended early (${signal ?? `exit code ${code}`})`));
    });
    give();
  });
}

/** A worker ends by itself when nothing more can come. */
function stop(worker: ChildProcess): void {
  if (worker.connected) worker.disconnect();
}
