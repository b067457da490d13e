import type { Command } from 'commander';
import { TepuiError } from '../../base/index.js';
import { EXIT } from '../../cli/exit.js';
import type { CliIo } from '../../cli/index.js';
import { decodeConfiguration, type Entry } from '../../raft/index.js';
import { decodeCommand, decodeEntry } from '../../state/index.js';
import { readFolder } from '../../storage/offline/index.js';
import { plain } from './plain.js';
import type { JsonFlag, Runner } from './runner.js';

interface LogFlags extends JsonFlag {
  readonly from?: string;
  readonly to?: string;
}

export function addLog(program: Command, io: CliIo, run: Runner): void {
  program
    .command('log')
    .description('the entries of the log in a data folder that no process holds, which is not changed')
    .argument('<folder>', 'the data folder of a master')
    .option('--from <index>', 'the first entry (default: the first there is)')
    .option('--to <index>', 'the last entry (default: the last there is)')
    .option('--json', 'one line of JSON per entry')
    .action((folder: string, flags: LogFlags) => run(flags, () => printLog(folder, flags, io)));
}

async function printLog(folder: string, flags: LogFlags, io: CliIo): Promise<number> {
  const from = indexOf('--from', flags.from);
  const to = indexOf('--to', flags.to);
  const reading = await readFolder(folder);
  try {
    const { log } = reading;
    if (log === null) {
      throw new TepuiError(
        'DAMAGED',
        `${folder} has no log: ${reading.problems.join('; ') || 'it joined no group'}`,
      );
    }
    const { first, last } = log.table;
    if ((from ?? first) < first || (to ?? last) > last) {
      const range = first > last ? `no entry, its log goes on above ${last}` : `entries ${first} to ${last}`;
      throw new TepuiError('OUT_OF_RANGE', `${folder} holds ${range}`);
    }
    for await (const entry of reading.entries(from ?? first, to ?? last)) {
      const described = describeEntry(entry);
      io.out(flags.json === true ? `${JSON.stringify(described)}\n` : entryText(described));
    }
    for (const problem of reading.problems) io.err(`tepui: warning: ${problem}\n`);
    return EXIT.done;
  } finally {
    await reading.close();
  }
}

export function indexOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const index = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(index) && index >= 0) return index;
  throw new TepuiError('USAGE', `${flag} must be the index of an entry, not "${text}"`);
}

/** JSON of one entry; fields may be added. */
export interface EntryJson {
  readonly index: number;
  readonly term: number;
  readonly kind: Entry['kind'];
  readonly bytes: number;
  /** Of commands: when the leader made the entry, and what each member had relayed. */
  readonly time?: string;
  readonly batches?: readonly BatchJson[];
  readonly configuration?: unknown;
  /** What of it cannot be read by this release. */
  readonly problem?: string;
}

interface BatchJson {
  readonly lane: string;
  readonly boot: number;
  readonly number: number;
  readonly commands: readonly unknown[];
}

export function describeEntry(entry: Entry): EntryJson {
  const { index, term, kind, data } = entry;
  const head = { index, term, kind, bytes: data.length };
  try {
    if (kind === 'configuration') return { ...head, configuration: plain(decodeConfiguration(data)) };
    if (kind === 'noop') return head;
    const { timeMs, batches, malformed } = decodeEntry(data);
    return {
      ...head,
      time: new Date(timeMs).toISOString(),
      batches: batches.map(({ lane, boot, number, commands }) => {
        return { lane, boot, number, commands: commands.map(describeCommand) };
      }),
      ...(malformed === 0 ? {} : { problem: `${malformed} sub-batches cannot be read` }),
    };
  } catch (error) {
    return { ...head, problem: (error as Error).message };
  }
}

function describeCommand(bytes: Uint8Array): unknown {
  try {
    return plain(decodeCommand(bytes));
  } catch (error) {
    return { problem: (error as Error).message, bytes: plain(bytes) };
  }
}

function entryText({ index, term, kind, time, batches, configuration, problem }: EntryJson): string {
  const head = `${index}  term ${term}  ${kind === 'normal' ? (time ?? '') : kind}`;
  const inner = (batches ?? []).flatMap(({ lane, number, commands }) =>
    commands.map((command) => `    ${lane} #${number}  ${JSON.stringify(command)}`),
  );
  const rest = [
    ...(configuration === undefined ? [] : [`    ${JSON.stringify(configuration)}`]),
    ...inner,
    ...(problem === undefined ? [] : [`    PROBLEM: ${problem}`]),
  ];
  return `${[head, ...rest].join('\n')}\n`;
}
