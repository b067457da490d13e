import { readdirSync, readFileSync } from 'node:fs';
import { decimal, mode, roundedMs, version } from './format.js';
import { outstanding } from './server.js';
import type { WordSource } from './types.js';

type Metric = readonly [name: string, value: string | number];

/** ZooKeeper's core metrics under its names, without their prefix `zk_`. */
export function metrics(source: WordSource): readonly Metric[] {
  const { counters, hub, replica, clock, startedAtMs } = source;
  const { machine } = replica;
  const { latency } = counters;
  return [
    ['version', version(source)],
    ['server_state', mode(source) ?? 'none'],
    ...peerState(source),
    ['ephemerals_count', machine.coordination.ephemeralCount],
    ['num_alive_connections', source.connections().length],
    ['auth_failed_count', counters.authFailed],
    ['avg_latency', roundedMs(latency.averageMs)],
    ['outstanding_requests', outstanding(source)],
    ['znode_count', machine.tree.size],
    ['global_sessions', machine.coordination.size],
    ['local_sessions', 0],
    ['last_client_response_size', counters.sizes.last],
    ['min_client_response_size', counters.sizes.least],
    ['max_client_response_size', counters.sizes.most],
    ['packets_sent', counters.sent],
    ['packets_received', counters.received],
    ['watch_count', hub.watches.size],
    ['min_latency', latency.minMs],
    ['max_latency', latency.maxMs],
    ['max_file_descriptor_count', openFilesLimit()],
    ['open_file_descriptor_count', openFiles()],
    ['approximate_data_size', machine.tree.contentBytes],
    ['uptime', Math.round(clock.monotonicMs() - startedAtMs)],
    ['connection_rejected', source.rejected()],
    ...ofEnsemble(source),
    ...ofLeader(source),
  ];
}

export function mntr(source: WordSource): string {
  return metrics(source)
    .map(([name, value]) => `zk_${name}\t${name === 'avg_latency' ? decimal(Number(value)) : value}\n`)
    .join('');
}

/** As ZooKeeper names the state of a server that serves in an ensemble. */
function peerState(source: WordSource): Metric[] {
  switch (mode(source)) {
    case 'leader':
      return [['peer_state', 'leading - broadcast']];
    case 'follower':
      return [['peer_state', 'following - broadcast']];
    case 'observer':
      return [['peer_state', 'observing - broadcast']];
    case 'standalone':
    case 'read-only':
    case null:
      return [];
  }
}

function ofEnsemble(source: WordSource): Metric[] {
  const { group } = source.replica.status();
  return group === null || mode(source) === 'standalone' ? [] : [['quorum_size', group.voters.length]];
}

function ofLeader(source: WordSource): Metric[] {
  if (mode(source) !== 'leader') return [];
  const { members, self, synced, group } = source.replica.status();
  const connected = members.filter(({ id, connected: here }) => here && id !== self.memberId);
  return [
    ['learners', connected.length],
    ['synced_followers', synced.filter((id) => group?.voters.includes(id)).length],
    ['synced_observers', synced.filter((id) => group?.learners.includes(id)).length],
  ];
}

/** -1 where the system does not tell. */
export function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return -1;
  }
}

export function openFilesLimit(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(limit ?? -1);
  } catch {
    return -1;
  }
}
