import { TepuiError } from '../../base/index.js';
import type { ZooKeeper } from '../../client/zookeeper/index.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { withZooKeeper, type ZkFlags } from './context.js';
import { inBatches, levelsBelow } from './walk.js';
import { versionOf } from './write.js';

export interface RmFlags extends ZkFlags {
  readonly recursive?: boolean;
  readonly version?: string;
}

/** Whoever creates nodes meanwhile is outrun, or not, in so many rounds. */
const ROUNDS = 5;

/** Their children would be deleted before the server refused them. */
const KEPT: ReadonlySet<string> = new Set(['/', '/zookeeper']);

export async function rm(context: Context<RmFlags>, path: string): Promise<number> {
  const { recursive, version } = context.flags;
  const expected = versionOf(version);
  if (recursive !== true) {
    return withZooKeeper(context, async (client) => {
      await client.delete(path, expected);
      return report(context, path, { deleted: 1, left: [] });
    });
  }
  if (version !== undefined) throw new TepuiError('USAGE', '-r and --version do not go together');
  if (KEPT.has(path)) throw new TepuiError('USAGE', `${path} cannot be deleted`);
  return withZooKeeper(context, async (client) => report(context, path, await removeTree(client, path)));
}

interface Left {
  readonly path: string;
  /** Null: a node above one that is left. */
  readonly error: TepuiError | null;
}

interface Removal {
  readonly deleted: number;
  readonly left: readonly Left[];
}

/** Children first. Throws only while nothing has been deleted. */
async function removeTree(client: ZooKeeper, path: string): Promise<Removal> {
  let deleted = 0;
  for (let round = 1; ; round++) {
    let levels: string[][];
    try {
      levels = await levelsBelow(client, path);
    } catch (cause) {
      const error = asTepuiError(cause);
      if (deleted === 0) throw error;
      // Somebody else deleted the rest.
      return { deleted, left: error.code === 'NO_NODE' ? [] : [{ path, error }] };
    }
    const { left, ...done } = await removeLevels(client, levels);
    deleted += done.deleted;
    const grown = left.every(({ error }) => error === null || error.code === 'NOT_EMPTY');
    if (left.length === 0 || !grown || round === ROUNDS) return { deleted, left };
  }
}

async function removeLevels(client: ZooKeeper, levels: readonly (readonly string[])[]): Promise<Removal> {
  let deleted = 0;
  const left: Left[] = [];
  const blocked = new Set<string>();
  for (const level of levels.toReversed()) {
    const results = await inBatches(level, async (path): Promise<Left | 'deleted' | 'gone'> => {
      return blocked.has(path) ? { path, error: null } : removeOne(client, path);
    });
    for (const result of results) {
      if (result === 'deleted') deleted++;
      else if (result !== 'gone') {
        left.push(result);
        blocked.add(result.path.slice(0, result.path.lastIndexOf('/')));
      }
    }
  }
  return { deleted, left };
}

async function removeOne(client: ZooKeeper, path: string): Promise<Left | 'deleted' | 'gone'> {
  try {
    await client.delete(path);
    return 'deleted';
  } catch (cause) {
    const error = asTepuiError(cause);
    return error.code === 'NO_NODE' ? 'gone' : { path, error };
  }
}

function asTepuiError(cause: unknown): TepuiError {
  if (cause instanceof TepuiError) return cause;
  throw cause;
}

/** Throws what stood in the way where surely nothing was deleted. */
function report(context: Context, path: string, { deleted, left }: Removal): number {
  const errors = left.flatMap(({ error }) => (error === null ? [] : [error]));
  const unknown = errors.some(({ certainty }) => certainty === 'unknown');
  const [first] = errors;
  if (first !== undefined && deleted === 0 && !unknown) throw first;
  const json = left.map((one) => ({ path: one.path, code: one.error?.code ?? null }));
  context.print(
    { path, deleted, left: json },
    () => `${deleted === 1 ? '1 node' : `${deleted} nodes`} deleted\n`,
  );
  if (left.length === 0) return EXIT.done;
  if (!context.json) {
    const each = left.map((one) => (one.error === null ? one.path : `${one.path} [${one.error.code}]`));
    context.io.err(
      `tepui: ${left.length} left below ${path}:\n${each.map((line) => `  ${line}\n`).join('')}`,
    );
  }
  return unknown ? EXIT.unknown : EXIT.endedBadly;
}
