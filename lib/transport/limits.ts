/** Frames that wait for one peer. Above it `send` drops, as a network may. */
export const OUTBOX_LIMIT_BYTES: number = 32 << 20;

/** Bytes of one stream that grpc-js holds at a time; what is above waits in the outbox, where it is counted. */
export const IN_FLIGHT_BYTES: number = 2 << 20;

/** Snapshot chunks (256 KiB each) that were sent and not acknowledged: 4 MiB keep a fast link busy. */
export const CHUNKS_IN_FLIGHT = 16;
