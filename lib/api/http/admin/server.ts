import { serverNumber } from '../../../state/index.js';
import {
  digestNumber,
  environmentOf,
  isro,
  metrics,
  mode,
  outstanding,
  roundedMs,
  version,
  type WordSource,
} from '../../zookeeper/words/index.js';
import type { Answer } from './commands.js';

export function configuration({ settings, port: portOf, dataDir, replica }: WordSource): Answer {
  const { secure, minTimeoutMs, maxTimeoutMs, perAddress } = settings;
  const port = portOf();
  return {
    client_port: secure ? -1 : port,
    ...(secure ? { secure_client_port: port } : {}),
    data_dir: dataDir,
    data_log_dir: dataDir,
    max_client_cnxns: perAddress,
    min_session_timeout: minTimeoutMs,
    max_session_timeout: maxTimeoutMs,
    server_id: serverNumber(replica.memberId),
    client_port_listen_backlog: -1,
  };
}

/** Log and state share one folder. */
export function dirs({ dataBytes }: WordSource): Answer {
  const size = dataBytes();
  return { datadir_size: size, logdir_size: size };
}

export function environment(source: WordSource): Answer {
  return environmentOf(source);
}

/** Of the release that the digests are compared within. */
const DIGEST_VERSION = 1;

export function hash({ cuts }: WordSource): Answer {
  const digests = cuts.digests.map(({ revision, digest }) => {
    return { zxid: revision, digest: digestNumber(digest), digest_version: DIGEST_VERSION };
  });
  return { digests };
}

/** The state that this process wrote last. Zeros before the first one. */
export function lastSnapshot({ cuts: { last } }: WordSource): Answer {
  const timestamp = Math.floor((last?.atMs ?? 0) / 1000);
  return { zxid: (last?.revision ?? 0).toString(16), timestamp };
}

export function isReadOnly(source: WordSource): boolean {
  return isro(source) === 'ro';
}

export function monitor(source: WordSource): Answer {
  return Object.fromEntries(metrics(source).map(([name, value]) => [name, value]));
}

export function serverStats(source: WordSource): Answer {
  const { counters, replica, clock, startedAtMs, dataBytes } = source;
  const { latency, sizes } = counters;
  const responses = {
    last_buffer_size: sizes.last,
    min_buffer_size: sizes.least,
    max_buffer_size: sizes.most,
  };
  const size = dataBytes();
  return {
    version: version(source),
    read_only: isReadOnly(source),
    server_stats: {
      packets_sent: counters.sent,
      packets_received: counters.received,
      client_response_stats: responses,
      server_state: mode(source) ?? 'none',
      outstanding_requests: outstanding(source),
      min_latency: latency.minMs,
      avg_latency: roundedMs(latency.averageMs),
      max_latency: latency.maxMs,
      data_dir_size: size,
      log_dir_size: size,
      last_processed_zxid: replica.machine.revision,
      num_alive_client_connections: source.connections().length,
      auth_failed_count: counters.authFailed,
      uptime: Math.round(clock.monotonicMs() - startedAtMs),
    },
    client_response: responses,
    node_count: replica.machine.tree.size,
  };
}
