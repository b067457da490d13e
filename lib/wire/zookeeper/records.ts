import type { JuteReader } from './jute-reader.js';
import type { JuteWriter } from './jute-writer.js';

/** Who may do what (org.apache.zookeeper.data.ACL). `permissions` are bits of `PERMISSION`. */
export interface WireAcl {
  readonly permissions: number;
  readonly scheme: string;
  readonly id: string;
}

/** Fields of org.apache.zookeeper.data.Stat, in the order in which they are sent. */
export interface WireStat {
  readonly czxid: number;
  readonly mzxid: number;
  /** Milliseconds since the Unix epoch. */
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  /** Session of an ephemeral node in 16 hexadecimal digits; `NO_SESSION` for every other. */
  readonly ephemeralOwner: string;
  readonly dataLength: number;
  readonly numChildren: number;
  readonly pzxid: number;
}

export const STAT_BYTES = 68;

/** permissions, scheme, id: no ACL entry is shorter than its three length fields. */
const ACL_BYTES = 12;

export function writeStat(w: JuteWriter, stat: WireStat): void {
  writeStatOf(w, stat, stat.ephemeralOwner);
}

/** The same where the owner is known in another form than the other fields are. */
export function writeStatOf(w: JuteWriter, stat: Omit<WireStat, 'ephemeralOwner'>, owner: string): void {
  w.long(stat.czxid).long(stat.mzxid).long(stat.ctimeMs).long(stat.mtimeMs);
  w.int(stat.version).int(stat.cversion).int(stat.aversion).hexLong(owner);
  w.int(stat.dataLength).int(stat.numChildren).long(stat.pzxid);
}

export function readStat(r: JuteReader): WireStat {
  return {
    czxid: r.long(),
    mzxid: r.long(),
    ctimeMs: r.long(),
    mtimeMs: r.long(),
    version: r.int(),
    cversion: r.int(),
    aversion: r.int(),
    ephemeralOwner: r.hexLong(),
    dataLength: r.int(),
    numChildren: r.int(),
    pzxid: r.long(),
  };
}

export function writeAcls(w: JuteWriter, acls: readonly WireAcl[]): void {
  w.vector(acls, (acl) => w.int(acl.permissions).text(acl.scheme).text(acl.id));
}

export function readAcls(r: JuteReader): WireAcl[] {
  return r.vector(ACL_BYTES, () => ({
    permissions: r.int(),
    scheme: r.requiredText('the scheme of an ACL'),
    id: r.requiredText('the id of an ACL'),
  }));
}

export function writeTexts(w: JuteWriter, texts: readonly string[]): void {
  w.vector(texts, (text) => w.text(text));
}

export function readTexts(r: JuteReader): string[] {
  return r.vector(4, () => r.requiredText('a name in a list'));
}
