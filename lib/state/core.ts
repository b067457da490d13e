import {
  ByteReader,
  ByteWriter,
  MalformedError,
  newerFormat,
  utf8Encode,
  type ClusterId,
  type Hash64,
} from '../base/index.js';
import { DEFAULT_LIMITS, FIRST_LIMITS, LIMIT_NAMES, type MachineLimits } from './limits.js';
import { hashRecord, type Digest } from './store/digest.js';
import type { CutSink, Table } from './store/table.js';

const RECORD_VERSION = 1;
const KEY = utf8Encode('core');
/** A stated size instead of the encoded one, which would make admission depend on the length of counters. */
const RECORD_BYTES = 512;

/**
 * The machine's counters, as one record. Every entry with a command changes it, so it is part of every cut and
 * encoded the moment the cut begins.
 */
export class CoreTable implements Table {
  readonly number: number;
  readonly name = 'core';
  readonly version: number = RECORD_VERSION;
  private readonly digest: Digest;
  private hash: Hash64 | null = null;
  /** Revision and clock as they were encoded last: every change of this record changes one of them. */
  private encoded: { readonly revision: number; readonly clockMs: number } | null = null;

  revision = 0;
  clockMs = 0;
  /** Given to tasks and updates, so that lists have an order that survives a load. */
  lastOrder = 0;
  clusterId: ClusterId | null = null;
  limits: MachineLimits;

  constructor(number: number, digest: Digest, limits: MachineLimits) {
    this.number = number;
    this.digest = digest;
    this.limits = limits;
  }

  get records(): number {
    return 1;
  }

  get bytes(): number {
    return RECORD_BYTES;
  }

  get changedBytes(): number {
    return this.changedRecords * RECORD_BYTES;
  }

  /** 0 while nothing happens: a group at rest writes no cuts. */
  get changedRecords(): number {
    const { encoded, revision, clockMs } = this;
    return encoded !== null && encoded.revision === revision && encoded.clockMs === clockMs ? 0 : 1;
  }

  get frozen(): number {
    return 0;
  }

  freeze(sink: CutSink): void {
    if (this.hash !== null) this.digest.subtract(this.hash.high, this.hash.low);
    const value = this.encode();
    this.count(value);
    sink.record(this.number, KEY, 0, KEY.length, value);
  }

  encodeFrozen(): number {
    return 0;
  }

  touchRows(): boolean {
    return false;
  }

  load(_key: Uint8Array, value: Uint8Array): void {
    const r = new ByteReader(value);
    const version = r.u8();
    if (version !== RECORD_VERSION) throw new MalformedError(`core: record version ${version}`);
    this.revision = r.uint();
    this.clockMs = r.uint();
    this.lastOrder = r.uint();
    const clusterId = r.text();
    this.clusterId = clusterId === '' ? null : (clusterId as ClusterId);
    this.limits = readLimits(r);
    r.expectEnd('core record');
    this.count(value);
  }

  private count(value: Uint8Array): void {
    this.hash = { high: 0, low: 0 };
    this.encoded = { revision: this.revision, clockMs: this.clockMs };
    hashRecord(this.hash, this.number, KEY, value);
    this.digest.add(this.hash.high, this.hash.low);
  }

  private encode(): Uint8Array {
    const w = new ByteWriter();
    w.u8(RECORD_VERSION).uint(this.revision).uint(this.clockMs).uint(this.lastOrder);
    w.text(this.clusterId ?? '');
    writeLimits(w, this.limits);
    return w.finish();
  }
}

/**
 * Limits travel by position: LIMIT_NAMES is append-only, and a shorter list leaves later ones at their default. Those
 * that came after the first release are left out while they are: members of either release then write the same.
 */
export function writeLimits(w: ByteWriter, limits: MachineLimits): void {
  let count = LIMIT_NAMES.length;
  while (count > FIRST_LIMITS && isDefault(limits, LIMIT_NAMES[count - 1]!)) count--;
  w.uint(count);
  for (const name of LIMIT_NAMES.slice(0, count)) w.uint(limits[name]);
}

function isDefault(limits: MachineLimits, name: keyof MachineLimits): boolean {
  return limits[name] === DEFAULT_LIMITS[name];
}

export function readLimits(r: ByteReader): MachineLimits {
  const count = r.uint();
  if (count > LIMIT_NAMES.length) {
    // Refusing it as malformed would be wrong: a newer release takes it.
    throw newerFormat('a list of limits', count, LIMIT_NAMES.length);
  }
  const limits: Record<keyof MachineLimits, number> = { ...DEFAULT_LIMITS };
  for (const name of LIMIT_NAMES.slice(0, count)) limits[name] = r.uint();
  return limits;
}
