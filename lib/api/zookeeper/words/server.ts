import { clientLine } from './clients.js';
import { decimal, mode, version } from './format.js';
import type { WordSource } from './types.js';

export function srvr(source: WordSource): string {
  return `Zookeeper version: ${version(source)}\n${state(source)}`;
}

export function stat(source: WordSource): string {
  const clients = source.connections().map((connection) => `${clientLine(connection, false)}\n`);
  return `Zookeeper version: ${version(source)}\nClients:\n${clients.join('')}\n${state(source)}`;
}

export function srst({ counters }: WordSource): string {
  counters.reset();
  return 'Server stats reset.\n';
}

/** Members without a leader are no server to Java's clients, which look for one that takes writes by this word. */
export function isro(source: WordSource): string {
  const now = mode(source);
  if (now === null) return 'null';
  return now === 'read-only' ? 'ro' : 'rw';
}

function state(source: WordSource): string {
  const { counters, replica } = source;
  const { latency } = counters;
  const connections = source.connections();
  const lines = [
    `Latency min/avg/max: ${latency.minMs}/${decimal(latency.averageMs)}/${latency.maxMs}`,
    `Received: ${counters.received}`,
    `Sent: ${counters.sent}`,
    `Connections: ${connections.length}`,
    `Outstanding: ${outstanding(source)}`,
    `Zxid: 0x${replica.machine.revision.toString(16)}`,
    `Mode: ${mode(source) ?? 'none'}`,
    `Node count: ${replica.machine.tree.size}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

export function outstanding(source: WordSource): number {
  return source.connections().reduce((sum, { traffic }) => sum + traffic.outstanding, 0);
}
