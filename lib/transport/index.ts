export { GrpcTransport, type GrpcTransportOptions } from './grpc.js';
export { MemoryTransport, type MemoryTransportOptions } from './memory.js';
export { MemoryNetwork } from './memory-wire.js';
export { TRANSPORT_TIMINGS, type TransportTimings } from './timings.js';
export {
  type Doors,
  type FormReply,
  type FormRequest,
  type Frame,
  type FrameKind,
  type JoinReply,
  type JoinRequest,
  type PeerDown,
  type PeerHello,
  type SnapshotSink,
  type SnapshotStart,
  type Transport,
  type TransportHandlers,
} from './types.js';
