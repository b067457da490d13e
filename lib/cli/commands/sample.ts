import type { Command } from 'commander';
import { addClientFlags, type ClientFlags } from '../context.js';
import type { Run } from '../program.js';
import { Sample } from '../sample/sample.js';

interface SampleFlags extends ClientFlags {
  readonly state?: string;
}

/** Hidden: `tepui dev` starts it. */
export function addSample(program: Command, run: Run): void {
  const command = program
    .command('sample', { hidden: true })
    .description('the sample framework: 4 long tasks, and a short one every second, until interrupted');
  addClientFlags(command)
    .option('--state <file>', 'remembers the framework over restarts')
    .action((flags: SampleFlags) =>
      run(flags, (context) => new Sample(context, flags.state ?? null).start()),
    );
}
