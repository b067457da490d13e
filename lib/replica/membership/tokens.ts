import { createHash } from 'node:crypto';
import { randomHex, TepuiError, type ClusterId, type Random } from '../../base/index.js';

/** How long a join token is good. */
export const TOKEN_TTL_MS = 3_600_000;
const SECRET_BYTES = 24;

/** A token names its group and holds a secret, of which the group keeps the digest only: `<cluster id>.<secret>`. */
export interface JoinToken {
  readonly clusterId: ClusterId;
  readonly secret: string;
}

export function makeToken(clusterId: ClusterId, random: Random): string {
  return `${clusterId}.${randomHex(random, SECRET_BYTES)}`;
}

/** Throws TOKEN_REFUSED for a text that is no token. */
export function parseToken(text: string): JoinToken {
  const [clusterId, secret, ...rest] = text.split('.');
  if (clusterId === undefined || clusterId === '' || secret?.length !== 2 * SECRET_BYTES || rest.length > 0) {
    throw new TepuiError('TOKEN_REFUSED', 'this is no join token: `tepui members add` prints one');
  }
  return { clusterId: clusterId as ClusterId, secret };
}

export function hashOf({ secret }: JoinToken): string {
  return createHash('sha256').update(secret).digest('hex');
}
