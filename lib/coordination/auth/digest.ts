import { createHash, timingSafeEqual } from 'node:crypto';
import type { Identity } from '../../state/index.js';

/** The name of whoever may do everything, once. */
const SUPER_USER = 'super';

/**
 * Who `user:password` is in the scheme `digest`: the user and the SHA-1 of the whole, as ZooKeeper's
 * DigestAuthenticationProvider has it. Null for what is no pair.
 */
export function digestId(credentials: Uint8Array): string | null {
  const text = Buffer.from(credentials).toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  const hash = createHash('sha1').update(text).digest('base64');
  return `${text.slice(0, colon)}:${hash}`;
}

/**
 * The identities that credentials of the scheme `digest` prove. `superDigest` is the id, as `digestId` makes it, whose
 * owner passes every check; null: nobody does.
 */
export function digestIdentities(
  credentials: Uint8Array,
  superDigest: string | null,
): readonly Identity[] | null {
  const id = digestId(credentials);
  if (id === null) return null;
  const identity: Identity = { scheme: 'digest', id };
  return superDigest !== null && sameText(id, superDigest)
    ? [{ scheme: SUPER_USER, id: '' }, identity]
    : [identity];
}

function sameText(a: string, b: string): boolean {
  const left = createHash('sha256').update(a).digest();
  const right = createHash('sha256').update(b).digest();
  return timingSafeEqual(left, right);
}
