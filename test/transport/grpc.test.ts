import { SeededRandom } from '../../lib/base/index.js';
import { GrpcTransport, TRANSPORT_TIMINGS } from '../../lib/transport/index.js';
import { parseAddress } from '../../lib/wire/index.js';
import { transportContract } from '../contracts/transport.js';
import { systemClock, systemTimers, until } from '../support/system-ports.js';
import { TcpPath } from '../support/tcp-path.js';

/** A cut is noticed sooner than by default; how a healed path is found again is as by default. */
const QUICK = { ...TRANSPORT_TIMINGS, silenceMs: 400, greetingDeadlineMs: 400, transferSilenceMs: 2000 };

const members = new Set<GrpcTransport>();
const paths = new Map<string, TcpPath>();

function pathOf(from: { readonly address: string }, to: { readonly address: string }): TcpPath {
  const path = paths.get(`${from.address}>${to.address}`);
  if (path === undefined) throw new Error('no such path');
  return path;
}

transportContract({
  name: 'over gRPC',
  begin() {},
  async open(handlers, wanted) {
    const port = wanted === null ? 0 : parseAddress(wanted).port;
    const transport = new GrpcTransport({
      host: '127.0.0.1',
      port,
      tls: null,
      handlers,
      clock: systemClock,
      timers: systemTimers,
      random: new SeededRandom(1),
      timings: QUICK,
    });
    await transport.start();
    members.add(transport);
    return { transport, address: `127.0.0.1:${transport.port}` };
  },
  async path(from, to) {
    const { host, port } = parseAddress(to.address);
    const path = new TcpPath(host, port);
    paths.set(`${from.address}>${to.address}`, path);
    return path.open();
  },
  cut(from, to) {
    pathOf(from, to).cut();
  },
  heal(from, to) {
    pathOf(from, to).heal();
  },
  async crash({ transport }) {
    await transport.stop();
  },
  promptMs: 1000,
  nowMs: () => systemClock.monotonicMs(),
  until,
  async end() {
    for (const path of paths.values()) path.close();
    paths.clear();
    await Promise.all([...members].map((member) => member.stop()));
    members.clear();
  },
});
