import type { PeerHello } from '../../transport/types.js';
import type { mesos } from '../../wire/index.js';

const DEFAULT_PORT = 5050;

/** The master that serves the stream, as SUBSCRIBED names it. */
export function masterInfoOf(self: PeerHello): mesos.MasterInfo {
  const address = addressOf(self.doors.http ?? self.doors.grpc);
  return {
    id: self.nodeId,
    ip: ipv4Of(address.hostname),
    port: address.port,
    hostname: address.hostname,
    version: self.release,
    address,
  };
}

function addressOf(door: string | null): { readonly hostname: string; readonly port: number } {
  const colon = door?.lastIndexOf(':') ?? -1;
  if (door === null || colon < 0) return { hostname: '', port: DEFAULT_PORT };
  return { hostname: door.slice(0, colon), port: Number(door.slice(colon + 1)) };
}

/** In network byte order as Mesos has it; 0 for a name or an IPv6 address. */
function ipv4Of(hostname: string): number {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(hostname)?.slice(1).map(Number);
  if (parts === undefined) return 0;
  return parts.reduceRight((ip, part) => ip * 256 + part, 0);
}
