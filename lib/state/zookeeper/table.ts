import type { NodeId, SessionId } from '../../base/index.js';
import { readList, writeList } from '../codec.js';
import type { Digest } from '../store/digest.js';
import { ObjectTable } from '../store/object-table.js';
import { readIdentity, writeIdentity } from './codec.js';
import type { CoordinationSession } from './types.js';

const SESSION_FIXED_BYTES = 256;

/** Open coordination sessions by id. */
export class CoordinationTable {
  readonly table: ObjectTable<CoordinationSession>;

  constructor(number: number, digest: Digest) {
    this.table = new ObjectTable<CoordinationSession>({
      number,
      name: 'coordination',
      version: 1,
      fixedBytes: SESSION_FIXED_BYTES,
      digest,
      codec: {
        write: (w, { timeoutMs, attachment, member, identities, password }) => {
          w.uint(timeoutMs).uint(attachment).text(member);
          writeList(w, identities, writeIdentity);
          w.bytes(password);
        },
        read: (r) => ({
          timeoutMs: r.uint(),
          attachment: r.uint(),
          member: r.text() as NodeId,
          identities: readList(r, readIdentity),
          password: r.bytes().slice(),
        }),
      },
    });
  }

  get(session: SessionId): CoordinationSession | null {
    return this.table.get(session);
  }

  put(session: SessionId, value: CoordinationSession): void {
    this.table.put(session, value);
  }

  delete(session: SessionId): void {
    this.table.delete(session);
  }
}
