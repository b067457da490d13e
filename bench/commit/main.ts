import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { Level } from 'level';
import { leaderOf, startGroup, type MemberProcess } from '../support/member-process.js';
import { report } from '../support/report.js';
import { percentile, round } from '../support/statistics.js';
import { measureGrpcDoor } from './grpc-door.js';
import type { Answer, Order } from './member.js';

const MEMBER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'member.js');
const SYNCED_BATCHES = 1000;

type BenchMember = MemberProcess<Order, Answer>;

/** One synced LevelDB batch of 256 bytes, on the same disk, with nothing else running. */
async function syncedBatchP50(folder: string): Promise<number> {
  const db = new Level<Uint8Array, Uint8Array>(path.join(folder, 'raw'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  await db.open();
  const value = new Uint8Array(256);
  // The declared options of `level` leave out those of classic-level, which it passes through.
  const synced: object = { sync: true };
  const latencies: number[] = [];
  for (let i = 0; i < SYNCED_BATCHES; i++) {
    const key = new TextEncoder().encode(String(i).padStart(8, '0'));
    const begun = performance.now();
    await db.batch([{ type: 'put', key, value }], synced);
    latencies.push(performance.now() - begun);
  }
  await db.close();
  return percentile(latencies, 50);
}

/** All members at one revision: everything acknowledged is applied everywhere. */
async function settled(members: readonly BenchMember[]): Promise<boolean> {
  for (let i = 0; i < 200; i++) {
    const revisions = await Promise.all(
      members.map(async (one) => (await one.order({ kind: 'status' })).revision),
    );
    if (new Set(revisions).size === 1) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function measure(folder: string, seconds: number, window: number): Promise<object> {
  const members = await startGroup<Order, Answer>(MEMBER, folder);
  try {
    const leader = await leaderOf(members);
    const follower = members.find((member) => member !== leader)!;
    for (const member of members) await member.order({ kind: 'prepare', sessions: 32, keys: 1000 });
    const load = (ms: number) => Promise.all(members.map((one) => one.order({ kind: 'load', window, ms })));
    await load(2000);
    const answers = await load(seconds * 1000);
    const applied = await settled(members);
    const rate = answers.reduce((sum, { done, elapsedMs }) => sum + (done / elapsedMs) * 1000, 0);
    const failed = answers.reduce((sum, answer) => sum + answer.failed, 0);
    const cpu = answers.map(({ cpuMs, elapsedMs }) => round(cpuMs / elapsedMs, 2));
    const sequential = async (member: BenchMember) =>
      percentile((await member.order({ kind: 'sequential', count: 2000 })).latencies, 50);
    const rawBefore = await syncedBatchP50(folder);
    const atLeader = await sequential(leader);
    const atFollower = await sequential(follower);
    return {
      writes_per_second: Math.round(rate),
      failed,
      failures: answers.flatMap((answer) => answer.failures),
      applied_on_all: applied,
      window_p50_ms: round(
        percentile(
          answers.flatMap((one) => one.latencies),
          50,
        ),
        2,
      ),
      cpu_cores_by_member: cpu,
      one_in_flight_leader_p50_ms: round(atLeader, 3),
      one_in_flight_follower_p50_ms: round(atFollower, 3),
      synced_batch_p50_ms: round(rawBefore, 3),
      limit_p50_ms: round(0.6 + 2 * rawBefore, 3),
    };
  } finally {
    await Promise.all(members.map((member) => member.stop()));
  }
}

const options = new Command('bench:commit')
  .description('Replicated writes of 256 bytes in client sessions, offered equally at three members')
  .option('--seconds <n>', 'measured time', '10')
  .option('--window <n>', 'proposals in flight at each member', '4000')
  .option('--clients <n>', 'clients of the gRPC door', '64')
  .option('--in-flight <n>', 'requests in flight of each of them', '4')
  .option('--json', 'one JSON line', false)
  .parse()
  .opts<{ seconds: string; window: string; clients: string; inFlight: string; json: boolean }>();

const folder = mkdtempSync(path.join(tmpdir(), 'tepui-bench-'));
try {
  const seconds = Number(options.seconds);
  const result = {
    ...(await measure(folder, seconds, Number(options.window))),
    ...(await measureGrpcDoor(Number(options.clients), Number(options.inFlight), seconds)),
  };
  report(
    Object.entries(result).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    result,
    options.json,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
