import type { SessionId } from '../../base/index.js';
import type { CodecsOf } from '../codec.js';
import type { SessionCommand } from './types.js';

export const SESSION_CODECS: CodecsOf<SessionCommand> = {
  'session-open': {
    // Small, limited in number, and gone by themselves: who comes to make room needs one for that.
    grows: false,
    write: (w, c) => w.text(c.session).uint(c.timeoutMs),
    read: (r) => ({ kind: 'session-open', session: r.text() as SessionId, timeoutMs: r.uint() }),
  },
  'session-close': {
    grows: false,
    write: (w, c) => w.text(c.session),
    read: (r) => ({ kind: 'session-close', session: r.text() as SessionId }),
  },
  'session-expire': {
    grows: false,
    write: (w, c) => w.text(c.session).uint(c.usedRevision),
    read: (r) => ({ kind: 'session-expire', session: r.text() as SessionId, usedRevision: r.uint() }),
  },
};
