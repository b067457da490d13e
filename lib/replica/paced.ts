import type { SnapshotChunk } from '../base/index.js';
import { Throttle, type PaceHost } from './throttle.js';

/**
 * The same chunks, at most `bytesPerSecond` of them, and fewer while commits feel it: a transfer takes the time of
 * the loop and of the disk from them, so it gets a share and not all there is.
 */
export async function* paced(
  chunks: AsyncIterable<SnapshotChunk>,
  host: PaceHost,
): AsyncGenerator<SnapshotChunk> {
  const throttle = new Throttle(host);
  for await (const chunk of chunks) {
    await throttle.turn(chunk.bytes.length);
    yield chunk;
  }
}
