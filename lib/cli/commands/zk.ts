import type { Command } from 'commander';
import type { Run } from '../program.js';
import { getAcl, setAcl } from '../zk/acl.js';
import { addZkFlags, type ZkFlags } from '../zk/context.js';
import { get, ls, stat, sync, whoAmI, type LsFlags } from '../zk/read.js';
import { rm, type RmFlags } from '../zk/remove.js';
import { watch, type WatchFlags } from '../zk/watch.js';
import { create, set, type CreateFlags, type SetFlags } from '../zk/write.js';

const FILE = 'data from a file; - is standard input';
const VERSION = 'only while the node has this version';

/** `tepui zk`: nodes of the coordination tree, by ZooKeeper's protocol. */
export function addZk(program: Command, run: Run): void {
  const zk = program
    .command('zk')
    .description('nodes of the tree, on the door for ZooKeeper clients; on a ZooKeeper too');
  addReads(zk, run);
  addWrites(zk, run);
  addAcl(zk, run);
}

function addReads(zk: Command, run: Run): void {
  addZkFlags(
    zk
      .command('ls')
      .description('names of the children')
      .argument('<path>')
      .option('-s, --stat', 'the Stat of the node too')
      .option('-R, --recursive', 'paths of the node and all nodes below'),
  ).action((path: string, flags: LsFlags) => run(flags, async (context) => ls(context, path)));
  for (const [name, what, action] of [
    ['get', 'the data, byte by byte', get],
    ['stat', 'versions, times and sizes', stat],
    ['sync', 'waits until the server has all that was acknowledged before', sync],
  ] as const) {
    addZkFlags(zk.command(name).description(what).argument('<path>')).action((path: string, flags: ZkFlags) =>
      run(flags, (context) => action(context, path)),
    );
  }
  addZkFlags(zk.command('whoami').description('who the server takes you for')).action((flags: ZkFlags) =>
    run(flags, whoAmI),
  );
  addZkFlags(
    zk
      .command('watch')
      .description('changes of a node and of its list of children as they happen, until Ctrl-C')
      .argument('<path>')
      .option('-r, --recursive', 'changes of all nodes below too'),
  ).action((path: string, flags: WatchFlags) => run(flags, (context) => watch(context, path)));
}

function addWrites(zk: Command, run: Run): void {
  addZkFlags(
    zk
      .command('create')
      .description('creates a node; without data it has none, which is not the same as empty')
      .argument('<path>')
      .argument('[data]')
      .option('--file <file>', FILE)
      .option('-e, --ephemeral', 'stands until Ctrl-C')
      .option('-s, --sequential', 'the name gets a number that counts up')
      .option('-c, --container', 'is deleted some time after its last child')
      .option('--ttl <seconds>', 'is deleted when unchanged and without children for so long')
      .option('--acl <acl>', 'scheme:id:cdrwa,… (default: world:anyone:cdrwa)'),
  ).action((path: string, data: string | undefined, flags: CreateFlags) =>
    run(flags, (context) => create(context, path, data)),
  );
  addZkFlags(
    zk
      .command('set')
      .description('replaces the data of a node')
      .argument('<path>')
      .argument('[data]')
      .option('--file <file>', FILE)
      .option('--null', 'takes the data away')
      .option('-v, --version <version>', VERSION),
  ).action((path: string, data: string | undefined, flags: SetFlags) =>
    run(flags, (context) => set(context, path, data)),
  );
  addZkFlags(
    zk
      .command('rm')
      .description('deletes a node')
      .argument('<path>')
      .option('-r, --recursive', 'all nodes below too, children first')
      .option('-v, --version <version>', VERSION),
  ).action((path: string, flags: RmFlags) => run(flags, (context) => rm(context, path)));
}

function addAcl(zk: Command, run: Run): void {
  addZkFlags(zk.command('getAcl').description('who may do what').argument('<path>')).action(
    (path: string, flags: ZkFlags) => run(flags, (context) => getAcl(context, path)),
  );
  addZkFlags(
    zk
      .command('setAcl')
      .description('says who may do what')
      .argument('<path>')
      .argument('<acl>', 'scheme:id:cdrwa, divided by commas')
      .option('-v, --version <version>', 'only while the ACL has this version'),
  ).action((path: string, acl: string, flags: ZkFlags) =>
    run(flags, (context) => setAcl(context, path, acl)),
  );
}
