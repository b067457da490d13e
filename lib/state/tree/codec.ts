import type { CodecsOf } from '../codec.js';
import type { TreeCommand } from './types.js';

export const TREE_CODECS: CodecsOf<TreeCommand> = {
  'tree-create': {
    grows: true,
    write: (w, c) => w.text(c.path).bytes(c.data),
    read: (r) => ({ kind: 'tree-create', path: r.text(), data: r.bytes() }),
  },
  'tree-set': {
    grows: true,
    write: (w, c) => w.text(c.path).bytes(c.data).int(c.expectedVersion),
    read: (r) => ({ kind: 'tree-set', path: r.text(), data: r.bytes(), expectedVersion: r.int() }),
  },
  'tree-delete': {
    grows: false,
    write: (w, c) => w.text(c.path).int(c.expectedVersion),
    read: (r) => ({ kind: 'tree-delete', path: r.text(), expectedVersion: r.int() }),
  },
};
