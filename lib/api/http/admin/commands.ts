import {
  isServing,
  NO_TRACE,
  propertiesOf,
  type Word,
  type WordSource,
} from '../../zookeeper/words/index.js';
import { connections, resetConnections } from './connections.js';
import type { Json } from './jackson.js';
import { isLeader, observers, votingView, zabState } from './members.js';
import {
  configuration,
  dirs,
  environment,
  hash,
  isReadOnly,
  lastSnapshot,
  monitor,
  serverStats,
} from './server.js';
import { dump, watches, watchesByPath, watchSummary } from './watches.js';

/** What a command answers, without its name and the error. */
export type Answer = Readonly<Record<string, Json>>;

interface AdminCommand {
  /** The first one is that of the answer. */
  readonly names: readonly string[];
  /** The four-letter word that tells as much: it has to be allowed. */
  readonly word: Word;
  /** It tells of this process, whether there is a leader or not. */
  readonly always?: true;
  readonly run: (source: WordSource) => Answer;
}

/** Commands of ZooKeeper 3.8's AdminServer (Commands.java) by its names and short names. */
const COMMANDS: readonly AdminCommand[] = [
  { names: ['configuration', 'conf', 'config'], word: 'conf', always: true, run: configuration },
  { names: ['connection_stat_reset', 'crst'], word: 'crst', run: resetConnections },
  { names: ['connections', 'cons'], word: 'cons', run: connections },
  { names: ['dirs'], word: 'dirs', always: true, run: dirs },
  { names: ['dump'], word: 'dump', run: dump },
  { names: ['environment', 'env', 'envi'], word: 'envi', always: true, run: environment },
  { names: ['get_trace_mask', 'gtmk'], word: 'gtmk', always: true, run: () => ({ tracemask: NO_TRACE }) },
  { names: ['hash'], word: 'hash', run: hash },
  { names: ['initial_configuration', 'icfg'], word: 'conf', run: () => ({ initial_configuration: null }) },
  { names: ['is_read_only', 'isro'], word: 'isro', run: (source) => ({ read_only: isReadOnly(source) }) },
  { names: ['last_snapshot', 'lsnp'], word: 'srvr', run: lastSnapshot },
  { names: ['leader', 'lead'], word: 'srvr', run: isLeader },
  { names: ['monitor', 'mntr'], word: 'mntr', run: monitor },
  // Nothing is counted of learners, so there is nothing to forget.
  { names: ['observer_connection_stat_reset', 'orst'], word: 'crst', run: () => ({}) },
  { names: ['observers', 'obsr'], word: 'srvr', run: observers },
  { names: ['ruok'], word: 'ruok', always: true, run: () => ({}) },
  { names: ['server_stats', 'srvr'], word: 'srvr', run: serverStats },
  {
    names: ['set_trace_mask', 'stmk'],
    word: 'gtmk',
    always: true,
    run: () => ({ error: 'There is no trace log' }),
  },
  {
    names: ['stat_reset', 'srst'],
    word: 'srst',
    run: ({ counters }) => {
      counters.reset();
      return {};
    },
  },
  {
    names: ['stats', 'stat'],
    word: 'stat',
    run: (source) => ({ ...serverStats(source), ...connections(source, 'briefly') }),
  },
  { names: ['system_properties', 'sysp'], word: 'envi', always: true, run: () => propertiesOf() },
  { names: ['voting_view'], word: 'srvr', run: votingView },
  { names: ['watch_summary', 'wchs'], word: 'wchs', run: watchSummary },
  { names: ['watches', 'wchc'], word: 'wchc', run: watches },
  { names: ['watches_by_path', 'wchp'], word: 'wchp', run: watchesByPath },
  { names: ['zabstate'], word: 'srvr', run: zabState },
];

const BY_NAME: ReadonlyMap<string, AdminCommand> = new Map(
  COMMANDS.flatMap((command) => command.names.map((name) => [name, command])),
);

/** Names for people, in order. */
export const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ names }) => names[0]!);

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';

/** The whole answer: like ZooKeeper's, with `command` and `error` (null when all is well) at its end. */
export function runCommand(name: string, source: WordSource): Answer {
  const command = BY_NAME.get(name);
  if (command === undefined) return { command: name, error: `Unknown command: ${name}` };
  const own = command.names[0]!;
  if (!source.words.has(command.word)) {
    const error = `${own} is not executed because its word ${command.word} is not in the whitelist`;
    return { command: own, error };
  }
  if (command.always !== true && !isServing(source)) return { command: own, error: NOT_SERVING };
  const answer = command.run(source);
  return 'error' in answer ? { ...answer, command: own } : { ...answer, command: own, error: null };
}
