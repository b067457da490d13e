import assert from 'node:assert/strict';
import { grossUsages, usageOf, type Sample } from '../../chaos/resources.js';

const MIB = 1 << 20;

/** Samples of a process, one every 2 s. */
function life(pid: number, fromMs: number, seconds: number, mib: (second: number) => number): Sample[] {
  return Array.from({ length: seconds / 2 }, (_, i) => {
    const second = 2 * i;
    return { ms: fromMs + 1000 * second, pid, bytes: mib(second) * MIB, descriptors: 40 + pid };
  });
}

describe('what a master used', () => {
  it('is the most that any of its processes had', () => {
    const { maxMib, maxDescriptors, samples } = usageOf([
      ...life(1, 0, 30, () => 80),
      ...life(2, 30_000, 30, (second) => 90 + second),
    ]);
    assert.deepEqual({ maxMib, maxDescriptors, samples }, { maxMib: 118, maxDescriptors: 42, samples: 30 });
  });

  it('grows as it does within lives: neither with the youth of a process nor from one to the next', () => {
    const { mibPerMinute, descriptorsPerMinute, longestLifeMs } = usageOf([
      ...life(1, 0, 80, (second) => (second < 20 ? 10 * second : 200 + second / 20)),
      ...life(2, 80_000, 60, (second) => (second < 20 ? 20 * second : 400 + second / 20)),
    ]);
    assert.equal(mibPerMinute, 3);
    assert.equal(descriptorsPerMinute, 0);
    assert.equal(longestLifeMs, 58_000);
  });

  it('has neither growth nor descriptors to tell of when no process lived for long', () => {
    const { mibPerMinute, maxDescriptors, longestLifeMs } = usageOf(life(1, 0, 18, (second) => second));
    assert.equal(mibPerMinute, null);
    assert.equal(maxDescriptors, null);
    assert.equal(longestLifeMs, 0);
  });

  it('is gross beyond 1 GiB of memory or 1,000 descriptors only', () => {
    const fine = usageOf(life(1, 0, 30, () => 1024));
    assert.deepEqual(grossUsages({ m1: fine }), []);
    assert.deepEqual(grossUsages({ m1: { ...fine, maxMib: 1025, maxDescriptors: 1001 } }), [
      'm1 had 1025 MiB of memory',
      'm1 had 1001 open descriptors',
    ]);
  });
});
