import type { ReadRequest, Stat } from '../wire/index.js';
import { Pipeline, type PipelineOptions } from './pipeline.js';

/** A node as of revision `index`. `children` is empty unless asked for. */
export interface Found {
  readonly index: number;
  readonly data: Uint8Array;
  readonly stat: Stat;
  readonly children: readonly string[];
}

type ReadBody = Omit<ReadRequest, 'id'>;

/** Reads change nothing, so they need no session: one without an answer is simply asked again. */
export type Reads = Pipeline<ReadBody, Found>;

export function readPipeline(
  options: Pick<PipelineOptions, 'world' | 'callTimeoutMs' | 'stuck' | 'trouble'>,
): Reads {
  return new Pipeline<ReadBody, Found>({
    ...options,
    window: 1000,
    queueLimit: 100_000,
    answerTimeoutMs: 2000,
    harmless: true,
    allowed: () => true,
  });
}
