import { TepuiError } from '../../base/index.js';
import type { ZooKeeper, ZooKeeperListener } from '../../client/zookeeper/index.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { LONG_SESSION_MS, zooKeeperOf, type ZkFlags } from './context.js';

export interface WatchFlags extends ZkFlags {
  readonly recursive?: boolean;
}

/** Prints events until Ctrl-C; a session that expired meanwhile is replaced by a new one. */
export async function watch(context: Context<WatchFlags>, path: string): Promise<number> {
  const interrupted = interruption(context);
  try {
    for (let first = true; ; first = false) {
      const ended = await watchOnce(context, path, first, interrupted.whenInterrupted);
      if (ended === 'interrupted') return EXIT.interrupted;
      context.io.err(`tepui: ${ended.message}; going on. What changed meanwhile was not told.\n`);
    }
  } finally {
    interrupted.forget();
  }
}

type Ended = 'interrupted' | TepuiError;

/** One session. Throws what a new one would not mend, and any error before the first event could come. */
async function watchOnce(
  context: Context<WatchFlags>,
  path: string,
  first: boolean,
  whenInterrupted: Promise<Ended>,
): Promise<Ended> {
  let end!: (error: TepuiError) => void;
  const whenEnded = new Promise<Ended>((resolve) => (end = resolve));
  const client = zooKeeperOf(context, { sessionTimeoutMs: LONG_SESSION_MS, listener: printer(context, end) });
  try {
    const watching = establish(context, client, path);
    const ended = await Promise.race([whenInterrupted, whenEnded, watching]);
    if (ended === 'interrupted') return ended;
    if (!first || ended.code === 'SESSION_EXPIRED') return ended;
    throw ended;
  } finally {
    await client.close();
  }
}

/** Never resolves where the watch stands. */
async function establish(context: Context<WatchFlags>, client: ZooKeeper, path: string): Promise<Ended> {
  try {
    await client.watch(path, context.flags.recursive === true);
  } catch (error) {
    if (error instanceof TepuiError) return error;
    throw error;
  }
  if (!context.json) context.io.err(`tepui: watching ${path}\n`);
  return new Promise<Ended>(() => undefined);
}

function printer(context: Context, ended: (error: TepuiError) => void): ZooKeeperListener {
  const { io } = context;
  return {
    event: (event, path) => context.print({ event, path }, () => `${event} ${path}\n`),
    interrupted: (error) => io.err(`tepui: connection lost (${error.message}); looking for another server\n`),
    resumed: () => io.err('tepui: connected again. What changed meanwhile was not told.\n'),
    ended,
  };
}

function interruption({ io }: Context): {
  readonly whenInterrupted: Promise<Ended>;
  readonly forget: () => void;
} {
  let forget = (): void => undefined;
  const whenInterrupted = new Promise<Ended>((resolve) => {
    forget = io.onInterrupt(() => resolve('interrupted'));
  });
  return { whenInterrupted, forget };
}
