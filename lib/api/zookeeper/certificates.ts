import type { TLSSocket } from 'node:tls';
import type { Identity } from '../../state/index.js';
import { distinguishedName } from './distinguished-name.js';

/**
 * Who a client is by its certificate: the subject's name, in the scheme `x509`. None for a client that showed none;
 * null for one that showed a certificate of another authority, or one that does not hold (any more).
 */
export function certificateIdentities(socket: TLSSocket): readonly Identity[] | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return [];
  if (!socket.authorized) return null;
  const id = distinguishedName(certificate.raw);
  return id === null ? null : [{ scheme: 'x509', id }];
}
