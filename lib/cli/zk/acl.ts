import { aclText, parseAcl } from '../../client/zookeeper/index.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { withZooKeeper, type ZkFlags } from './context.js';
import { aclJson, statJson } from './shapes.js';
import { versionOf } from './write.js';

export interface SetAclFlags extends ZkFlags {
  readonly version?: string;
}

export function getAcl(context: Context<ZkFlags>, path: string): Promise<number> {
  return withZooKeeper(context, async (client) => {
    const { acl, stat } = await client.getAcl(path);
    context.print({ path, acl: aclJson(acl), stat: statJson(stat) }, () =>
      acl.map((one) => `${aclText([one])}\n`).join(''),
    );
    return EXIT.done;
  });
}

export async function setAcl(context: Context<SetAclFlags>, path: string, text: string): Promise<number> {
  const acl = parseAcl(text);
  const expected = versionOf(context.flags.version);
  return withZooKeeper(context, async (client) => {
    const stat = await client.setAcl(path, acl, expected);
    context.print({ path, stat: statJson(stat) }, () => `the ACL of ${path} has version ${stat.aversion}\n`);
    return EXIT.done;
  });
}
