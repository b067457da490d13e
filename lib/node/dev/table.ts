import { age, count, share, table, type Column } from '../../cli/index.js';
import { NOBODY } from './changes.js';
import type { AgentRow, MasterRow, Picture, TaskRow } from './picture.js';

export interface TableSize {
  readonly columns: number;
  readonly rows: number;
}

export interface TableContext extends TableSize {
  readonly wallMs: number;
  /** What happened last, oldest first. */
  readonly recent: readonly string[];
  /** The command line that starts a master of this id again; null: not known. */
  readonly restart: (id: string) => string | null;
}

/**
 * The live view: masters, agents, tasks, what happened and what to try. It takes at most `rows` lines of the
 * terminal: agents give way to masters when there is no room, and tasks to both. Rows are cut at the edge; what
 * stands below them is not, since commands are to be copied from there.
 */
export function renderTable(picture: Picture, context: TableContext): string[] {
  const { columns, rows, wallMs } = context;
  const foot = indented(footer(picture, context));
  const room = rows - foot.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  const masters = mastersTable(picture.masters);
  const free = room - masters.length - 2;
  const agents = shortened(agentsTable(picture.agents), Math.max(3, free - LEAST_TASK_LINES), 'agents');
  const tasks = shortened(tasksTable(picture.tasks, wallMs), free - agents.length, 'tasks');
  const body = [...masters, '', ...agents, '', ...tasks].slice(0, Math.max(0, room));
  return [...indented(body).map((line) => clipped(line, columns)), ...foot];
}

function footer(picture: Picture, { recent, rows, restart }: TableContext): string[] {
  const shown = recent.slice(rows < ROWS_FOR_ALL ? -1 : -recent.length);
  return ['', ...shown, ...(shown.length === 0 ? [] : ['']), ...hints(picture, restart)];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}

/** A terminal with fewer lines shows only the last of what happened. */
const ROWS_FOR_ALL = 24;
/** A title, two tasks and the count of the others. */
const LEAST_TASK_LINES = 4;

const MASTER: readonly Column[] = [
  { title: 'MASTER' },
  { title: 'ROLE' },
  { title: 'TERM', right: true },
  { title: 'INDEX', right: true },
  { title: 'LAG', right: true },
  { title: 'PID', right: true },
  { title: 'GRPC' },
];

function mastersTable(masters: readonly MasterRow[]): string[] {
  return lines(
    MASTER,
    masters.map(({ id, role, progress, pid, grpc }) => {
      const numbers =
        progress === null ? ['-', '-', '-'] : [progress.term, progress.appliedIndex, progress.lag].map(count);
      return [id, role, ...numbers, pidText(pid), grpc];
    }),
  );
}

const AGENT: readonly Column[] = [
  { title: 'AGENT' },
  { title: 'STATE' },
  { title: 'CPUS' },
  { title: 'MEMORY' },
  { title: 'TASKS', right: true },
  { title: 'PID', right: true },
];

function agentsTable(agents: readonly AgentRow[]): string[] {
  return lines(
    AGENT,
    agents.map((agent) => {
      const { id, state, pid, use } = agent;
      if (use === null) return [id, state, '-', '-', '-', pidText(pid)];
      const memory = `${share(Math.round(use.memMb), Math.round(use.memTotalMb))} MB`;
      return [id, state, share(use.cpus, use.cpusTotal), memory, count(use.tasks), pidText(pid)];
    }),
  );
}

const TASK: readonly Column[] = [
  { title: 'TASK' },
  { title: 'STATE' },
  { title: 'AGENT' },
  { title: 'AGE', right: true },
  { title: 'FRAMEWORK' },
];
/** Ids can be 255 characters long. */
const MOST_TASK_CHARACTERS = 32;

function tasksTable(tasks: readonly TaskRow[], wallMs: number): string[] {
  return lines(
    TASK,
    tasks.map(({ id, state, agent, framework, launchedAtMs }) => {
      return [clipped(id, MOST_TASK_CHARACTERS), state, agent, age(wallMs - launchedAtMs), framework];
    }),
  );
}

/** A titled table, or its first title with "none". */
function lines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [`${columns[0]!.title}  none`];
  return table(columns, rows).trimEnd().split('\n');
}

function pidText(pid: number | null): string {
  return pid === null ? '-' : String(pid);
}

/** The first lines of a table, title included, and how many rows did not fit into `most` lines. */
function shortened(all: readonly string[], most: number, what: string): string[] {
  if (all.length <= most) return [...all];
  const shown = all.slice(0, Math.max(1, most - 1));
  return [...shown, `… and ${all.length - shown.length} more ${what}`];
}

function clipped(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}

/** What is wrong, or what to try. Nobody is told to kill a leader whose loss would stop the group. */
function hints(picture: Picture, restart: TableContext['restart']): string[] {
  const { masters, leader, trouble } = picture;
  const leading = masters.find(({ id }) => id === leader);
  const voters = masters.filter(({ voter }) => voter);
  const serving = voters.filter(({ progress }) => progress !== null).length;
  const spare = serving - 1 > voters.length / 2;
  const down = masters.find(({ role }) => role === 'down');
  const again = down === undefined ? null : restart(down.id);
  return [
    ...(leading === undefined ? [trouble || NOBODY] : []),
    ...(leading?.pid && spare
      ? [`kill -9 ${leading.pid} ends ${leading.id}, the leader: watch the next one take over.`]
      : []),
    ...(again === null ? [] : [`${down!.id} is down. From another terminal, this starts it again:`, again]),
    'Ctrl-C stops everything.',
  ];
}
