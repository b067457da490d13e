import type { SessionId } from '../../base/index.js';

/**
 * What a node is for, in 64 bits as ZooKeeper's EphemeralType has them: 0 is persistent, the highest bit alone a
 * container, 0xff in the highest byte a node with a time to live in the lower five, everything else the session that
 * an ephemeral node belongs to.
 */
export type Owner =
  | { readonly kind: 'persistent' }
  | { readonly kind: 'container' }
  | { readonly kind: 'ttl'; readonly ttlMs: number }
  | { readonly kind: 'session'; readonly session: SessionId };

const POW32 = 0x1_0000_0000;
const CONTAINER_HIGH = 0x8000_0000;
const TTL_HIGH = 0xff00_0000;

/** EphemeralType.TTL.maxValue(): five bytes, one of their bits kept free. */
export const MAX_TTL_MS: number = 2 ** 39;

export const PERSISTENT: Owner = { kind: 'persistent' };
export const CONTAINER: Owner = { kind: 'container' };

export function highBits(owner: Owner): number {
  switch (owner.kind) {
    case 'persistent':
      return 0;
    case 'container':
      return CONTAINER_HIGH;
    case 'ttl':
      return TTL_HIGH + Math.floor(owner.ttlMs / POW32);
    case 'session':
      return parseInt(owner.session.slice(0, 8), 16);
  }
}

export function lowBits(owner: Owner): number {
  switch (owner.kind) {
    case 'persistent':
    case 'container':
      return 0;
    case 'ttl':
      return owner.ttlMs % POW32;
    case 'session':
      return parseInt(owner.session.slice(8), 16);
  }
}

export function ownerOf(high: number, low: number): Owner {
  if (high === 0 && low === 0) return PERSISTENT;
  if (high === CONTAINER_HIGH && low === 0) return CONTAINER;
  if (high >= TTL_HIGH) return { kind: 'ttl', ttlMs: (high - TTL_HIGH) * POW32 + low };
  return { kind: 'session', session: sessionOf(high, low) };
}

function sessionOf(high: number, low: number): SessionId {
  return (high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')) as SessionId;
}
