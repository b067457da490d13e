import assert from 'node:assert/strict';
import type { Clock, SnapshotChunk, Timers } from '../../lib/base/index.js';
import { paced } from '../../lib/replica/paced.js';

const SECOND = 1000;

/** A clock that only timers move; each comes `lateMs` late and finds a sync of the log that took `syncMs`. */
class Machine implements Clock, Timers {
  now = 0;
  lateMs = 0;
  syncMs = 0;
  hurry = false;
  private syncs = 0;

  monotonicMs(): number {
    return this.now;
  }

  wallMs(): number {
    return this.now;
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    this.now += delayMs + this.lateMs;
    this.syncs++;
    callback();
    return { cancel: () => undefined };
  }

  soon(callback: () => void): void {
    callback();
  }

  host(bytesPerSecond: number): Parameters<typeof paced>[1] {
    const logSyncs = () => ({ count: this.syncs, lastMs: this.syncMs });
    return { bytesPerSecond, hurry: () => this.hurry, clock: this, timers: this, logSyncs };
  }
}

async function* chunksOf(...sizes: number[]): AsyncGenerator<SnapshotChunk> {
  for (const [number, size] of sizes.entries()) {
    yield { number, bytes: new Uint8Array(size), crc: 0, last: null };
  }
}

const RATE = 16 << 20;

async function* chunksWithoutEnd(): AsyncGenerator<SnapshotChunk> {
  const bytes = new Uint8Array(256 << 10);
  for (let number = 0; ; number++) yield { number, bytes, crc: 0, last: null };
}

/** Which part of the rate is sent from `fromMs` to `toMs`. */
async function partSent(machine: Machine, fromMs: number, toMs: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of paced(chunksWithoutEnd(), machine.host(RATE))) {
    if (machine.now >= toMs) break;
    if (machine.now >= fromMs) bytes += chunk.bytes.length;
  }
  return bytes / RATE / ((toMs - fromMs) / SECOND);
}

describe('a paced transfer', () => {
  it('hands out each chunk when the ones before have taken their time at the rate', async () => {
    const machine = new Machine();
    const at: number[] = [];
    for await (const _ of paced(chunksOf(1000, 500, 2000, 1), machine.host(10_000))) at.push(machine.now);
    assert.deepEqual(at, [0, 100, 150, 350]);
  });

  it('does not make up for a receiver that was slow', async () => {
    const machine = new Machine();
    const at: number[] = [];
    for await (const _ of paced(chunksOf(1000, 1000, 1000), machine.host(10_000))) {
      at.push(machine.now);
      if (at.length === 1) machine.now += 10_000;
    }
    // A millisecond is waited in any case: else nothing would be felt.
    assert.deepEqual(at, [0, 10_001, 10_101]);
  });

  it('goes at its full rate, less the time it listens, while loop and disk are quick', async () => {
    const part = await partSent(new Machine(), 0, 30 * SECOND);
    assert.ok(part > 0.94 && part <= 1, `${part} of the rate`);
  });

  for (const signal of ['lateMs', 'syncMs'] as const) {
    it(`falls to a quarter of the rate, and no further, when ${signal} rises above what is usual`, async () => {
      const machine = new Machine();
      machine.after = function (delayMs, callback) {
        // The strain of the transfer itself: none while it listens, which it does in steps of 10 ms.
        this[signal] = delayMs === 10 ? 0 : 20;
        return Machine.prototype.after.call(this, delayMs, callback);
      };
      const part = await partSent(machine, 5 * SECOND, 35 * SECOND);
      assert.ok(part > 0.7 / 4 && part < 1.1 / 4, `${part} of the rate`);
    });
  }

  it('takes strain for usual that is there without it', async () => {
    const machine = new Machine();
    machine.syncMs = 40;
    const part = await partSent(machine, 5 * SECOND, 35 * SECOND);
    assert.ok(part > 0.9, `${part} of the rate`);
  });

  it('goes at twice its rate in a hurry, whatever is felt', async () => {
    const machine = new Machine();
    machine.after = function (delayMs, callback) {
      this.syncMs = delayMs === 10 ? 0 : 20;
      return Machine.prototype.after.call(this, delayMs, callback);
    };
    machine.hurry = true;
    const part = await partSent(machine, 0, 30 * SECOND);
    assert.ok(part > 1.8 && part <= 2, `${part} of the rate`);
  });

  it('finds its rate again when the strain is over', async () => {
    const machine = new Machine();
    machine.after = function (delayMs, callback) {
      this.lateMs = delayMs !== 10 && this.now < 20 * SECOND ? 20 : 0;
      return Machine.prototype.after.call(this, delayMs, callback);
    };
    const part = await partSent(machine, 25 * SECOND, 55 * SECOND);
    assert.ok(part > 0.9, `${part} of the rate`);
  });
});
