/** Sizes that every side of the wire agrees on. A message above its limit is refused as TOO_LARGE. */

const KIB = 1 << 10;
const MIB = 1 << 20;

/** One message to or from a client: a znode's data is at most 1 MiB, the rest is room for names. */
export const CLIENT_MESSAGE_LIMIT_BYTES: number = 4 * MIB;

/** One answer to a client: listings of a large cluster are long. */
export const CLIENT_REPLY_LIMIT_BYTES: number = 64 * MIB;

/** One message of the agent door: a registration reports every task the agent holds. */
export const AGENT_MESSAGE_LIMIT_BYTES: number = 16 * MIB;

/** One message between members. A batch of frames closes at `FRAME_BATCH_BYTES`; one frame may be larger. */
export const PEER_MESSAGE_LIMIT_BYTES: number = 64 * MIB;

/** Frames that wait for one peer are sent as messages of about this size. */
export const FRAME_BATCH_BYTES: number = 1 * MIB;

/** One frame between members: what fits a peer message with its envelope. */
export const FRAME_LIMIT_BYTES: number = PEER_MESSAGE_LIMIT_BYTES - 64 * KIB;

/**
 * gRPC itself cuts the stream without a code of ours above its own limit. It is set this many times higher,
 * so that what is a little too large is refused by name.
 */
export const HARD_LIMIT_FACTOR = 4;

/** Bytes of one HTTP/2 stream on their way between members; the default of 64 KiB stalls bulk transfers. */
export const PEER_WINDOW_BYTES: number = 4 * MIB;
