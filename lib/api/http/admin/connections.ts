import type { ConnectionView, WordSource } from '../../zookeeper/words/index.js';
import { nameOfOp } from '../../zookeeper/op-names.js';
import type { Answer } from './commands.js';
import type { Json } from './jackson.js';

/** `secure_connections` are those of a door with TLS. */
export function connections(source: WordSource, how: 'briefly' | 'whole' = 'whole'): Answer {
  const list = source.connections().map((one) => (how === 'whole' ? whole(one) : brief(one)));
  const { secure } = source.settings;
  return { connections: secure ? [] : list, secure_connections: secure ? list : [] };
}

export function resetConnections(source: WordSource): Answer {
  for (const { traffic } of source.connections()) traffic.reset();
  return {};
}

/** Sessions are numbers in JSON. */
export function sessionNumber(session: string | null): bigint {
  return BigInt(`0x${session ?? '0'}`);
}

function brief({ remote, reading, traffic }: ConnectionView): Record<string, Json> {
  const { received, sent } = traffic.counters;
  return {
    remote_socket_address: remote,
    interest_ops: reading ? 1 : 0,
    outstanding_requests: traffic.outstanding,
    packets_received: received,
    packets_sent: sent,
  };
}

function whole(view: ConnectionView): Record<string, Json> {
  const { session, timeoutMs, openedAtMs, traffic } = view;
  const { lastAnswer, lastOp } = traffic;
  const { latency } = traffic.counters;
  return {
    ...brief(view),
    session_id: sessionNumber(session),
    last_operation: nameOfOp(lastOp),
    established: openedAtMs,
    session_timeout: timeoutMs,
    last_cxid: lastAnswer?.xid ?? -1,
    last_zxid: lastAnswer?.zxid ?? -1,
    last_response_time: Math.round(lastAnswer?.atMs ?? 0),
    last_latency: lastAnswer?.tookMs ?? 0,
    min_latency: latency.minMs,
    avg_latency: Math.round(latency.averageMs),
    max_latency: latency.maxMs,
  };
}
