import { TepuiError } from '../../base/index.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { withZooKeeper, type ZkFlags } from './context.js';
import { dataJson, statJson, statText } from './shapes.js';
import { levelsBelow } from './walk.js';

export interface LsFlags extends ZkFlags {
  readonly stat?: boolean;
  readonly recursive?: boolean;
}

export function ls(context: Context<LsFlags>, path: string): Promise<number> {
  const { stat: withStat, recursive } = context.flags;
  if (withStat === true && recursive === true) throw new TepuiError('USAGE', '-s and -R do not go together');
  return withZooKeeper(context, async (client) => {
    if (recursive === true) {
      const paths = (await levelsBelow(client, path)).flat().sort(byParts);
      context.print({ path, paths }, () => lines(paths));
      return EXIT.done;
    }
    const { names, stat } = await client.children(path);
    const children = names.toSorted(byParts);
    const text = (): string => lines(children) + (withStat === true ? statText(stat) : '');
    context.print({ path, children, stat: statJson(stat) }, text);
    return EXIT.done;
  });
}

export function get(context: Context<ZkFlags>, path: string): Promise<number> {
  return withZooKeeper(context, async (client) => {
    const { data, stat } = await client.get(path);
    if (context.json) context.print({ path, ...dataJson(data), stat: statJson(stat) }, () => '');
    else if (data !== null) context.io.outBytes(data);
    return EXIT.done;
  });
}

export function stat(context: Context<ZkFlags>, path: string): Promise<number> {
  return withZooKeeper(context, async (client) => {
    const found = await client.stat(path);
    context.print({ path, stat: statJson(found) }, () => statText(found));
    return EXIT.done;
  });
}

export function whoAmI(context: Context<ZkFlags>): Promise<number> {
  return withZooKeeper(context, async (client) => {
    const identities = await client.whoAmI();
    context.print({ identities }, () => lines(identities.map(({ scheme, id }) => `${scheme}:${id}`)));
    return EXIT.done;
  });
}

export function sync(context: Context<ZkFlags>, path: string): Promise<number> {
  return withZooKeeper(context, async (client) => {
    await client.sync(path);
    context.print({ path }, () => `synced ${path}\n`);
    return EXIT.done;
  });
}

function lines(list: readonly string[]): string {
  return list.map((line) => `${line}\n`).join('');
}

/** A node before its children, and these before its next sibling: `/a`, `/a/b`, `/a-b`. */
function byParts(a: string, b: string): number {
  const [left, right] = [a, b].map((path) => path.replaceAll('/', '\u0001'));
  return left! < right! ? -1 : left === right ? 0 : 1;
}
