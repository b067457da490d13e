import type { Command } from 'commander';
import { TepuiError } from '../../base/index.js';
import { addClientFlags, positive, wholeNumber, type ClientFlags, type Context } from '../context.js';
import type { Run } from '../program.js';
import { TaskRunner, type RunSpec } from '../run/runner.js';

interface RunFlags extends ClientFlags {
  readonly name: string;
  readonly instances: string;
  readonly cpus: string;
  readonly mem: string;
  readonly retry: string;
}

export function addRun(program: Command, run: Run): void {
  const command = program
    .command('run')
    .description('runs instances of a command as tasks, follows them through any failover')
    .argument('<command...>', 'the program and its arguments, after --; no shell touches them')
    .requiredOption('--name <name>', 'tasks are called NAME-0, NAME-1, …')
    .option('--instances <count>', 'how many', '1')
    .option('--cpus <number>', 'CPUs of each instance', '0.1')
    .option('--mem <megabytes>', 'memory of each instance', '32')
    .option('--retry <count>', 'launches an instance again if it did not finish well, so many times', '0');
  addClientFlags(command).action((argv: string[], flags: RunFlags) =>
    run(flags, (context) => new TaskRunner(context, specOf(context, argv)).run()),
  );
}

/** What ids may hold, with room for the number behind the name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;
const MOST_INSTANCES = 10_000;

function specOf({ flags }: Context<RunFlags>, argv: readonly string[]): RunSpec {
  const [program, ...args] = argv;
  if (program === undefined || program === '') throw new TepuiError('USAGE', 'no command given after --');
  if (!NAME.test(flags.name)) {
    throw new TepuiError(
      'USAGE',
      `--name "${flags.name}" must be letters, digits, ".", "_" or "-", at most 200`,
    );
  }
  const instances = wholeNumber('--instances', flags.instances, 1);
  if (instances > MOST_INSTANCES) {
    throw new TepuiError('USAGE', `--instances ${instances} is above ${MOST_INSTANCES}`);
  }
  return {
    name: flags.name,
    instances,
    cpus: positive('--cpus', flags.cpus),
    memMb: positive('--mem', flags.mem),
    retries: wholeNumber('--retry', flags.retry, 0),
    command: [program, ...args],
  };
}
