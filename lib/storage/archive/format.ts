import {
  crc32c,
  TepuiError,
  utf8Decode,
  utf8Encode,
  type ClusterId,
  type MemberId,
} from '../../base/index.js';
import type { NodeId } from '../../base/index.js';
import type { Configuration } from '../../raft/types.js';

/**
 * A snapshot file: the state of a cluster at one index, with all it takes to begin a cluster again.
 *
 *   "TEPUI SNAPSHOT 1\n"
 *   section  header (JSON)
 *   section  chunk, chunk, …      the stream that a lagging member would be sent (docs/data-on-disk.md)
 *   section  empty: the chunks end
 *   section  footer (JSON): chunks, records, SHA-256 of the stream
 *   32 bytes SHA-256 of everything before
 *
 *   section = size u32 │ CRC-32C of the bytes u32 │ bytes           integers little-endian
 *
 * The first two parts are text, so that `head -c 2000 FILE` tells a person what it is.
 */
export const ARCHIVE_FORMAT = 1;
export const MAGIC: Uint8Array = utf8Encode(`TEPUI SNAPSHOT ${ARCHIVE_FORMAT}\n`);
export const SECTION_HEAD_BYTES = 8;
/** Above the largest chunk: a longer section is damage. */
export const SECTION_LIMIT_BYTES: number = 1 << 20;
export const SUM_BYTES = 32;

export interface ArchiveHeader {
  readonly format: number;
  readonly clusterId: ClusterId;
  /** Which life of the cluster it was taken from. */
  readonly generation: number;
  /** Who wrote it, and when by that one's clock (Unix epoch). */
  readonly member: MemberId;
  readonly release: string;
  readonly createdAtMs: number;
  readonly index: number;
  readonly term: number;
  readonly revision: number;
  /** Of the machine at `index`, 16 hexadecimal digits. */
  readonly digest: string;
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** How long a leader's lease lasts in this group; 0: no leases. */
  readonly leaseMs: number;
}

export interface ArchiveFooter {
  readonly chunks: number;
  readonly records: number;
  /** SHA-256 of the chunks' bytes, hexadecimal. */
  readonly digest: string;
}

export function damaged(message: string): TepuiError {
  return new TepuiError('SNAPSHOT_DAMAGED', message);
}

export function section(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(SECTION_HEAD_BYTES + bytes.length);
  const view = new DataView(whole.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint32(4, crc32c(bytes), true);
  whole.set(bytes, SECTION_HEAD_BYTES);
  return whole;
}

export function encodeJson(value: ArchiveHeader | ArchiveFooter): Uint8Array {
  return utf8Encode(`${JSON.stringify(value)}\n`);
}

export function decodeHeader(bytes: Uint8Array): ArchiveHeader {
  const fields = parse('header', bytes);
  const number = (name: string): number => numberIn('header', fields, name);
  const string = (name: string): string => stringIn('header', fields, name);
  return {
    format: number('format'),
    clusterId: string('clusterId') as ClusterId,
    generation: number('generation'),
    member: string('member') as MemberId,
    release: string('release'),
    createdAtMs: number('createdAtMs'),
    index: number('index'),
    term: number('term'),
    revision: number('revision'),
    digest: string('digest'),
    voters: nodesIn(fields, 'voters'),
    learners: nodesIn(fields, 'learners'),
    leaseMs: number('leaseMs'),
  };
}

export function decodeFooter(bytes: Uint8Array): ArchiveFooter {
  const fields = parse('footer', bytes);
  return {
    chunks: numberIn('footer', fields, 'chunks'),
    records: numberIn('footer', fields, 'records'),
    digest: stringIn('footer', fields, 'digest'),
  };
}

/** The parts of a configuration that a header tells. One in a joint phase tells both its sides as voters. */
export function membersOf(
  configuration: Configuration,
): Pick<ArchiveHeader, 'voters' | 'learners' | 'leaseMs'> {
  const { voters, outgoing, learners, leaseMs } = configuration;
  return { voters: [...new Set([...voters, ...outgoing])].sort(), learners: [...learners].sort(), leaseMs };
}

function parse(what: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(utf8Decode(bytes));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw damaged(`the ${what} is not JSON`);
}

function numberIn(what: string, fields: Record<string, unknown>, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw damaged(`the ${what} has no whole number ${name}`);
}

function stringIn(what: string, fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw damaged(`the ${what} has no text ${name}`);
}

function nodesIn(fields: Record<string, unknown>, name: string): NodeId[] {
  const value = fields[name];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value as NodeId[];
  throw damaged(`the header has no list ${name}`);
}
