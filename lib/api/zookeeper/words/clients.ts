import { nameOfOp } from '../op-names.js';
import { hex } from './format.js';
import type { ConnectionView, WordSource } from './types.js';

/** Minus one, as 64 bits: no answer yet. */
const NO_ZXID = 'ffffffffffffffff';

export function cons(source: WordSource): string {
  return `${source
    .connections()
    .map((connection) => `${clientLine(connection, true)}\n`)
    .join('')}\n`;
}

export function crst(source: WordSource): string {
  for (const { traffic } of source.connections()) traffic.reset();
  return 'Connection stats reset.\n';
}

/** One connection as `stat` shows it, or with all that is known of it as `cons` does. */
export function clientLine(connection: ConnectionView, whole: boolean): string {
  const { remote, reading, session, traffic } = connection;
  const { received, sent } = traffic.counters;
  const counts = [`queued=${traffic.outstanding}`, `recved=${received}`, `sent=${sent}`];
  const more = whole && session !== null ? detailsOf(connection, session) : [];
  return ` /${remote}[${reading ? 1 : 0}](${[...counts, ...more].join(',')})`;
}

function detailsOf({ timeoutMs, openedAtMs, traffic }: ConnectionView, session: string): string[] {
  const { lastAnswer: last, lastOp } = traffic;
  const { latency } = traffic.counters;
  const named = last !== null && last.xid >= 0;
  return [
    `sid=${hex(session)}`,
    `lop=${nameOfOp(lastOp)}`,
    `est=${openedAtMs}`,
    `to=${timeoutMs}`,
    ...(named ? [`lcxid=0x${last.xid.toString(16)}`] : []),
    `lzxid=0x${last === null ? NO_ZXID : last.zxid.toString(16)}`,
    `lresp=${Math.round(last?.atMs ?? 0)}`,
    `llat=${last?.tookMs ?? 0}`,
    `minlat=${latency.minMs}`,
    `avglat=${Math.round(latency.averageMs)}`,
    `maxlat=${latency.maxMs}`,
  ];
}
