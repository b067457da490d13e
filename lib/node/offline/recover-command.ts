import type { Command } from 'commander';
import { TepuiError, memberOf } from '../../base/index.js';
import { EXIT } from '../../cli/exit.js';
import type { CliIo } from '../../cli/index.js';
import { count, table } from '../../cli/table.js';
import { Operator } from '../../client/index.js';
import { SYSTEM } from '../../client/internal.js';
import { ask } from './ask.js';
import { aligned, generationText } from './describe.js';
import { recover, type Recovered, type RecoveryPlan } from './recover.js';
import { print, type JsonFlag, type Runner } from './runner.js';
import { lossText, type Survivor } from './survey.js';

interface RecoverFlags extends JsonFlag {
  readonly yes?: boolean;
  readonly skip?: string;
  readonly force?: boolean;
  readonly survey?: boolean;
}

const PROBE_MS = 1500;

export function addRecover(program: Command, io: CliIo, run: Runner): void {
  program
    .command('recover')
    .description('restarts a group that lost its quorum from the best of its surviving data folders')
    .argument('<folder...>', 'data folders of all masters that are left, none of them running')
    .option('--yes', 'do not ask')
    .option('--survey', 'only say what is there and what may be missing')
    .option('--skip <index,…>', 'leave entries out that break apply and have halted the members')
    .option('--force', 'also when a group serves, or the folders could start by themselves')
    .option('--json', 'JSON for scripts; needs --yes or --survey')
    .action((folders: string[], flags: RecoverFlags) =>
      run(flags, () => new RecoverCommand(io, flags).run(folders)),
    );
}

class RecoverCommand {
  private readonly io: CliIo;
  private readonly flags: RecoverFlags;
  private plan: RecoveryPlan | null = null;

  constructor(io: CliIo, flags: RecoverFlags) {
    this.io = io;
    this.flags = flags;
  }

  async run(folders: readonly string[]): Promise<number> {
    const { flags, io } = this;
    if (flags.json === true && flags.yes !== true && flags.survey !== true) {
      throw new TepuiError('USAGE', '--json asks nothing: give --yes or --survey with it');
    }
    const recovered = await recover({
      folders,
      skip: indexesOf(flags.skip),
      force: flags.force === true,
      surveyOnly: flags.survey === true,
      tell: (plan) => this.tell(plan),
      wallMs: SYSTEM.clock.wallMs(),
      random: SYSTEM.random,
      whoLeads: (addresses, clusterId) => this.whoLeads(addresses, clusterId),
      confirm: (plan) => this.confirm(plan),
    });
    const plan = this.plan === null ? {} : planJson(this.plan);
    if (recovered === null) {
      if (flags.survey !== true) io.err('nothing was changed\n');
      else if (flags.json === true) print(flags, io, plan, () => '');
      return flags.survey === true ? EXIT.done : EXIT.refused;
    }
    print(flags, io, { ...plan, ...recovered }, () => recoveredText(recovered));
    return EXIT.done;
  }

  private tell(plan: RecoveryPlan): void {
    this.plan = plan;
    if (this.flags.json !== true) this.io.out(planText(plan));
  }

  private async confirm(plan: RecoveryPlan): Promise<boolean> {
    const { flags, io } = this;
    if (flags.yes === true) return true;
    const { memberId } = plan.best.reading.identity;
    return (await ask(io, `Go on from ${memberId}? What it lacks is lost for ever. Type yes: `)) === 'yes';
  }

  /** A group that answers and has a leader has not lost its quorum. */
  private async whoLeads(addresses: readonly string[], clusterId: string): Promise<string | null> {
    const operator = new Operator({ addresses });
    try {
      const status = await operator.status(PROBE_MS);
      return status.clusterId === clusterId ? status.leader : null;
    } finally {
      operator.close();
    }
  }
}

function indexesOf(text: string | undefined): Set<number> {
  const indexes = (text ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [Number(one)]));
  const wrong = indexes.find((index) => !Number.isSafeInteger(index) || index < 1);
  if (wrong !== undefined) throw new TepuiError('USAGE', `--skip takes indexes of entries, not "${text}"`);
  return new Set(indexes);
}

const COLUMNS = [
  { title: 'MEMBER' },
  { title: 'TERM', right: true },
  { title: 'LAST ENTRY', right: true },
  { title: 'COMMITTED', right: true },
  { title: 'GENERATION' },
  { title: 'FOLDER' },
] as const;

function planText({ survivors, best, loss }: RecoveryPlan): string {
  const rows = survivors.map(({ reading, last, committed }) => [
    reading.identity.memberId,
    count(last.term),
    count(last.index),
    `>= ${count(committed)}`,
    reading.identity.generation === 0 ? 'first' : new Date(reading.identity.generation).toISOString(),
    reading.path,
  ]);
  const damage = survivors.flatMap((one) =>
    damageText(one).map((text) => `${one.reading.identity.memberId}: ${text}\n`),
  );
  const where = `The furthest is ${best.reading.identity.memberId}, at entry ${best.last.index} of term ${best.last.term}.`;
  const text = [where, ...lossText(best, loss)].map((line) => `${line}\n`);
  return `cluster ${best.reading.identity.clusterId}\n\n${table(COLUMNS, rows)}\n${[...damage, ...text].join('')}`;
}

function damageText({ reading, halt }: Survivor): string[] {
  const halted =
    halt === null ? [] : [`halted before entry ${halt.index}, which broke release ${halt.release}`];
  return [...reading.problems, ...halted];
}

/** JSON of the survey; fields may be added. */
function planJson({ survivors, best, loss }: RecoveryPlan): object {
  return {
    survivors: survivors.map((one) => ({
      id: one.reading.identity.memberId,
      node: one.node,
      folder: one.reading.path,
      generation: one.reading.identity.generation,
      term: one.last.term,
      lastIndex: one.last.index,
      committedIndex: one.committed,
      usable: one.usable,
      damage: damageText(one),
    })),
    best: best.reading.identity.memberId,
    missingVoters: loss.away.map(memberOf),
    mayBeMissing: loss.atRisk || loss.known !== null,
    knownMissing: loss.known === null ? null : { from: loss.known.from, to: loss.known.to },
  };
}

function recoveredText(recovered: Recovered): string {
  const { clusterId, generation, node, folder, index, revision, learners, setAside } = recovered;
  const others = learners.map(memberOf).join(', ');
  const lines: [string, string][] = [
    ['cluster', `${clusterId}, ${generationText(generation)}`],
    ['state at', `entry ${count(index)}, revision ${count(revision)}`],
    ['voter', `${node} in ${folder}`],
    ['set aside', setAside],
  ];
  const next =
    learners.length === 0 ? '' : ` Then start ${others}, with former or empty folders: they join it.`;
  return `\n${aligned(lines)}\nStart ${memberOf(node)}.${next}\n`;
}
