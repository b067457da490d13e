import {
  TepuiError,
  type ByteReader,
  type ByteWriter,
  type ClusterId,
  type MemberId,
  type NodeId,
} from '../base/index.js';
import { decodeConfiguration, encodeConfiguration } from '../raft/index.js';
import type { Configuration, HardState, SnapshotMeta } from '../raft/types.js';
import { seal, unseal } from './sealed.js';
import type { CutMeta, LogPoint } from './types.js';

/** Layouts of the small records of raft/ and of a cut's meta; all of them sealed. */

/** Bytes of a chain hash: the front half of a SHA-256. */
export const CHAIN_BYTES = 16;

/** The chain below the first entry of a log that starts at index 0. */
export const GENESIS_CHAIN: Uint8Array = new Uint8Array(CHAIN_BYTES);

/** The configuration of a member that was not told one yet: a joining folder before its first snapshot. */
export const NO_CONFIGURATION: Configuration = {
  voters: [],
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
  leaseMs: 0,
};

/** The point below the log, with the chain hash its first entry builds on. */
export interface BaseRecord extends SnapshotMeta {
  readonly chain: Uint8Array;
}

function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  writer.bytes(encodeConfiguration(configuration));
}

function readConfiguration(reader: ByteReader): Configuration {
  return decodeConfiguration(reader.bytes());
}

/** A chain hash outlives the database value it was read from, so it is copied. */
function readChain(reader: ByteReader): Uint8Array {
  return reader.raw(CHAIN_BYTES).slice();
}

export function sealConfiguration(configuration: Configuration): Uint8Array {
  return seal((w) => writeConfiguration(w, configuration));
}

export function unsealConfiguration(bytes: Uint8Array): Configuration {
  return unseal('configuration in raft/', bytes, readConfiguration);
}

export function encodeBase(base: BaseRecord): Uint8Array {
  return seal((w) => {
    w.uint(base.index).uint(base.term).raw(base.chain);
    writeConfiguration(w, base.configuration);
  });
}

export function decodeBase(bytes: Uint8Array): BaseRecord {
  return unseal('base of the log', bytes, (r) => ({
    index: r.uint(),
    term: r.uint(),
    chain: readChain(r),
    configuration: readConfiguration(r),
  }));
}

export function writeHardState(writer: ByteWriter, hard: HardState): void {
  writer.uint(hard.term).bool(hard.vote !== null);
  if (hard.vote !== null) writer.text(hard.vote);
}

export function readHardState(reader: ByteReader): HardState {
  const term = reader.uint();
  return { term, vote: reader.bool() ? (reader.text() as NodeId) : null };
}

export function encodeHardState(hard: HardState): Uint8Array {
  return seal((w) => writeHardState(w, hard));
}

export function decodeHardState(bytes: Uint8Array): HardState {
  return unseal('term and vote in raft/', bytes, readHardState);
}

/** What `peer` acknowledged. It is named, so that a point found under another's key is recognised. */
export function encodePoint(point: LogPoint, peer: string): Uint8Array {
  return seal((w) => w.uint(point.term).uint(point.index).text(peer));
}

export function decodePoint(bytes: Uint8Array, peer: string): LogPoint {
  const what = `acknowledged point of ${peer}`;
  return unseal(what, bytes, (r) => {
    const point = { term: r.uint(), index: r.uint() };
    // The first folders did not name the peer.
    const named = r.remaining === 0 ? peer : r.text();
    if (named !== peer) throw new TepuiError('DAMAGED', `${what}: that of ${named} is in its place`);
    return point;
  });
}

export function encodeFolderName(name: string): Uint8Array {
  return seal((w) => w.text(name));
}

export function decodeFolderName(bytes: Uint8Array): string {
  return unseal('name of the state folder', bytes, (r) => r.text());
}

/** What raft/ says about whom it belongs to: a copy put into another folder is recognised. */
export interface Owner {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly instance: string;
}

export function encodeOwner(owner: Owner): Uint8Array {
  return seal((w) => w.text(owner.clusterId).text(owner.memberId).text(owner.instance));
}

export function decodeOwner(bytes: Uint8Array): Owner {
  return unseal('owner of raft/', bytes, (r) => ({
    clusterId: r.text() as ClusterId,
    memberId: r.text() as MemberId,
    instance: r.text(),
  }));
}

/** A cut's meta as it is stored, sent to peers and hashed into a snapshot. */
export function encodeCutMeta(meta: CutMeta): Uint8Array {
  return seal((w) => {
    w.uint(meta.index).uint(meta.term).uint(meta.revision).text(meta.digest).raw(meta.chain);
    writeConfiguration(w, meta.configuration);
  });
}

/** Throws DAMAGED. */
export function decodeCutMeta(bytes: Uint8Array): CutMeta {
  return unseal('meta of a cut', bytes, (r) => ({
    index: r.uint(),
    term: r.uint(),
    revision: r.uint(),
    digest: r.text(),
    chain: readChain(r),
    configuration: readConfiguration(r),
  }));
}

/** Raft's order of log positions: term first, then index. Negative when `a` is before `b`. */
export function comparePoints(a: LogPoint, b: LogPoint): number {
  return a.term === b.term ? a.index - b.index : a.term - b.term;
}
