export { ZK_ERROR, type ZkError } from './error-codes.js';
export { FRAME_LIMIT_BYTES, FrameSplitter } from './frame-splitter.js';
export {
  NO_SESSION,
  PASSWORD_BYTES,
  readConnectRequest,
  readConnectResponse,
  writeConnectRequest,
  writeConnectResponse,
  type ConnectRequest,
  type ConnectResponse,
} from './handshake.js';
export { JuteReader } from './jute-reader.js';
export { JuteWriter } from './jute-writer.js';
export {
  ADD_WATCH,
  CREATE_FLAGS,
  EVENT,
  OP,
  PERMISSION,
  WATCHER,
  XID,
  type WatchEventType,
} from './opcodes.js';
export {
  readAcls,
  readStat,
  readTexts,
  writeAcls,
  writeStat,
  writeStatOf,
  writeTexts,
  type WireAcl,
  type WireStat,
} from './records.js';
export {
  beginReply,
  readEvent,
  readMultiResults,
  readReplyHeader,
  writeBareReply,
  writeEvent,
  writeMultiResults,
  type MultiResult,
  type ReplyHeader,
} from './replies.js';
export { writeRequest } from './request-writer.js';
export {
  readRequestBody,
  readRequestHeader,
  type AuthRequest,
  type CreateRequest,
  type MultiReadRequest,
  type MultiRequest,
  type MultiWrite,
  type ReconfigRequest,
  type Request,
  type SaslRequest,
  type SetWatchesRequest,
  type WatchRequest,
  type WatchableRead,
  type WriteRequest,
} from './requests.js';
