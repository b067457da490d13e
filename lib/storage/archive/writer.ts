import { createHash } from 'node:crypto';
import { assert, type ClusterId, type MemberId, type SnapshotChunk } from '../../base/index.js';
import type { CutMeta, StateSnapshot } from '../types.js';
import { ARCHIVE_FORMAT, MAGIC, encodeJson, membersOf, section, type ArchiveHeader } from './format.js';

/** What a snapshot file says beside what the cut itself knows. */
export interface ArchiveOrigin {
  readonly clusterId: ClusterId;
  readonly generation: number;
  readonly member: MemberId;
  readonly release: string;
  readonly createdAtMs: number;
}

export function archiveHeader(origin: ArchiveOrigin, meta: CutMeta): ArchiveHeader {
  const { clusterId, generation, member, release, createdAtMs } = origin;
  const { index, term, revision, digest } = meta;
  return {
    format: ARCHIVE_FORMAT,
    clusterId,
    generation,
    member,
    release,
    createdAtMs,
    index,
    term,
    revision,
    digest,
    ...membersOf(meta.configuration),
  };
}

/**
 * The bytes of a snapshot file, in pieces of at most a chunk; the same for a file and for a client that stores them.
 * Rejects as the snapshot does: DAMAGED at a bad record, OUT_OF_RANGE when it is closed meanwhile.
 */
export async function* archiveBytes(
  origin: ArchiveOrigin,
  snapshot: Pick<StateSnapshot, 'meta' | 'chunks'>,
): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256');
  const count = (bytes: Uint8Array): Uint8Array => {
    sum.update(bytes);
    return bytes;
  };
  yield count(MAGIC);
  yield count(section(encodeJson(archiveHeader(origin, snapshot.meta))));
  let end: SnapshotChunk['last'] = null;
  let chunks = 0;
  for await (const chunk of snapshot.chunks(0)) {
    assert(end === null, () => `chunk ${chunk.number} after the last one`);
    yield count(section(chunk.bytes));
    end = chunk.last;
    chunks++;
  }
  assert(end !== null, 'the stream of a snapshot ended before its last chunk');
  const { records, digest } = end;
  yield count(section(new Uint8Array(0)));
  yield count(section(encodeJson({ chunks, records, digest })));
  yield new Uint8Array(sum.digest());
}
