import { performance } from 'node:perf_hooks';
import { Tree } from '../../lib/client/index.js';
import { DevCluster } from '../../test/support/dev-cluster.js';
import { percentile, round } from '../support/statistics.js';

export interface GrpcFigures {
  readonly grpc_clients: number;
  readonly grpc_in_flight_each: number;
  readonly grpc_writes_per_second: number;
  readonly grpc_p50_ms: number;
  readonly grpc_p99_ms: number;
  readonly grpc_failed: number;
}

const DATA = new Uint8Array(200);
const WARM_UP_MS = 2000;

/** Writes through the gRPC door: `clients` sessions, each on a stream of its own, spread over all members. */
export async function measureGrpcDoor(
  clients: number,
  inFlight: number,
  seconds: number,
): Promise<GrpcFigures> {
  const cluster = await DevCluster.start({ masters: 3, agents: 0 });
  const addresses = cluster.grpcAddresses;
  const trees = Array.from(
    { length: clients },
    (_, i) => new Tree({ addresses: [addresses[i % addresses.length]!] }),
  );
  try {
    await trees[0]!.create('/door');
    await Promise.all(trees.map((tree, i) => tree.create(`/door/c${i}`)));
    await load(trees, inFlight, WARM_UP_MS);
    const begunMs = performance.now();
    const { latencies, failed } = await load(trees, inFlight, seconds * 1000);
    const elapsedMs = performance.now() - begunMs;
    return {
      grpc_clients: clients,
      grpc_in_flight_each: inFlight,
      grpc_writes_per_second: Math.round((latencies.length / elapsedMs) * 1000),
      grpc_p50_ms: round(percentile(latencies, 50), 2),
      grpc_p99_ms: round(percentile(latencies, 99), 2),
      grpc_failed: failed,
    };
  } finally {
    await Promise.all(trees.map((tree) => tree.close()));
    await cluster.stop();
  }
}

async function load(
  trees: readonly Tree[],
  inFlight: number,
  ms: number,
): Promise<{ latencies: number[]; failed: number }> {
  const until = performance.now() + ms;
  const latencies: number[] = [];
  let failed = 0;
  const one = async (tree: Tree, path: string) => {
    while (performance.now() < until) {
      const sentMs = performance.now();
      try {
        await tree.set(path, DATA);
        latencies.push(performance.now() - sentMs);
      } catch {
        failed++;
      }
    }
  };
  const loops = trees.flatMap((tree, i) => Array.from({ length: inFlight }, () => one(tree, `/door/c${i}`)));
  await Promise.all(loops);
  return { latencies, failed };
}
