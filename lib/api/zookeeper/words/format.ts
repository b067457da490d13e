import type { WordSource } from './types.js';

/** The release of ZooKeeper whose protocol and behaviour this is; clients decide by it what they may ask. */
const ZOOKEEPER = '3.8.0';

export function version({ release }: WordSource): string {
  return `${ZOOKEEPER}-tepui-${release}`;
}

/** A session's 16 digits as ZooKeeper writes its numbers. */
export function hex(digits: string): string {
  return `0x${digits.replace(/^0+(?=.)/, '')}`;
}

/** As Java's `DecimalFormat` with four places, and never without one. */
export function decimal(value: number): string {
  const text = value.toFixed(4).replace(/0+$/, '');
  return text.endsWith('.') ? `${text}0` : text;
}

/** As many places as ZooKeeper's averages have. */
export function roundedMs(value: number): number {
  return Number(value.toFixed(4));
}

export type Mode = 'leader' | 'follower' | 'observer' | 'standalone' | 'read-only';

/** Null while this member knows of no leader: there is no service then. */
export function mode({ replica, readOnly }: WordSource): Mode | null {
  const view = replica.leadership();
  if (view.kind === 'none') return readOnly() ? 'read-only' : null;
  const { members, voter } = replica.status();
  if (members.length === 1) return 'standalone';
  if (view.kind !== 'following') return 'leader';
  return voter ? 'follower' : 'observer';
}

/** Whether this member answers clients: not while it knows of no leader. */
export function isServing(source: WordSource): boolean {
  return mode(source) !== null;
}
