import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { pause } from '../failover/support/time.js';
import type { LoadGenerator, LoadOptions } from './load-process.js';
import { TREE_NODES, TREE_SETS_PER_SECOND, type TreeFigures } from './rows.js';
import { addresses, level, type Side } from './side.js';

const MIB = 2 ** 20;
/** Between the last write and the look at the memory: collectors and snapshots come to an end. */
const SETTLE_MS = 5000;
const RESTART_LIMIT_SECONDS = 120;
const GONE_MS = 20;
/** What a tree of many nodes is made of; one folder holds them all. */
const NODES = { connections: 30, bytes: 100, root: '/bench-tree' } as const;
/**
 * Gets beside the sets, which a server answers by itself: the longest that one had to wait says for how long its server
 * did nothing (and more: the generator shares the processors). Counted from when each was due, 200 a second per server.
 */
const PROBE: LoadOptions = { op: 'get', connections: 3, rate: 600, ramp: 1, bytes: 100 };

export interface TreeWishes {
  /** Else only half of the nodes are made. */
  readonly all: boolean;
  readonly sets: boolean;
  readonly restart: boolean;
}

/** Figures of one side whose group has just been started and was given nothing yet. */
export async function measureTree(
  load: LoadGenerator,
  side: Side,
  wishes: TreeWishes,
  seconds: number,
  progress: (text: string) => void,
): Promise<TreeFigures> {
  const tell = (text: string) => progress(`tree ${side.name}: ${text}`);
  const empty = memoryOf(side);
  await fill(load, side, 0, TREE_NODES.first);
  const half = memoryOf(side);
  const memoryMib = Math.max(...half) / MIB;
  tell(`${mib(empty)} MiB empty, ${mib(half)} MiB with ${TREE_NODES.first} nodes`);
  if (!wishes.all) {
    return { memoryMib, znodeBytes: null, setsPerSecond: null, stallMs: null, restartMs: null };
  }
  await fill(load, side, TREE_NODES.first, TREE_NODES.all);
  const full = memoryOf(side);
  tell(`${mib(full)} MiB with ${TREE_NODES.all} nodes`);
  const znodeBytes = Math.max(...full.map((bytes, i) => bytes - empty[i]!)) / TREE_NODES.all;
  const sets = wishes.sets ? await setsOver(load, side, seconds, tell) : null;
  const restartMs = wishes.restart ? await restart(load, side) : null;
  await expectAll(load, side);
  if (restartMs !== null) tell(`served ${restartMs} ms after it was started again`);
  return {
    memoryMib,
    znodeBytes,
    setsPerSecond: sets?.perSecond ?? null,
    stallMs: sets?.stallMs ?? null,
    restartMs,
  };
}

async function fill(load: LoadGenerator, side: Side, first: number, keys: number): Promise<void> {
  const { errors, dropped } = await load.run(addresses(side), {
    op: 'fill',
    ...NODES,
    window: 30,
    first,
    keys,
  });
  if (errors + dropped > 0) throw new Error(`${side.name}: ${errors + dropped} creates failed`);
  await pause(SETTLE_MS);
}

async function setsOver(load: LoadGenerator, side: Side, seconds: number, tell: (text: string) => void) {
  const nodes = { keys: TREE_NODES.all, root: NODES.root };
  const hosts = addresses(side);
  const rate = TREE_SETS_PER_SECOND;
  const [sets, gets] = await Promise.all([
    load.run(hosts, { op: 'set', ...NODES, ...nodes, rate, ramp: 1, seconds }),
    load.run(hosts, { ...PROBE, ...nodes, seconds }),
  ]);
  tell(`${sets.ops_s} sets/s, longest get ${gets.max_us / 1000} ms, p99 ${gets.p99_us / 1000} ms`);
  return { perSecond: sets.ops_s, stallMs: gets.max_us / 1000 };
}

/** Whatever happened to them: gets of nodes drawn from all of them find theirs, on every server. */
async function expectAll(load: LoadGenerator, side: Side): Promise<void> {
  const nodes = { ...NODES, keys: TREE_NODES.all };
  const { errors, done } = await load.run(addresses(side), { op: 'get', ...nodes, window: 10, seconds: 1 });
  if (errors > 0 || done === 0) throw new Error(`${side.name}: ${errors} of ${done} nodes are not there`);
}

/** From the start of the processes, all of which were killed, until each of them answers writes and reads. */
async function restart(load: LoadGenerator, side: Side): Promise<number> {
  const ids = side.servers().map(({ id }) => id);
  const pids = ids.map((id) => side.group.pid(id));
  for (const id of ids) side.group.kill(id);
  while (pids.some(isThere)) await pause(GONE_MS);
  const begun = performance.now();
  await Promise.all(ids.map((id) => side.group.restart(id)));
  await load.untilReady(addresses(side), RESTART_LIMIT_SECONDS);
  const ms = performance.now() - begun;
  await level(side);
  return Math.round(ms);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resident bytes of each server. */
function memoryOf(side: Side): number[] {
  const pids = side.servers().map(({ id }) => side.group.pid(id));
  return pids.map((pid) => residentBytes(readFileSync(`/proc/${pid}/status`, 'utf8')));
}

/** Out of a process's status as Linux shows it (proc_pid_status(5)). */
export function residentBytes(status: string): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error('a process tells nothing of its memory: has it ended?');
  return Number(kib) * 1024;
}

function mib(bytes: readonly number[]): string {
  return bytes.map((one) => Math.round(one / MIB)).join(', ');
}
