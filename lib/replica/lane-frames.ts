import { ByteReader, ByteWriter, MalformedError, isErrorCode, type ErrorCode } from '../base/index.js';

/** Under which invitation a sub-batch is sent: void at any other leader and after any refusal. */
export interface Invitation {
  /** The leader's term. */
  readonly term: number;
  /** Rises within the term with everything the leader takes back from this lane. */
  readonly epoch: number;
}

/** What the leader tells the origin of a lane. `term` is the leader's: answers of another term are void. */
export type LaneReply =
  /** Send sub-batches of this lane from `next` on; what was sent under an older epoch is void. */
  | (Invitation & { readonly kind: 'open'; readonly boot: number; readonly next: number })
  /** Nothing from `from` on was appended, nor will it be, unless it is sent again under this epoch. */
  | (Invitation & { readonly kind: 'refused'; readonly from: number; readonly code: ErrorCode });

export function encodeLaneReply(reply: LaneReply): Uint8Array {
  const writer = new ByteWriter(32)
    .u8(reply.kind === 'open' ? 0 : 1)
    .uint(reply.term)
    .uint(reply.epoch);
  if (reply.kind === 'open') writer.uint(reply.boot).uint(reply.next);
  else writer.uint(reply.from).text(reply.code);
  return writer.finish();
}

/** Throws `MalformedError`. */
export function decodeLaneReply(bytes: Uint8Array): LaneReply {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  if (kind > 1)
    throw new MalformedError(`an answer about a lane of kind ${kind}, which this release does not know`);
  const term = reader.uint();
  const epoch = reader.uint();
  if (kind === 0) return { kind: 'open', term, epoch, boot: reader.uint(), next: reader.uint() };
  const from = reader.uint();
  const code = reader.text();
  return { kind: 'refused', term, epoch, from, code: isErrorCode(code) ? code : 'INTERNAL' };
}

/** A frame with a sub-batch. `writer` is reused: the view is valid until its next use. */
export function encodeLaneFrame(
  writer: ByteWriter,
  { term, epoch }: Invitation,
  subBatch: Uint8Array,
): Uint8Array {
  writer.reset();
  return writer.uint(term).uint(epoch).raw(subBatch).view();
}

/** Null for an empty frame, which asks for an invitation. Throws `MalformedError`. */
export function decodeLaneFrame(
  bytes: Uint8Array,
): { readonly invitation: Invitation; readonly subBatch: Uint8Array } | null {
  if (bytes.length === 0) return null;
  const reader = new ByteReader(bytes);
  const invitation = { term: reader.uint(), epoch: reader.uint() };
  return { invitation, subBatch: reader.raw(reader.remaining) };
}
