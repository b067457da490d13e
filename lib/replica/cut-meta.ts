import { ByteReader, ByteWriter } from '../base/index.js';
import { decodeConfiguration, encodeConfiguration } from '../raft/index.js';
import type { CutMeta } from '../storage/types.js';

const VERSION = 1;

/** The meta of a cut as it travels with a snapshot. */
export function encodeCutMeta(meta: CutMeta): Uint8Array {
  return new ByteWriter(128)
    .u8(VERSION)
    .uint(meta.index)
    .uint(meta.term)
    .uint(meta.revision)
    .text(meta.digest)
    .bytes(meta.chain)
    .bytes(encodeConfiguration(meta.configuration))
    .finish();
}

export function decodeCutMeta(bytes: Uint8Array): CutMeta {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new Error(`snapshot meta of version ${version}; this release reads ${VERSION}`);
  const index = reader.uint();
  const term = reader.uint();
  const revision = reader.uint();
  const digest = reader.text();
  const chain = reader.bytes().slice();
  const configuration = decodeConfiguration(reader.bytes());
  reader.expectEnd('snapshot meta');
  return { index, term, revision, digest, chain, configuration };
}
