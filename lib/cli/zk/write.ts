import { readFileSync } from 'node:fs';
import { TepuiError } from '../../base/index.js';
import {
  ANY_VERSION,
  OPEN_ACL,
  parseAcl,
  type NewNode,
  type NodeKind,
  type WireStat,
} from '../../client/zookeeper/index.js';
import { positive, wholeNumber, type Context } from '../context.js';
import { EXIT, describeError, errorJson } from '../exit.js';
import { LONG_SESSION_MS, withZooKeeper, zooKeeperOf, type ZkFlags } from './context.js';
import { statJson } from './shapes.js';

export interface DataFlags extends ZkFlags {
  readonly file?: string;
}

export interface SetFlags extends DataFlags {
  readonly null?: boolean;
  readonly version?: string;
}

export interface CreateFlags extends DataFlags {
  readonly ephemeral?: boolean;
  readonly sequential?: boolean;
  readonly container?: boolean;
  readonly ttl?: string;
  readonly acl?: string;
}

export async function set(
  context: Context<SetFlags>,
  path: string,
  text: string | undefined,
): Promise<number> {
  const { null: none, version } = context.flags;
  const data = await dataOf(context, text);
  if ((data === null) !== (none === true)) {
    throw new TepuiError('USAGE', 'give data, --file or --null: one of them');
  }
  const expected = versionOf(version);
  return withZooKeeper(context, async (client) => {
    const stat = await client.set(path, data, expected);
    context.print({ path, stat: statJson(stat) }, () => `${path} has version ${stat.version}\n`);
    return EXIT.done;
  });
}

export async function create(
  context: Context<CreateFlags>,
  path: string,
  text: string | undefined,
): Promise<number> {
  const { acl } = context.flags;
  const kind = kindOf(context.flags);
  const node = {
    path,
    data: await dataOf(context, text),
    acl: acl === undefined ? OPEN_ACL : parseAcl(acl),
    kind,
  };
  if (kind.kind === 'ephemeral') return hold(context, node);
  return withZooKeeper(context, async (client) => {
    print(context, await client.create(node));
    return EXIT.done;
  });
}

/** An ephemeral node lives as long as its session: the command goes on until Ctrl-C. */
async function hold(context: Context<CreateFlags>, node: NewNode): Promise<number> {
  const { io } = context;
  return new Promise<number>((resolve, reject) => {
    const client = zooKeeperOf(context, {
      sessionTimeoutMs: LONG_SESSION_MS,
      listener: {
        event: () => undefined,
        interrupted: (error) => io.err(`tepui: connection lost (${error.message}); going on\n`),
        resumed: () => undefined,
        ended: (error) => {
          forget();
          io.err(`${context.json ? errorJson(error) : describeError(error)}\n`);
          resolve(EXIT.endedBadly);
        },
      },
    });
    const forget = io.onInterrupt(() => {
      forget();
      void client.close().then(() => resolve(EXIT.interrupted));
    });
    client.create(node).then(
      (created) => print(context, created),
      (error: unknown) => {
        forget();
        void client.close().then(() => reject(error as Error));
      },
    );
  });
}

function print(context: Context, { path, stat }: { readonly path: string; readonly stat: WireStat }): void {
  context.print({ path, stat: statJson(stat) }, () => `${path}\n`);
}

function kindOf({ ephemeral, sequential, container, ttl }: CreateFlags): NodeKind {
  const chosen = [ephemeral === true, container === true, ttl !== undefined].filter(Boolean).length;
  if (chosen > 1) throw new TepuiError('USAGE', '-e, -c and --ttl do not go together');
  if (container === true) {
    if (sequential === true) throw new TepuiError('USAGE', '-c and -s do not go together');
    return { kind: 'container' };
  }
  if (ttl === undefined) {
    return { kind: ephemeral === true ? 'ephemeral' : 'persistent', sequential: sequential === true };
  }
  const ttlMs = Math.ceil(positive('--ttl', ttl) * 1000);
  return { kind: 'ttl', sequential: sequential === true, ttlMs };
}

export function versionOf(text: string | undefined): number {
  return text === undefined ? ANY_VERSION : wholeNumber('--version', text, 0);
}

/** From the argument, a file, or standard input (`--file -`); null without any. Throws USAGE. */
async function dataOf(
  { flags, io }: Context<DataFlags>,
  text: string | undefined,
): Promise<Uint8Array | null> {
  const { file } = flags;
  if (text !== undefined) {
    if (file === undefined) return Buffer.from(text);
    throw new TepuiError('USAGE', 'data as an argument and --file do not go together');
  }
  if (file === undefined) return null;
  if (file === '-') return io.input();
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TepuiError('USAGE', `--file: ${(cause as Error).message}`, { cause });
  }
}
