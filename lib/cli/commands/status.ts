import type { Command } from 'commander';
import type { Alarm, ClusterStatus, MemberStatus, Restored } from '../../client/index.js';
import { addClientFlags, type ClientFlags, type Context } from '../context.js';
import { EXIT } from '../exit.js';
import type { Run } from '../program.js';
import { statusJson } from '../shapes.js';
import { count, table, type Column } from '../table.js';
import { describeVoters, unreachableError } from '../trouble.js';
import { withOperator } from './with-operator.js';

/** Every member answers for itself, and all within this. */
const STATUS_TIMEOUT_MS = 2000;

export function addStatus(program: Command, run: Run): void {
  const command = program
    .command('status')
    .description('who leads, and how every master is; needs no quorum, answers within 2 s');
  addClientFlags(command).action((flags: ClientFlags) => run(flags, showStatus));
}

function showStatus(context: Context): Promise<number> {
  return withOperator(context, async (operator) => {
    const status = await operator.status(Math.min(STATUS_TIMEOUT_MS, context.timeoutMs));
    const answered = status.members.length > 0;
    if (answered || context.json) context.print(statusJson(status), () => statusText(status));
    if (!answered) throw unreachableError(status);
    return status.leader === null ? EXIT.endedBadly : EXIT.done;
  });
}

function statusText(status: ClusterStatus): string {
  const { clusterId, leader, term, trouble, alarms, warnings } = status;
  const cluster = clusterId === null ? 'cluster not formed' : `cluster ${clusterId}`;
  const leading = leader === null ? `no leader: ${describeVoters(status)}` : `leader ${leader}`;
  const warned = warnings.map(({ member, text }) => `WARNING  ${member}: ${text}`);
  const more = [
    ...restoredLines(status.restored),
    ...alarms.flatMap(alarmLines),
    ...warned,
    ...(trouble === '' ? [] : [trouble]),
  ];
  const lines = more.map((line) => `${line}\n`).join('');
  return `${cluster}  term ${term}  ${leading}\n${lines}\n${membersTable(status)}`;
}

/** One line that says what stands, and one for each member's value. */
function alarmLines({ kind, index, values }: Alarm): string[] {
  const what =
    kind === 'diverged'
      ? `the members' copies differ at entry ${index} and none has a majority; writes are refused`
      : `${kind} at entry ${index}`;
  return [`ALARM  ${what}`, ...values.map(({ member, digest }) => `  ${member}  ${digest}`)];
}

function restoredLines(restored: Restored | null): string[] {
  if (restored === null) return [];
  const { file, createdAtMs } = restored.snapshot;
  const [at, taken] = [restored.restoredAtMs, createdAtMs].map((ms) => new Date(ms).toISOString());
  return [`RESTORED  at ${at}, to the snapshot of ${taken}, sha256 ${file.slice(0, 16)}…`];
}

const COLUMNS: readonly Column[] = [
  { title: 'MEMBER' },
  { title: 'ROLE' },
  { title: 'VOTER' },
  { title: 'APPLIED', right: true },
  { title: 'LAG', right: true },
  { title: 'PID', right: true },
  { title: 'GRPC' },
];

export function membersTable({ members }: ClusterStatus): string {
  const furthest = Math.max(0, ...members.map(({ lastIndex }) => lastIndex));
  return table(
    COLUMNS,
    members.map((member) => memberRow(member, furthest)),
  );
}

function memberRow(member: MemberStatus, furthest: number): string[] {
  const { id, role, voter, pid, grpc, appliedIndex } = member;
  const heard = role !== 'unreachable';
  const progress = heard ? [count(appliedIndex), count(furthest - appliedIndex)] : ['-', '-'];
  return [id, role, voter ? 'yes' : 'no', ...progress, heard && pid > 0 ? String(pid) : '-', grpc ?? '-'];
}
