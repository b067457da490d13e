import type { FrameworkId, MemberId, OfferId } from '../../base/index.js';
import type { Grant } from '../allocator/types.js';

/** An offer that the leader has made and that is not yet used, declined or withdrawn. */
export interface Offer extends Grant {
  readonly offerId: OfferId;
  /** The framework's stream that it was sent to. */
  readonly subscription: number;
  /** The master that holds this stream. */
  readonly member: MemberId;
}

export interface OfferLimits {
  /** An offer that is not answered for this long is withdrawn and counts as declined. */
  readonly offerTimeoutMs: number;
  /** For how long the resources of such an offer stay away from that framework. */
  readonly timeoutRefuseMs: number;
  /** The same for the offers of an ACCEPT that was refused: a program that repeats its mistake must not spin. */
  readonly refusedLaunchMs: number;
  /** Launches proposed whose outcome is not known yet. */
  readonly launchesInFlight: number;
}

export const OFFER_LIMITS: OfferLimits = {
  offerTimeoutMs: 30_000,
  timeoutRefuseMs: 5_000,
  refusedLaunchMs: 1_000,
  launchesInFlight: 10_000,
};

/** What travels to the master that serves the framework. */
export interface OfferNews {
  /** The leader's when it made the offers: the receiver delivers them once it has applied as much. */
  readonly revision: number;
  readonly offers: readonly Offer[];
}

export interface RescindNews {
  readonly offers: readonly { readonly frameworkId: FrameworkId; readonly offerId: OfferId }[];
}
