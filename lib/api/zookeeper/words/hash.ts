import type { WordSource } from './types.js';

/** Digests of the state by zxid, which are alike on all members: at checkpoints, not at every 128th write. */
export function hash({ cuts }: WordSource): string {
  return cuts.digests
    .map(({ revision, digest }) => `${revision.toString(16)}: ${digestNumber(digest)}\n`)
    .join('');
}

export function digestNumber(digest: string): bigint {
  return BigInt(`0x${digest}`);
}
