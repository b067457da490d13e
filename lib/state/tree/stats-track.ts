import { utf8Decode, utf8Encode } from '../../base/index.js';

/**
 * The text in which ZooKeeper keeps limits and use of a subtree (StatsTrack):
 *
 *     count=<nodes>,bytes=<data>[=;byteHardLimit=<bytes>;countHardLimit=<nodes>]
 *
 * -1 is no limit.
 */
export interface StatsTrack {
  readonly count: number;
  readonly bytes: number;
  readonly countHardLimit: number;
  readonly byteHardLimit: number;
}

const NONE = -1;
const PAIR = /^([A-Za-z]+)=(-?\d{1,15})$/;

/** Unreadable text, which a client may have written by hand, sets no limit. */
export function readStatsTrack(data: Uint8Array): StatsTrack {
  const values = new Map<string, number>();
  for (const part of textOf(data).split(/[,;]|=;/)) {
    const pair = PAIR.exec(part);
    if (pair !== null) values.set(pair[1]!, Number(pair[2]));
  }
  return {
    count: values.get('count') ?? NONE,
    bytes: values.get('bytes') ?? NONE,
    countHardLimit: values.get('countHardLimit') ?? NONE,
    byteHardLimit: values.get('byteHardLimit') ?? NONE,
  };
}

export function writeUse(count: number, bytes: number): Uint8Array {
  return utf8Encode(`count=${count},bytes=${bytes}`);
}

function textOf(data: Uint8Array): string {
  try {
    return utf8Decode(data);
  } catch {
    return '';
  }
}
