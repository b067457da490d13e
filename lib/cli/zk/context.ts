import type { Command } from 'commander';
import { TepuiError } from '../../base/index.js';
import { checkAddresses } from '../../client/internal.js';
import { ZooKeeper, type Credentials, type ZooKeeperListener } from '../../client/zookeeper/index.js';
import { addSharedFlags, asUsage, read, type ClientFlags, type Context } from '../context.js';
import type { CliIo } from '../io.js';

/** The masters' doors for ZooKeeper clients, in the cluster that `tepui dev` starts. */
const DEV_SERVERS = '127.0.0.1:2181,127.0.0.1:2182,127.0.0.1:2183';

/** A server that says nothing is left after two thirds of this, in time for another one to be asked. */
const SHORT_SESSION_MS = 4_000;
/** Of commands that hold something until Ctrl-C. */
export const LONG_SESSION_MS = 10_000;

export interface ZkFlags extends ClientFlags {
  readonly servers?: string;
  readonly auth?: readonly string[];
  readonly authFile?: string;
}

export function addZkFlags(command: Command): Command {
  return addSharedFlags(command)
    .option('--servers <host:port,…>', `servers to ask [TEPUI_ZK_SERVERS] (default: ${DEV_SERVERS})`)
    .option(
      '--auth <scheme:secret>',
      'who you are, as digest:user:password; everybody sees it in the list of processes [TEPUI_ZK_AUTH]',
      (one: string, before: readonly string[] | undefined): readonly string[] | undefined => [
        ...(before ?? []),
        one,
      ],
    )
    .option('--auth-file <file>', 'the same from a file, one a line [TEPUI_ZK_AUTH_FILE]');
}

export interface Holding {
  readonly sessionTimeoutMs?: number;
  readonly listener?: ZooKeeperListener;
}

/** A client as the flags and the environment say. Throws USAGE. */
export function zooKeeperOf(context: Context<ZkFlags>, holding: Holding = {}): ZooKeeper {
  const { io, flags, connection, timeoutMs } = context;
  const servers = (flags.servers ?? io.env['TEPUI_ZK_SERVERS'] ?? DEV_SERVERS)
    .split(',')
    .map((a) => a.trim());
  asUsage('--servers', () => checkAddresses(servers));
  const { sessionTimeoutMs = SHORT_SESSION_MS, listener } = holding;
  const options = { servers, timeoutMs, sessionTimeoutMs, credentials: credentialsOf(flags, io) };
  return new ZooKeeper(options, io.zooKeeper(connection.tls ?? null), listener);
}

/** Runs `action` with a client whose session is ended afterwards. */
export async function withZooKeeper<T>(
  context: Context<ZkFlags>,
  action: (client: ZooKeeper) => Promise<T>,
): Promise<T> {
  const client = zooKeeperOf(context);
  try {
    return await action(client);
  } finally {
    await client.close();
  }
}

function credentialsOf({ auth, authFile }: ZkFlags, { env }: CliIo): Credentials[] {
  const file = authFile ?? env['TEPUI_ZK_AUTH_FILE'];
  const texts = [
    ...(auth ?? env['TEPUI_ZK_AUTH']?.split('\n') ?? []),
    ...(file === undefined ? [] : read('--auth-file', file).split('\n')),
  ];
  return texts.filter((text) => text.trim() !== '').map(credentials);
}

function credentials(text: string): Credentials {
  const at = text.indexOf(':');
  if (at > 0) return { scheme: text.slice(0, at).trim(), secret: text.slice(at + 1).replace(/\r$/, '') };
  // Not the text itself: it may be a password.
  throw new TepuiError('USAGE', '--auth must be scheme:secret, such as digest:user:password');
}
