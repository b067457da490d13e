import { ByteReader, ByteWriter, MalformedError, type FrameworkId, type OfferId } from '../../base/index.js';
import { decodeCommand, encodeCommand, type InSession, type TaskLaunch } from '../../state/index.js';

/** An ACCEPT as it goes to the leader. `role` and `term` of the launch are the leader's to fill in. */
export interface AcceptCall {
  readonly offerIds: readonly OfferId[];
  /** For what the launch leaves of the offers; 0: offered again at once. */
  readonly refuseMs: number;
  readonly launch: InSession<TaskLaunch>;
}

/** A DECLINE, or an ACCEPT without operations. */
export interface DeclineCall {
  readonly frameworkId: FrameworkId;
  readonly offerIds: readonly OfferId[];
  readonly refuseMs: number;
}

export function encodeAcceptCall(call: AcceptCall): Uint8Array {
  const launch = encodeCommand(call.launch);
  const w = new ByteWriter(launch.length + 64);
  writeOfferIds(w, call.offerIds);
  return w.uint(call.refuseMs).bytes(launch).finish();
}

/** Throws `MalformedError`. */
export function decodeAcceptCall(body: Uint8Array): AcceptCall {
  const r = new ByteReader(body);
  const offerIds = readOfferIds(r);
  const refuseMs = r.uint();
  const command = decodeCommand(r.bytes());
  r.expectEnd('accept call');
  if (command.kind !== 'in-session' || command.command.kind !== 'task-launch') {
    throw new MalformedError(`accept call with a command of kind ${command.kind}`);
  }
  return { offerIds, refuseMs, launch: command as InSession<TaskLaunch> };
}

export function encodeDeclineCall(call: DeclineCall): Uint8Array {
  const w = new ByteWriter(128).text(call.frameworkId);
  writeOfferIds(w, call.offerIds);
  return w.uint(call.refuseMs).finish();
}

/** Throws `MalformedError`. */
export function decodeDeclineCall(body: Uint8Array): DeclineCall {
  const r = new ByteReader(body);
  const frameworkId = r.text() as FrameworkId;
  const offerIds = readOfferIds(r);
  const refuseMs = r.uint();
  r.expectEnd('decline call');
  return { frameworkId, offerIds, refuseMs };
}

function writeOfferIds(w: ByteWriter, offerIds: readonly OfferId[]): void {
  w.uint(offerIds.length);
  for (const offerId of offerIds) w.text(offerId);
}

function readOfferIds(r: ByteReader): OfferId[] {
  const offerIds: OfferId[] = [];
  for (let left = r.uint(); left > 0; left--) offerIds.push(r.text() as OfferId);
  return offerIds;
}
