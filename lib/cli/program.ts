import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { addAgents } from './commands/agents.js';
import { addEvents } from './commands/events.js';
import { addFrameworks } from './commands/frameworks.js';
import { addMembers } from './commands/members.js';
import { addRun } from './commands/run.js';
import { addSample } from './commands/sample.js';
import { addStatus } from './commands/status.js';
import { addTasks } from './commands/tasks.js';
import { addZk } from './commands/zk.js';
import { CLIENT_VARIABLES, Context, type ClientFlags } from './context.js';
import { EXIT, describeError, errorJson, exitCodeOf } from './exit.js';
import type { CliIo } from './io.js';

/** Runs what a command does and keeps its exit code; called from commander's actions. */
export type Run = <Flags extends ClientFlags>(
  flags: Flags,
  action: (context: Context<Flags>) => Promise<number>,
) => Promise<void>;

/** Commands that another room brings along. */
export interface CommandModule {
  /** TEPUI_* variables that its commands read. */
  readonly variables: readonly string[];
  /** `finish` takes the exit code; errors that an action throws are printed and turned into one. */
  add(program: Command, io: CliIo, finish: (exitCode: number) => void): void;
}

interface Program {
  readonly command: Command;
  readonly exitCode: () => number;
}

export function buildProgram(io: CliIo, modules: readonly CommandModule[]): Program {
  let exitCode: number = EXIT.done;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const run: Run = async (flags, action) => {
    try {
      finish(await action(new Context(io, flags)));
    } catch (error) {
      io.err(flags.json === true ? `${errorJson(error)}\n` : `${describeError(error)}\n`);
      finish(exitCodeOf(error));
    }
  };
  const command = new Command('tepui')
    .description('A highly available cluster master.')
    .version(release(), '--version', 'the release')
    .helpOption('-h, --help', 'what commands and flags there are')
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'tepui: ')),
    })
    // A verb's flags are its own: those that only its noun knows are errors behind it.
    .enablePositionalOptions()
    .exitOverride();
  for (const module of modules) module.add(command, io, finish);
  for (const add of [
    addStatus,
    addMembers,
    addAgents,
    addFrameworks,
    addTasks,
    addRun,
    addEvents,
    addSample,
    addZk,
  ]) {
    add(command, run);
  }
  inheritSettings(command);
  return { command, exitCode: () => exitCode };
}

/** Parses and runs a command line (without the program's own name); resolves with the exit code. */
export async function main(
  argv: readonly string[],
  io: CliIo,
  modules: readonly CommandModule[] = [],
): Promise<number> {
  warnOfUnknownVariables(io, modules);
  const { command, exitCode } = buildProgram(io, modules);
  try {
    await command.parseAsync(argv, { from: 'user' });
    return exitCode();
  } catch (error) {
    // Commander has printed its own: usage errors, but also help and version, which are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    io.err(`${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

/** Commander copies settings to subcommands only as they are made; the modules' own must get them too. */
function inheritSettings(command: Command): void {
  command.showHelpAfterError('(--help lists commands and flags)').allowExcessArguments(false);
  for (const sub of command.commands) {
    sub.copyInheritedSettings(command);
    inheritSettings(sub);
  }
}

/** Set for tasks by the agent, and for processes of `dev`: present where a command runs inside one. */
const SURROUNDINGS = [
  'TEPUI_AGENT_ID',
  'TEPUI_FRAMEWORK_ID',
  'TEPUI_TASK_ID',
  'TEPUI_RUN_ID',
  'TEPUI_LIFELINE_FD',
];

function warnOfUnknownVariables(io: CliIo, modules: readonly CommandModule[]): void {
  const known = new Set<string>([...CLIENT_VARIABLES, ...SURROUNDINGS]);
  for (const { variables } of modules) for (const name of variables) known.add(name);
  for (const name of Object.keys(io.env).sort()) {
    if (!name.startsWith('TEPUI_') || known.has(name)) continue;
    io.err(`tepui: warning: nothing reads the variable ${name}\n`);
  }
}

function release(): string {
  const manifest = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };
  return manifest.version;
}
