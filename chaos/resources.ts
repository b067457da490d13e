import { appendFileSync, readFileSync, readdirSync } from 'node:fs';

const EVERY_MS = 2000;
/** A process that has just begun grows because it begins, and holds a descriptor for every module that it loads. */
const YOUTH_MS = 20_000;
const KIB = 1024;
const MIB = 1 << 20;
/** Far more than a master of a cluster as small as this has any use for. */
const GROSS_BYTES = 1024 * MIB;
const GROSS_DESCRIPTORS = 1000;

/** What a process had at a moment. */
export interface Sample {
  readonly ms: number;
  readonly pid: number;
  readonly bytes: number;
  readonly descriptors: number;
}

/** Of one master, over all the processes that it was. */
export interface Usage {
  readonly samples: number;
  readonly maxMib: number;
  /** This and what follows: within the lives of processes, without their first 20 s; null when none lived longer. */
  readonly maxDescriptors: number | null;
  readonly mibPerMinute: number | null;
  readonly descriptorsPerMinute: number | null;
  /** How long the longest of these lives was sampled. */
  readonly longestLifeMs: number;
}

/**
 * Samples resident memory and open descriptors of processes from `/proc`, and appends them to a file, one line each;
 * elsewhere there are no samples.
 */
export class Resources {
  private readonly pids: () => ReadonlyMap<string, number>;
  private readonly file: string;
  private readonly samples: Map<string, Sample[]> = new Map();
  private timer: NodeJS.Timeout | null = null;

  /** `pids` are the processes that live now, by name. */
  constructor(pids: () => ReadonlyMap<string, number>, file: string) {
    this.pids = pids;
    this.file = file;
  }

  start(): void {
    this.timer = setInterval(() => this.sample(), EVERY_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** By name, in order. */
  usages(): Record<string, Usage> {
    const names = [...this.samples.keys()].sort();
    return Object.fromEntries(names.map((name) => [name, usageOf(this.samples.get(name)!)]));
  }

  private sample(): void {
    for (const [name, pid] of this.pids()) {
      const seen = sampleOf(pid);
      if (seen === null) continue;
      const own = this.samples.get(name) ?? [];
      own.push(seen);
      appendFileSync(this.file, `${JSON.stringify({ name, ...seen })}\n`);
      this.samples.set(name, own);
    }
  }
}

export function usageOf(samples: readonly Sample[]): Usage {
  const lives = adultLives(samples);
  const perMinute = (of: (sample: Sample) => number) => {
    const slope = slopeWithin(lives.map((life) => life.map((one) => [one.ms / 60_000, of(one)] as const)));
    return slope === null ? null : Math.round(slope * 100) / 100;
  };
  return {
    samples: samples.length,
    maxMib: Math.round(Math.max(0, ...samples.map(({ bytes }) => bytes)) / MIB),
    maxDescriptors:
      lives.length === 0 ? null : Math.max(...lives.flat().map(({ descriptors }) => descriptors)),
    mibPerMinute: perMinute(({ bytes }) => bytes / MIB),
    descriptorsPerMinute: perMinute(({ descriptors }) => descriptors),
    longestLifeMs: Math.round(Math.max(0, ...lives.map((life) => life.at(-1)!.ms - life[0]!.ms))),
  };
}

/** What no master needs: a leak, mostly. */
export function grossUsages(usages: Readonly<Record<string, Usage>>): string[] {
  return Object.entries(usages).flatMap(([name, { maxMib, maxDescriptors }]) => [
    ...(maxMib * MIB > GROSS_BYTES ? [`${name} had ${maxMib} MiB of memory`] : []),
    ...((maxDescriptors ?? 0) > GROSS_DESCRIPTORS ? [`${name} had ${maxDescriptors} open descriptors`] : []),
  ]);
}

/** The samples of each process that lived long enough, without its youth. */
function adultLives(samples: readonly Sample[]): Sample[][] {
  const lives = new Map<number, Sample[]>();
  for (const sample of samples) {
    const life = lives.get(sample.pid) ?? [];
    life.push(sample);
    lives.set(sample.pid, life);
  }
  return [...lives.values()]
    .map((life) => life.filter(({ ms }) => ms - life[0]!.ms >= YOUTH_MS))
    .filter((life) => life.length > 1);
}

/** Least squares: one slope for all series, each with a level of its own. Null without two points in any of them. */
function slopeWithin(series: readonly (readonly (readonly [x: number, y: number])[])[]): number | null {
  let [products, squares] = [0, 0];
  for (const points of series) {
    const meanX = mean(points.map(([x]) => x));
    const meanY = mean(points.map(([, y]) => y));
    for (const [x, y] of points) {
      products += (x - meanX) * (y - meanY);
      squares += (x - meanX) ** 2;
    }
  }
  return squares === 0 ? null : products / squares;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length);
}

function sampleOf(pid: number): Sample | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    // A process that has ended, and that nobody has noticed yet, has no memory.
    return Number.isNaN(kib) ? null : { ms: performance.now(), pid, bytes: kib * KIB, descriptors };
  } catch {
    return null;
  }
}
