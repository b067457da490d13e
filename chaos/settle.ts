import { Operator, Tree } from '../lib/client/index.js';
import type { Cluster } from './cluster/cluster.js';
import { waitFor } from './cluster/wait.js';
import type { Registers } from './workloads/registers.js';
import type { TaskLauncher } from './workloads/tasks.js';

const LIMIT_MS = 60_000;

/**
 * After the last fault: a leader, every member at the same index with the same registers, and every task at its
 * end. Resolves to what did not come about within the deadline; empty when all did.
 */
export async function settle(cluster: Cluster, registers: Registers, tasks: TaskLauncher): Promise<string[]> {
  const operator = new Operator({ addresses: cluster.addresses });
  const problems: string[] = [];
  const attempt = async (step: Promise<unknown>): Promise<void> => {
    await step.catch((error: unknown) => problems.push(`settle: ${describe(error)}`));
  };
  try {
    await attempt(cluster.awaitServing(LIMIT_MS));
    await attempt(
      waitFor('every accepted task has ended', LIMIT_MS, async () => {
        const { items } = await operator.tasks();
        return items.length === 0 && tasks.awaited().length === 0 ? true : null;
      }).catch((error: unknown) => {
        throw new Error(
          `${describe(error)}; without an end: ${tasks.awaited().slice(0, 10).join(', ') || 'none'}`,
        );
      }),
    );
    await attempt(awaitEqualIndexes(cluster));
    await registers.readAll();
    problems.push(...(await differences(cluster, registers)));
  } finally {
    operator.close();
  }
  return problems;
}

/** All that is committed is applied, everywhere. */
function awaitEqualIndexes(cluster: Cluster): Promise<unknown> {
  return waitFor('all members have applied the same index', LIMIT_MS, async () => {
    const { members } = await cluster.status();
    const indexes = new Set(members.map(({ appliedIndex }) => appliedIndex));
    const level = members.every(({ appliedIndex, lastIndex }) => appliedIndex === lastIndex);
    return level && indexes.size === 1 && members.length === cluster.masters.length ? true : null;
  });
}

/** What each member has of its own: no two may differ. */
async function differences(cluster: Cluster, registers: Registers): Promise<string[]> {
  const views = await Promise.all(
    cluster.addresses.map(async (address, i) => ({
      id: cluster.masters[i]!,
      view: await viewOf(address, registers.keys),
    })),
  );
  const [first] = views;
  return views
    .filter(({ view }) => view !== first!.view)
    .map(({ id, view }) => `members differ when at rest: ${first!.id} has ${first!.view}, ${id} has ${view}`);
}

async function viewOf(address: string, keys: readonly string[]): Promise<string> {
  const tree = new Tree({ addresses: [address], callTimeoutMs: LIMIT_MS });
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
