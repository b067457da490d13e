import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { leaderOf, startGroup, type MemberProcess } from '../support/member-process.js';
import { report } from '../support/report.js';
import { round } from '../support/statistics.js';
import type { Answer, Order } from './member.js';
import { describe, type Slice } from './phase.js';
import { processorTimes } from './processors.js';

type BenchMember = MemberProcess<Order, Answer>;

const MEMBER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'member.js');
const NODE_BYTES = 64 << 10;
const SLICE_MS = 1000;
/** After the fill and after each transfer: the databases end what they do in the background. */
const REST_MS = 5000;
const CATCH_UP_MS = 600_000;
/** A member that misses fewer revisions than this has caught up: five seconds of the load. */
const NEAR_REVISIONS = 10_000;

/** All are loaded for a second; what each saw. */
async function slice(members: readonly BenchMember[], rate: number): Promise<Slice> {
  const before = processorTimes();
  const begun = performance.now();
  const answers = await Promise.all(
    members.map((member) => member.order({ kind: 'load', rate, ms: SLICE_MS })),
  );
  const ms = performance.now() - begun;
  return { answers, ms, receiverMs: 0, busyMs: processorTimes().busyMs - before.busyMs };
}

async function quiet(members: readonly BenchMember[], rate: number, seconds: number): Promise<Slice[]> {
  const slices: Slice[] = [];
  while (slices.length < seconds) slices.push(await slice(members, rate));
  return slices;
}

function caughtUp(theirs: Answer, ours: Answer): boolean {
  return theirs.stateBytes >= 0.99 * ours.stateBytes && ours.revision - theirs.revision < NEAR_REVISIONS;
}

/** `away` starts with an empty folder, and the load goes on until it serves and has caught up. */
async function transfer(others: readonly BenchMember[], away: BenchMember, rate: number): Promise<Slice[]> {
  away.wipe();
  await delay(REST_MS);
  await away.start();
  const slices: Slice[] = [];
  for (const end = performance.now() + CATCH_UP_MS; performance.now() < end;) {
    const next = await slice(others, rate);
    const theirs = await away.order({ kind: 'status' });
    slices.push({ ...next, receiverMs: theirs.cpuMs });
    if (theirs.serving && next.answers.every((ours) => caughtUp(theirs, ours))) return slices;
  }
  throw new Error(`the state did not arrive within ${CATCH_UP_MS} ms`);
}

interface Plan {
  readonly megabytes: number;
  readonly rate: number;
  readonly seconds: number;
  readonly transfers: number;
}

/**
 * Three members; one is stopped, the others get a large state and forget the log. Then, in turns, the others are
 * loaded alone, and under the same load the third comes back with an empty folder and has to be sent the state.
 */
async function measure(folder: string, { megabytes, rate, seconds, transfers }: Plan): Promise<object> {
  const members = await startGroup<Order, Answer>(MEMBER, folder);
  try {
    const leader = await leaderOf(members);
    const away = members.find((member) => member !== leader)!;
    const others = members.filter((member) => member !== away);
    await away.stop();

    const nodes = Math.ceil((megabytes << 20) / NODE_BYTES);
    const begunFill = performance.now();
    await leader.order({ kind: 'fill', from: 0, to: nodes, bytes: NODE_BYTES });
    const fillMs = performance.now() - begunFill;
    await delay(REST_MS);

    const statuses = await Promise.all(others.map((member) => member.order({ kind: 'status' })));
    const { term, stateBytes, rssBytes } = statuses[others.indexOf(leader)]!;
    const before = await quiet(others, rate, seconds);
    const during: Slice[] = [];
    const lengths: number[] = [];
    for (let i = 0; i < transfers; i++) {
      const slices = await transfer(others, away, rate);
      during.push(...slices);
      lengths.push(slices.length);
      await away.stop();
      await delay(REST_MS);
      before.push(...(await quiet(others, rate, seconds)));
    }
    const after = await leader.order({ kind: 'status' });
    const alone = describe(before);
    const sending = describe(during);
    return {
      state_bytes: stateBytes,
      leader_rss_bytes: rssBytes,
      fill_seconds: round(fillMs / 1000),
      transfer_seconds: lengths,
      alone,
      sending,
      commit_p99_ratio: round(sending.commit_p99_ms / alone.commit_p99_ms, 2),
      elections: after.term - term,
    };
  } finally {
    await Promise.all(members.map((member) => member.stop()));
  }
}

const options = new Command('bench:snapshot')
  .description('A large state is sent to a new member, while the others are under load')
  .option('--megabytes <n>', 'size of the state', '1024')
  .option('--rate <n>', 'writes of 256 bytes per second at each of the two others', '1000')
  .option('--seconds <n>', 'length of the load before and after each transfer, for comparison', '20')
  .option('--transfers <n>', 'how often the state is sent', '1')
  .option('--json', 'one JSON line', false)
  .parse()
  .opts<{ megabytes: string; rate: string; seconds: string; transfers: string; json: boolean }>();

const folder = mkdtempSync(path.join(tmpdir(), 'tepui-bench-'));
try {
  const result = await measure(folder, {
    megabytes: Number(options.megabytes),
    rate: Number(options.rate),
    seconds: Number(options.seconds),
    transfers: Number(options.transfers),
  });
  report(
    Object.entries(result).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    result,
    options.json,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
