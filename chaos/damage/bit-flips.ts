import { closeSync, fsyncSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { below, pick, type Random } from '../../lib/base/index.js';

/** One bit of a file. */
export interface BitFlip {
  readonly file: string;
  readonly offset: number;
  readonly bit: number;
}

/** Where to flip: any bit of the range of the file. */
export interface Range {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

export function wholeFile(file: string): Range {
  return { file, from: 0, to: statSync(file).size };
}

/** Draws `count` different bits: a range first, so that small files are hit as often as large ones. */
export function drawFlips(ranges: readonly Range[], count: number, random: Random): BitFlip[] {
  const bits = ranges.reduce((sum, { from, to }) => sum + 8 * (to - from), 0);
  const flips = new Map<string, BitFlip>();
  while (flips.size < Math.min(count, bits)) {
    const { file, from, to } = pick(random, ranges);
    if (to <= from) continue;
    const flip = { file, offset: from + below(random, to - from), bit: below(random, 8) };
    flips.set(`${file}:${flip.offset}:${flip.bit}`, flip);
  }
  return [...flips.values()];
}

/** Flips the bits, synced, and reads them back: throws unless every one is there. */
export function applyFlips(flips: readonly BitFlip[]): void {
  for (const { file, offset, bit } of flips) {
    const fd = openSync(file, 'r+');
    try {
      const wanted = byteAt(fd, offset) ^ (1 << bit);
      writeSync(fd, Uint8Array.of(wanted), 0, 1, offset);
      fsyncSync(fd);
      if (byteAt(fd, offset) !== wanted)
        throw new Error(`${file}: bit ${bit} of byte ${offset} did not change`);
    } finally {
      closeSync(fd);
    }
  }
}

/** The files that were hit, below `folder`, and in how many places. */
export function describeFlips(flips: readonly BitFlip[], folder: string): string {
  const counts = new Map<string, number>();
  for (const { file } of flips) counts.set(file, (counts.get(file) ?? 0) + 1);
  const files = [...counts].map(([file, count]) => `${path.relative(folder, file)} ${count}`);
  return `${flips.length} bits flipped: ${files.join(', ')}`;
}

function byteAt(fd: number, offset: number): number {
  const byte = new Uint8Array(1);
  if (readSync(fd, byte, 0, 1, offset) !== 1) throw new Error(`there is no byte ${offset}`);
  return byte[0]!;
}
