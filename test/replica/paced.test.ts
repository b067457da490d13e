import assert from 'node:assert/strict';
import type { Clock, SnapshotChunk, Timers } from '../../lib/base/index.js';
import { paced } from '../../lib/replica/paced.js';

/** A clock that only timers move. */
class Time implements Clock, Timers {
  now = 0;

  monotonicMs(): number {
    return this.now;
  }

  wallMs(): number {
    return this.now;
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    this.now += delayMs;
    callback();
    return { cancel: () => undefined };
  }

  soon(callback: () => void): void {
    callback();
  }
}

async function* chunksOf(...sizes: number[]): AsyncGenerator<SnapshotChunk> {
  for (const [number, size] of sizes.entries()) {
    yield { number, bytes: new Uint8Array(size), crc: 0, last: null };
  }
}

describe('a paced transfer', () => {
  it('hands out each chunk when the ones before have taken their time at the rate', async () => {
    const time = new Time();
    const at: number[] = [];
    for await (const _ of paced(chunksOf(1000, 500, 2000, 1), 1000, time, time)) at.push(time.now);
    assert.deepEqual(at, [0, 1000, 1500, 3500]);
  });

  it('does not make up for a receiver that was slow', async () => {
    const time = new Time();
    const at: number[] = [];
    for await (const _ of paced(chunksOf(1000, 1000, 1000), 1000, time, time)) {
      at.push(time.now);
      if (at.length === 1) time.now += 10_000;
    }
    assert.deepEqual(at, [0, 10_000, 11_000]);
  });
});
