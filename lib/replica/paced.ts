import type { Clock, SnapshotChunk, Timers } from '../base/index.js';

/**
 * The same chunks, at most `bytesPerSecond` of them: a transfer takes the time of the loop and of the disk from
 * commits, so it gets a share and not all there is. What was not used is not saved up for a burst.
 */
export async function* paced(
  chunks: AsyncIterable<SnapshotChunk>,
  bytesPerSecond: number,
  clock: Clock,
  timers: Timers,
): AsyncGenerator<SnapshotChunk> {
  let dueMs = clock.monotonicMs();
  for await (const chunk of chunks) {
    const waitMs = dueMs - clock.monotonicMs();
    if (waitMs > 0) await new Promise<void>((resolve) => void timers.after(waitMs, resolve));
    dueMs = Math.max(dueMs, clock.monotonicMs()) + (chunk.bytes.length / bytesPerSecond) * 1000;
    yield chunk;
  }
}
