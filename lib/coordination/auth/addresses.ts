import type { Identity } from '../../state/index.js';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Who a connection is by where it comes from. A mapped IPv4 address is that address; a zone is of this host only. */
export function addressIdentity(remoteAddress: string): Identity {
  const [address = ''] = remoteAddress.split('%');
  return { scheme: 'ip', id: MAPPED.exec(address)?.[1] ?? address };
}
