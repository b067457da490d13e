/** A piece of a snapshot of the machine's records, as it is read from one folder and sent to another member. */
export interface SnapshotChunk {
  /** 0, 1, 2, … */
  readonly number: number;
  /** At most 256 KiB of encoded records. */
  readonly bytes: Uint8Array;
  /** CRC-32C of `bytes`. */
  readonly crc: number;
  /** Set on the last chunk only: digest over all bytes before and in it, and the number of records. */
  readonly last: { readonly digest: string; readonly records: number } | null;
}
