import { ByteReader, ByteWriter, type ClusterId } from '../../base/index.js';
import { readList, writeList, type CodecsOf } from '../codec.js';
import type { StateRecord } from '../cut.js';
import type { RecordCodec } from '../store/object-table.js';
import type { RestoreCommand, RestoredView, SnapshotFacts, StagingView } from './types.js';

function writeFacts(w: ByteWriter, facts: SnapshotFacts): void {
  w.text(facts.file).text(facts.clusterId).uint(facts.createdAtMs).uint(facts.index);
  w.uint(facts.revision).text(facts.digest).uint(facts.records);
}

function readFacts(r: ByteReader): SnapshotFacts {
  return {
    file: r.text(),
    clusterId: r.text() as ClusterId,
    createdAtMs: r.uint(),
    index: r.uint(),
    revision: r.uint(),
    digest: r.text(),
    records: r.uint(),
  };
}

/** Records as a chunk carries them. */
export function encodeRecords(records: readonly StateRecord[]): Uint8Array {
  const w = new ByteWriter(64 << 10);
  writeList(w, records, (w, { table, key, value }) => w.uint(table).bytes(key).bytes(value));
  return w.finish();
}

/** Views into `bytes`. Throws MalformedError. */
export function decodeRecords(bytes: Uint8Array): StateRecord[] {
  const r = new ByteReader(bytes);
  const records = readList(r, (r) => ({ table: r.uint(), key: r.bytes(), value: r.bytes() }));
  r.expectEnd('records of a snapshot');
  return records;
}

export const RESTORE_CODECS: CodecsOf<RestoreCommand> = {
  'restore-begin': {
    grows: true,
    write: (w, c) => writeFacts(w.text(c.restore).bool(c.anyCluster), c),
    read: (r) => ({ kind: 'restore-begin', restore: r.text(), anyCluster: r.bool(), ...readFacts(r) }),
  },
  'restore-chunk': {
    grows: true,
    write: (w, c) => w.text(c.restore).uint(c.number).bytes(c.records),
    read: (r) => ({ kind: 'restore-chunk', restore: r.text(), number: r.uint(), records: r.bytes() }),
  },
  'restore-settle': {
    grows: false,
    write: (w, c) => w.text(c.restore),
    read: (r) => ({ kind: 'restore-settle', restore: r.text() }),
  },
  'restore-commit': {
    grows: false,
    write: (w, c) => w.text(c.restore),
    read: (r) => ({ kind: 'restore-commit', restore: r.text() }),
  },
  'restore-abandon': {
    grows: false,
    write: (w, c) => w.text(c.restore),
    read: (r) => ({ kind: 'restore-abandon', restore: r.text() }),
  },
};

export const STAGING_RECORD: RecordCodec<StagingView> = {
  write: (w, staging) => {
    writeFacts(w.text(staging.restore), staging);
    w.uint(staging.chunks).uint(staging.staged).uint(staging.steps).uint(staging.touchedMs);
  },
  read: (r) => ({
    restore: r.text(),
    ...readFacts(r),
    chunks: r.uint(),
    staged: r.uint(),
    steps: r.uint(),
    touchedMs: r.uint(),
  }),
};

export const STAGED_RECORD: RecordCodec<{ readonly records: Uint8Array }> = {
  write: (w, { records }) => {
    w.bytes(records);
  },
  read: (r) => ({ records: r.bytes() }),
};

export const RESTORED_RECORD: RecordCodec<RestoredView> = {
  write: (w, restored) => {
    writeFacts(w.text(restored.restore), restored);
    w.uint(restored.history).uint(restored.restoredAtMs).uint(restored.formerRevision).uint(restored.atIndex);
  },
  read: (r) => ({
    restore: r.text(),
    ...readFacts(r),
    history: r.uint(),
    restoredAtMs: r.uint(),
    formerRevision: r.uint(),
    atIndex: r.uint(),
  }),
};
