import type { ByteReader, ByteWriter, NodeId } from '../../base/index.js';
import { readList, writeList, type CodecsOf } from '../codec.js';
import type { RecordCodec } from '../store/object-table.js';
import type { AlarmView, CheckpointView, MemberDigest, OperationCommand } from './types.js';

function writeDigests(w: ByteWriter, digests: readonly MemberDigest[]): void {
  writeList(w, digests, (w, { node, digest }) => w.text(node).text(digest));
}

function readDigests(r: ByteReader): MemberDigest[] {
  return readList(r, (r) => ({ node: r.text() as NodeId, digest: r.text() }));
}

export const OPERATION_CODECS: CodecsOf<OperationCommand> = {
  checkpoint: {
    grows: false,
    write: () => undefined,
    read: () => ({ kind: 'checkpoint' }),
  },
  'checkpoint-digest': {
    grows: false,
    write: (w, c) => w.text(c.node).uint(c.index).text(c.digest),
    read: (r) => ({ kind: 'checkpoint-digest', node: r.text() as NodeId, index: r.uint(), digest: r.text() }),
  },
  'alarm-raise': {
    grows: false,
    write: (w, c) => writeDigests(w.uint(c.index), c.digests),
    read: (r) => ({ kind: 'alarm-raise', index: r.uint(), digests: readDigests(r) }),
  },
  'alarm-clear': {
    grows: false,
    write: (w, c) => w.uint(c.index),
    read: (r) => ({ kind: 'alarm-clear', index: r.uint() }),
  },
};

export const ALARM_RECORD: RecordCodec<AlarmView> = {
  write: (w, alarm) => {
    writeDigests(w.uint(alarm.index), alarm.digests);
    w.uint(alarm.sinceRevision);
  },
  read: (r) => ({ index: r.uint(), digests: readDigests(r), sinceRevision: r.uint() }),
};

export const CHECKPOINT_RECORD: RecordCodec<CheckpointView> = {
  write: (w, checkpoint) => {
    writeDigests(w.uint(checkpoint.index), checkpoint.digests);
  },
  read: (r) => ({ index: r.uint(), digests: readDigests(r) }),
};
