import type { NodeId } from '../../base/index.js';
import { readList, writeList, type CodecsOf } from '../codec.js';
import type { RecordCodec } from '../store/object-table.js';
import type { CheckpointView, OperationCommand } from './types.js';

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
};

export const CHECKPOINT_RECORD: RecordCodec<CheckpointView> = {
  write: (w, checkpoint) => {
    w.uint(checkpoint.index);
    writeList(w, checkpoint.digests, (w, { node, digest }) => w.text(node).text(digest));
  },
  read: (r) => ({
    index: r.uint(),
    digests: readList(r, (r) => ({ node: r.text() as NodeId, digest: r.text() })),
  }),
};
