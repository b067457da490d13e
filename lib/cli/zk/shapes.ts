import { permissionLetters, type WireAcl, type WireStat } from '../../client/zookeeper/index.js';

/** JSON shapes of `tepui zk`. They stay as they are for ever; fields may be added. */

export interface StatJson {
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  /** The session in 16 hexadecimal digits; null: not an ephemeral node. */
  readonly ephemeralOwner: string | null;
  readonly dataLength: number;
  readonly numChildren: number;
}

const NOBODY = /^0+$/;

export function statJson(stat: WireStat): StatJson {
  const { czxid, mzxid, pzxid, ctimeMs, mtimeMs, version, cversion, aversion } = stat;
  const { ephemeralOwner, dataLength, numChildren } = stat;
  const owner = NOBODY.test(ephemeralOwner) ? null : ephemeralOwner;
  const versions = { version, cversion, aversion };
  return {
    czxid,
    mzxid,
    pzxid,
    ctimeMs,
    mtimeMs,
    ...versions,
    ephemeralOwner: owner,
    dataLength,
    numChildren,
  };
}

/** The names are those of zkCli. */
export function statText(stat: WireStat): string {
  const lines: readonly (readonly [string, string | number])[] = [
    ['cZxid', hex(stat.czxid)],
    ['ctime', new Date(stat.ctimeMs).toISOString()],
    ['mZxid', hex(stat.mzxid)],
    ['mtime', new Date(stat.mtimeMs).toISOString()],
    ['pZxid', hex(stat.pzxid)],
    ['cversion', stat.cversion],
    ['dataVersion', stat.version],
    ['aclVersion', stat.aversion],
    ['ephemeralOwner', `0x${stat.ephemeralOwner.replace(/^0+(?=.)/, '')}`],
    ['dataLength', stat.dataLength],
    ['numChildren', stat.numChildren],
  ];
  return lines.map(([name, value]) => `${name} = ${value}\n`).join('');
}

function hex(zxid: number): string {
  return `0x${zxid.toString(16)}`;
}

export interface DataJson {
  /** Base64; null: the node has no data, which is not the same as empty data. */
  readonly data: string | null;
  /** The same as text; null: none, or not UTF-8. */
  readonly text: string | null;
}

export function dataJson(data: Uint8Array | null): DataJson {
  if (data === null) return { data: null, text: null };
  return { data: Buffer.from(data).toString('base64'), text: textOf(data) };
}

function textOf(data: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return null;
  }
}

export function aclJson(acl: readonly WireAcl[]): object[] {
  return acl.map(({ scheme, id, permissions }) => ({
    scheme,
    id,
    permissions: permissionLetters(permissions),
  }));
}
