import process from 'node:process';
import type { Replica } from '../../replica/index.js';
import { metrics, openFiles, openFilesLimit, type WordSource } from '../zookeeper/words/index.js';

interface Sample {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly value: number;
  /** What is no number. */
  readonly labels?: Readonly<Record<string, string>>;
}

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * All numbers in the text form of Prometheus (version 0.0.4). Those of the door for ZooKeeper clients have the names and
 * the type that ZooKeeper's own provider gives them, so its dashboards show them; ours begin with `tepui_`.
 */
export function expose(replica: Replica, zookeeper: WordSource | null): string {
  const samples = [...ofProcess(), ...ofMember(replica), ...ofState(replica)];
  if (zookeeper !== null) samples.push(...ofClients(zookeeper));
  return samples.map(print).join('');
}

function print({ name, help, type, value, labels = {} }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
  const told = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}${told} ${value}\n`;
}

/** What `mntr` tells: numbers by its names, and what is no number as labels of one metric. */
function ofClients(source: WordSource): Sample[] {
  const samples: Sample[] = [];
  const labels: Record<string, string> = {};
  for (const [name, value] of metrics(source)) {
    if (typeof value === 'string') labels[name] = value;
    else samples.push(gauge(name, `zk_${name} of the four-letter word mntr`, value));
  }
  const help = 'What the four-letter word mntr tells in words';
  samples.push({ ...gauge('tepui_zookeeper_info', help, 1), labels });
  return samples;
}

function ofMember(replica: Replica): Sample[] {
  const status = replica.status();
  const { members, interruptions, lease, group } = status;
  const leads = replica.leadership().kind === 'leading';
  return [
    gauge('tepui_serving', '1: this member knows of a leader and serves', Number(status.trouble === null)),
    gauge('tepui_leader', '1: this member leads', Number(leads)),
    gauge('tepui_voter', '1: this member has a vote', Number(status.voter)),
    gauge('tepui_term', 'Term of consensus', status.term),
    gauge('tepui_log_last_index', 'Newest entry in the log of this member', status.lastIndex),
    gauge('tepui_log_commit_index', 'Newest entry that is known to be committed', status.commitIndex),
    gauge('tepui_log_applied_index', 'Newest entry that is applied here', status.appliedIndex),
    counter('tepui_revision', 'Commands tried: the zxid', status.revision),
    gauge('tepui_group_voters', 'Members with a vote', group?.voters.length ?? 0),
    gauge('tepui_group_learners', 'Members without a vote', group?.learners.length ?? 0),
    gauge(
      'tepui_members_connected',
      'Other members that this one reaches',
      members.filter(({ id, connected }) => connected && id !== replica.memberId).length,
    ),
    counter('tepui_loop_gaps_total', 'Pauses of more than half an election timeout', interruptions.loopGaps),
    gauge('tepui_loop_gap_longest_ms', 'The longest of them', interruptions.longestLoopGapMs),
    counter('tepui_leader_doubts_total', 'Pauses while this member led', interruptions.doubts),
    counter(
      'tepui_disk_hand_overs_total',
      'Leaderships given up for a slow disk',
      interruptions.diskHandOvers,
    ),
    counter('tepui_quorum_losses_total', 'Leaderships given up without a quorum', interruptions.quorumLosses),
    counter('tepui_lease_reads_total', 'Reads that were answered by a lease', lease.reads),
  ];
}

function ofState({ machine }: Replica): Sample[] {
  const { bytes, records, budgetBytes } = machine.usage();
  return [
    gauge('tepui_state_bytes', 'Size of the state, as it counts against the budget', bytes),
    gauge('tepui_state_budget_bytes', 'Growth is refused above', budgetBytes),
    gauge('tepui_state_records', 'Records in the state', records),
    gauge('tepui_alarm', '1: copies of the state differ, writes are refused', Number(machine.alarm !== null)),
    gauge('tepui_agents', 'Agents on record', machine.agents.size),
    gauge('tepui_frameworks', 'Frameworks on record', machine.frameworks.size),
    gauge('tepui_tasks', 'Tasks on record', machine.tasks.size),
  ];
}

/** Under the names of Prometheus' own client libraries. */
function ofProcess(): Sample[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    gauge('process_resident_memory_bytes', 'Resident memory', rss),
    gauge('nodejs_heap_size_used_bytes', 'Heap in use', heapUsed),
    counter('process_cpu_seconds_total', 'Processor time of user and system', (user + system) / 1e6),
    gauge('process_start_time_seconds', 'Start, since the Unix epoch', performance.timeOrigin / 1000),
    gauge('process_open_fds', 'Open file descriptors', openFiles()),
    gauge('process_max_fds', 'File descriptors that may be open', openFilesLimit()),
  ];
}

function gauge(name: string, help: string, value: number): Sample {
  return { name, help, type: 'gauge', value };
}

function counter(name: string, help: string, value: number): Sample {
  return { name, help, type: 'counter', value };
}
