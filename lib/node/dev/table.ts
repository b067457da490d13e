import type { AgentRow, MasterRow, Picture, TaskRow } from './picture.js';

/** Columns aligned by width; the first row is the heading. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd());
}

function masterCells({ id, role, term, appliedIndex, lag, pid, grpc }: MasterRow): string[] {
  return [id, role, String(term), String(appliedIndex), String(lag), pid === null ? '-' : String(pid), grpc];
}

function agentCells(agent: AgentRow): string[] {
  const cpus = `${round(agent.cpusUsed)} / ${round(agent.cpusTotal)}`;
  const mem = `${Math.round(agent.memUsedMb)} / ${Math.round(agent.memTotalMb)} MB`;
  const pid = agent.pid === null ? '-' : String(agent.pid);
  return [agent.id, agent.state, cpus, mem, String(agent.tasks), pid];
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const SHOWN_TASKS = 12;

function taskLines(tasks: readonly TaskRow[]): string[] {
  if (tasks.length === 0) return ['  none'];
  const shown = tasks
    .slice(0, SHOWN_TASKS)
    .map(({ id, state, agent, framework }) => [id, state, agent, framework]);
  const lines = columns([['TASK', 'STATE', 'AGENT', 'FRAMEWORK'], ...shown]);
  if (tasks.length > SHOWN_TASKS) lines.push(`  … and ${tasks.length - SHOWN_TASKS} more`);
  return lines;
}

/** The live view: masters, agents, tasks, and what to try. */
export function renderTable({ masters, agents, tasks, leader, trouble }: Picture): string {
  const leading = masters.find(({ id }) => id === leader);
  const hint =
    leading === undefined || leading.pid === null
      ? trouble
      : `kill -9 ${leading.pid}  ends the leader ${leading.id}: watch the next one take over. Ctrl-C stops everything.`;
  return [
    ...columns([['MASTER', 'ROLE', 'TERM', 'INDEX', 'LAG', 'PID', 'GRPC'], ...masters.map(masterCells)]),
    '',
    ...columns([['AGENT', 'STATE', 'CPUS', 'MEMORY', 'TASKS', 'PID'], ...agents.map(agentCells)]),
    '',
    ...taskLines(tasks),
    '',
    `  ${hint}`,
  ].join('\n');
}
