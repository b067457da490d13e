export { InvariantError, assert, must, unreachable } from './assert.js';
export { backoffMs, type BackoffOptions } from './backoff.js';
export {
  ByteReader,
  ByteWriter,
  MalformedError,
  compareBytes,
  concatBytes,
  equalBytes,
  utf8Decode,
  utf8Encode,
  utf8Length,
} from './bytes.js';
export { crc32c } from './crc32c.js';
export { CATALOGUE, TepuiError, isErrorCode, newerFormat, type Certainty, type ErrorCode } from './errors.js';
export { FRONT_BYTES, copyWithFront, takeFront, withFront } from './front.js';
export { hash64, type Hash64 } from './hash64.js';
export {
  memberOf,
  nodeId,
  type AgentId,
  type Brand,
  type ClusterId,
  type FrameworkId,
  type MemberId,
  type NodeId,
  type OfferId,
  type SessionId,
  type TaskId,
} from './ids.js';
export type { Clock, Logger, Random, TimerHandle, Timers } from './ports.js';
export { BoundedQueue } from './queue.js';
export { SeededRandom, below, between, chance, pick, randomHex } from './random.js';
export type { SnapshotChunk } from './snapshot-chunk.js';
