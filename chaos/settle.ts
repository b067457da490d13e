import { Operator, Tree } from '../lib/client/index.js';
import type { Cluster } from './cluster/cluster.js';
import type { History } from './history/history.js';
import type { Load } from './load.js';
import type { Registers } from './workloads/registers.js';
import { ROOT } from './workloads/zookeeper/places.js';
import { walk } from './zookeeper/walk.js';

/** For each step. */
const LIMIT_MS = 60_000;
/** When something went wrong already: what is still missing after this is of the same cause. */
const SHORT_LIMIT_MS = 5_000;

/**
 * After the last fault: a leader, every member at the same index with the same registers, and every task at its
 * end. Resolves to what did not come about within the deadline; empty when all did. A run that `failed` already
 * gets a short one.
 */
export async function settle(
  cluster: Cluster,
  { registers, tasks, zookeeper }: Load,
  history: History,
  { failed, signal }: { readonly failed: boolean; readonly signal: AbortSignal },
): Promise<string[]> {
  const limitMs = failed ? SHORT_LIMIT_MS : LIMIT_MS;
  const operator = new Operator({ addresses: cluster.addresses });
  const problems: string[] = [];
  const attempt = async (step: Promise<unknown>): Promise<void> => {
    await step.catch((error: unknown) => problems.push(`settle: ${describe(error)}`));
  };
  const awaited = (): string[] => tasks?.awaited() ?? [];
  const noTasks = async (): Promise<true | null> => {
    const { items } = await operator.tasks();
    return items.length === 0 && awaited().length === 0 ? true : null;
  };
  try {
    await attempt(cluster.awaitServing(limitMs, signal));
    await attempt(
      cluster.waitFor('every accepted task has ended', limitMs, noTasks, signal).catch((error: unknown) => {
        throw new Error(`${describe(error)}; without an end: ${awaited().slice(0, 10).join(', ') || 'none'}`);
      }),
    );
    for (const workload of zookeeper.values()) {
      let missing: string | null = null;
      const arrived = async (): Promise<true | null> => {
        missing = await workload.awaited();
        return missing === null ? true : null;
      };
      const come = cluster.waitFor('what ZooKeeper clients wait for has come', limitMs, arrived, signal);
      await attempt(
        come.catch((error: unknown) => {
          throw new Error(`${describe(error)}: ${missing ?? 'nobody answers'}`);
        }),
      );
      await workload.close();
    }
    await attempt(awaitEqualIndexes(cluster, limitMs, signal));
    if (signal.aborted) return problems;
    await registers?.readAll();
    if (registers !== null) {
      await attempt(differences(cluster, registers, limitMs).then((found) => void problems.push(...found)));
    }
    if (zookeeper.size > 0) await attempt(walkAll(cluster, history, limitMs, signal));
  } finally {
    operator.close();
  }
  return problems;
}

/** All that is committed is applied, everywhere. */
async function awaitEqualIndexes(cluster: Cluster, limitMs: number, signal: AbortSignal): Promise<void> {
  let seen = '';
  const look = async (): Promise<true | null> => {
    const { members } = await cluster.status();
    seen = members
      .map(({ id, role, appliedIndex, lastIndex }) => `${id} ${role} ${appliedIndex}/${lastIndex}`)
      .join(', ');
    const indexes = new Set(members.map(({ appliedIndex }) => appliedIndex));
    const level = members.every(({ appliedIndex, lastIndex }) => appliedIndex === lastIndex);
    return level && indexes.size === 1 && members.length === cluster.masters.length ? true : null;
  };
  await cluster
    .waitFor('all members have applied the same index', limitMs, look, signal)
    .catch((error: unknown) => {
      throw new Error(`${describe(error)}; they are at ${seen}`);
    });
}

/** Records what each member has of the nodes of ZooKeeper clients; judged with the rest. */
async function walkAll(
  cluster: Cluster,
  history: History,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (const member of cluster.zookeeper) {
    const nodes = await cluster.waitFor(
      `${member.id} shows its nodes`,
      limitMs,
      () => walk(member, ROOT, history, limitMs),
      signal,
    );
    history.add({ type: 'rest', member: member.id, nodes });
  }
}

/** What each member has of its own: no two may differ. */
async function differences(cluster: Cluster, registers: Registers, limitMs: number): Promise<string[]> {
  const views = await Promise.all(
    cluster.addresses.map(async (address, i) => ({
      id: cluster.masters[i]!,
      view: await viewOf(address, registers.keys, limitMs),
    })),
  );
  const [first] = views;
  return views
    .filter(({ view }) => view !== first!.view)
    .map(({ id, view }) => `members differ when at rest: ${first!.id} has ${first!.view}, ${id} has ${view}`);
}

async function viewOf(address: string, keys: readonly string[], limitMs: number): Promise<string> {
  const tree = new Tree({ addresses: [address], callTimeoutMs: limitMs });
  try {
    const found = await Promise.all(keys.map((key) => tree.get(key, { consistency: 'LOCAL' })));
    return JSON.stringify(found.map(({ data, stat }) => [Buffer.from(data).toString(), stat.version]));
  } finally {
    await tree.close();
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
