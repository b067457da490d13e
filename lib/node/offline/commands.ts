import type { Command } from 'commander';
import { withOperator } from '../../cli/commands/with-operator.js';
import { Context, addClientFlags, consistencyOf, type ListFlags } from '../../cli/context.js';
import { EXIT } from '../../cli/exit.js';
import type { CliIo, CommandModule } from '../../cli/index.js';
import { archiveJson, archiveText } from './describe.js';
import { loadArchive } from './load-archive.js';
import { addLog } from './log-command.js';
import { addRecover } from './recover-command.js';
import { addRestore } from './restore-command.js';
import { print, runner, type JsonFlag, type Runner } from './runner.js';
import { discardPartial, saveSnapshot } from './save.js';
import { addState } from './state-command.js';

/** Commands on snapshot files and on data folders that no process holds. */
export const offlineCommands: CommandModule = {
  variables: [],
  add(program, io, finish) {
    const run = runner(io, finish);
    addSnapshot(program, io, run);
    addRecover(program, io, run);
    addState(program, io, run);
    addLog(program, io, run);
  },
};

function addSnapshot(program: Command, io: CliIo, run: Runner): void {
  const command = program.command('snapshot').description('backups of a whole cluster as files');
  addSave(command, io, run);
  addRestore(command, io, run);
  command
    .command('inspect')
    .description('verifies a snapshot file and says what is in it')
    .argument('<file>', 'the snapshot')
    .option('--json', 'JSON for scripts')
    .action((file: string, flags: JsonFlag) =>
      run(flags, async () => {
        const { contents, tables } = await loadArchive(file);
        const json = archiveJson(file, contents, tables);
        print(flags, io, json, () => archiveText(json));
        return EXIT.done;
      }),
    );
}

function addSave(snapshot: Command, io: CliIo, run: Runner): void {
  const verb = snapshot
    .command('save')
    .description('writes the state of a running cluster to a file and proves that it can be loaded')
    .argument('<file>', 'where to; it appears when it is whole and verified')
    .option('--local', 'what the asked master has; needs no leader, may lack the newest changes');
  addClientFlags(verb).action((file: string, flags: ListFlags) =>
    run(flags, () => {
      const context = new Context(io, flags);
      return withOperator(context, async (operator) => {
        const { consistency } = consistencyOf(flags);
        const interrupted = (): void => {
          discardPartial(file);
          io.err('tepui: interrupted: nothing was saved\n');
          process.exit(EXIT.interrupted);
        };
        const unwatch = io.onInterrupt(interrupted);
        const { contents, tables } = await saveSnapshot(operator, file, consistency).finally(unwatch);
        const json = archiveJson(file, contents, tables);
        context.print(json, () => archiveText(json));
        return EXIT.done;
      });
    }),
  );
}
