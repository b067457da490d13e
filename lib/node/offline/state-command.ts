import { stat } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { TepuiError } from '../../base/index.js';
import { EXIT } from '../../cli/exit.js';
import type { CliIo } from '../../cli/index.js';
import type { Machine } from '../../state/index.js';
import { readFolder } from '../../storage/offline/index.js';
import { loadArchive } from './load-archive.js';
import { loadFolder } from './load-folder.js';
import { indexOf } from './log-command.js';
import type { Runner } from './runner.js';
import { STATE_TABLES, countsOf, recordsOf, type StateTable } from './state-tables.js';

interface StateFlags {
  readonly at?: string;
  readonly table?: StateTable;
  readonly base?: string;
}

export function addState(program: Command, io: CliIo, run: Runner): void {
  program
    .command('state')
    .description(
      'the state of a cluster at one entry, from a data folder that no process holds or a snapshot file',
    )
    .argument('<source>', 'data folder of a master, or snapshot file')
    .option('--at <index>', 'the entry (default: the last there is; of a snapshot file its own)')
    .option('--base <file>', 'begin with this snapshot file, and apply the log of the folder to it')
    .addOption(new Option('--table <name>', 'one line of JSON per record').choices(STATE_TABLES))
    .action((source: string, flags: StateFlags) => run({ json: true }, () => printState(source, flags, io)));
}

async function printState(source: string, flags: StateFlags, io: CliIo): Promise<number> {
  const at = indexOf('--at', flags.at);
  const state = (await isFolder(source))
    ? await fromFolder(source, at, flags.base)
    : await fromFile(source, at);
  const { machine } = state;
  if (flags.table !== undefined) {
    for (const record of recordsOf(machine, flags.table)) io.out(`${JSON.stringify(record)}\n`);
    return EXIT.done;
  }
  io.out(`${JSON.stringify({ ...state.origin, ...describe(machine, state.index, state.term) })}\n`);
  return EXIT.done;
}

interface StateAt {
  readonly machine: Machine;
  readonly index: number;
  readonly term: number;
  readonly origin: {
    readonly clusterId: string | null;
    readonly generation: number;
    readonly member: string;
  };
}

async function fromFolder(
  folder: string,
  at: number | undefined,
  base: string | undefined,
): Promise<StateAt> {
  const reading = await readFolder(folder);
  try {
    const { clusterId, generation, memberId: member } = reading.identity;
    const loaded = await loadFolder(reading, {
      ...(at === undefined ? {} : { to: at }),
      ...(base === undefined ? {} : { base: await loadArchive(base) }),
    });
    return { ...loaded, origin: { clusterId, generation, member } };
  } finally {
    await reading.close();
  }
}

async function fromFile(file: string, at: number | undefined): Promise<StateAt> {
  const { machine, contents } = await loadArchive(file);
  const { index, term, clusterId, generation, member } = contents.header;
  if (at !== undefined && at !== index) {
    throw new TepuiError('OUT_OF_RANGE', `${file} is the state at entry ${index}, and has no log`);
  }
  return { machine, index, term, origin: { clusterId, generation, member } };
}

/** A cut at the index tells the digest that every member had there. */
function describe(machine: Machine, index: number, term: number): object {
  const cut = machine.beginCut(index, term);
  while (!cut.encodeSlice(Number.MAX_SAFE_INTEGER));
  const { revision, digest, clockMs } = cut;
  return { index, term, revision, digest, time: new Date(clockMs).toISOString(), counts: countsOf(machine) };
}

async function isFolder(source: string): Promise<boolean> {
  try {
    return (await stat(source)).isDirectory();
  } catch (cause) {
    throw new TepuiError('USAGE', `${source} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
