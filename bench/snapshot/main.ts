import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { freePorts } from '../support/ports.js';
import { report } from '../support/report.js';
import { percentile, round } from '../support/statistics.js';
import type { Answer, Order, Setup } from './member.js';

const MEMBER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'member.js');
const NODE_BYTES = 64 << 10;
const START_MS = 30_000;
const CATCH_UP_MS = 300_000;

/** One member's process; `null` while it is stopped. */
class BenchMember {
  private readonly setup: Setup;
  private child: ChildProcess | null = null;

  constructor(setup: Setup) {
    this.setup = setup;
  }

  async start(): Promise<void> {
    mkdirSync(this.setup.folder, { recursive: true });
    const env = { ...process.env, UV_THREADPOOL_SIZE: '8' };
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.child = fork(MEMBER, [JSON.stringify(this.setup)], { stdio: [...stdio], env });
    await once(this.child, 'message');
  }

  async order(order: Order): Promise<Answer> {
    const { child } = this;
    if (child === null) throw new Error(`${this.setup.id} does not run`);
    const answer = once(child, 'message');
    child.send(order);
    return (await answer)[0] as Answer;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    this.child = null;
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.send({ kind: 'stop' } satisfies Order, () => undefined);
    await ended;
    clearTimeout(timer);
  }
}

async function until<T>(what: string, ms: number, probe: () => Promise<T | null>): Promise<T> {
  for (const end = performance.now() + ms; performance.now() < end; await delay(50)) {
    const found = await probe();
    if (found !== null) return found;
  }
  throw new Error(`${what}: not within ${ms} ms`);
}

function leaderOf(members: readonly BenchMember[]): Promise<BenchMember> {
  return until('a leader', START_MS, async () => {
    for (const member of members) if ((await member.order({ kind: 'status' })).leading) return member;
    return null;
  });
}

/** Both are loaded for `ms`; what each saw. */
function load(members: readonly BenchMember[], rate: number, ms: number): Promise<Answer[]> {
  return Promise.all(members.map((member) => member.order({ kind: 'load', rate, ms })));
}

interface Phase {
  readonly writes_per_second: number;
  readonly commit_p50_ms: number;
  readonly commit_p99_ms: number;
  readonly failed: number;
  readonly leader_loop_p99_ms: number;
  readonly leader_loop_max_ms: number;
}

function describe(slices: readonly { readonly answers: readonly Answer[]; readonly ms: number }[]): Phase {
  const answers = slices.flatMap((slice) => slice.answers);
  const latencies = answers.flatMap((answer) => answer.latencies);
  const ms = slices.reduce((sum, slice) => sum + slice.ms, 0);
  const leading = answers.filter((answer) => answer.leading);
  return {
    writes_per_second: Math.round((latencies.length / ms) * 1000),
    commit_p50_ms: round(percentile(latencies, 50), 2),
    commit_p99_ms: round(percentile(latencies, 99), 2),
    failed: answers.reduce((sum, answer) => sum + answer.failed, 0),
    leader_loop_p99_ms: round(Math.max(...leading.map((answer) => answer.loopP99Ms))),
    leader_loop_max_ms: round(Math.max(...leading.map((answer) => answer.loopMaxMs))),
  };
}

/**
 * Three members; one is stopped, the others get a large state and forget the log; then it comes back and has to
 * receive the state, while the others go on under the same load as before.
 */
async function measure(folder: string, megabytes: number, rate: number, seconds: number): Promise<object> {
  const ports = await freePorts(3);
  const peers = Object.fromEntries(ports.map((port, i) => [`m${i + 1}`, `127.0.0.1:${port}`]));
  const members = Object.entries(peers).map(
    ([id, address]) => new BenchMember({ id, folder: path.join(folder, id), address, peers }),
  );
  try {
    await Promise.all(members.map((member) => member.start()));
    const leader = await leaderOf(members);
    const away = members.find((member) => member !== leader)!;
    const others = members.filter((member) => member !== away);
    await away.stop();

    const nodes = Math.ceil((megabytes << 20) / NODE_BYTES);
    const begunFill = performance.now();
    await leader.order({ kind: 'fill', from: 0, to: nodes, bytes: NODE_BYTES });
    const fillMs = performance.now() - begunFill;
    await delay(5000);

    const before = await load(others, rate, seconds * 1000);
    const baseline = describe([{ answers: before, ms: seconds * 1000 }]);
    const { term, stateBytes, rssBytes } = await leader.order({ kind: 'status' });

    await away.start();
    const begun = performance.now();
    const slices: { answers: Answer[]; ms: number }[] = [];
    await until('the member that was away serves', CATCH_UP_MS, async () => {
      slices.push({ answers: await load(others, rate, 1000), ms: 1000 });
      const [theirs, ours] = await Promise.all([away, leader].map((one) => one.order({ kind: 'status' })));
      return theirs!.serving && ours!.revision - theirs!.revision < 10_000 ? true : null;
    });
    const transferMs = performance.now() - begun;
    const during = describe(slices);
    const after = await leader.order({ kind: 'status' });
    return {
      state_bytes: stateBytes,
      leader_rss_bytes: rssBytes,
      fill_seconds: round(fillMs / 1000),
      transfer_seconds: round(transferMs / 1000),
      baseline,
      during,
      commit_p99_ratio: round(during.commit_p99_ms / baseline.commit_p99_ms, 2),
      elections: after.term - term,
    };
  } finally {
    await Promise.all(members.map((member) => member.stop()));
  }
}

const options = new Command('bench:snapshot')
  .description('A large state is sent to a member that was away, while the group is under load')
  .option('--megabytes <n>', 'size of the state', '1024')
  .option('--rate <n>', 'writes of 256 bytes per second at each of the two others', '1000')
  .option('--seconds <n>', 'length of the load before, for comparison', '20')
  .option('--json', 'one JSON line', false)
  .parse()
  .opts<{ megabytes: string; rate: string; seconds: string; json: boolean }>();

const folder = mkdtempSync(path.join(tmpdir(), 'tepui-bench-'));
try {
  const { megabytes, rate, seconds } = options;
  const result = await measure(folder, Number(megabytes), Number(rate), Number(seconds));
  report(
    Object.entries(result).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    result,
    options.json,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
