import {
  ByteReader,
  ByteWriter,
  type AgentId,
  type FrameworkId,
  type MemberId,
  type OfferId,
} from '../../base/index.js';
import { readResources, writeResources } from '../resources/resources-codec.js';
import type { Offer, OfferNews, RescindNews } from './types.js';

export function encodeOfferNews(news: OfferNews): Uint8Array {
  const w = new ByteWriter(64 + 128 * news.offers.length);
  w.uint(news.revision).uint(news.offers.length);
  for (const offer of news.offers) {
    w.text(offer.offerId)
      .text(offer.frameworkId)
      .uint(offer.subscription)
      .text(offer.role)
      .text(offer.agentId);
    writeResources(w, offer.resources);
  }
  return w.finish();
}

/** `member` is the receiver. Throws `MalformedError`. */
export function decodeOfferNews(body: Uint8Array, member: MemberId): OfferNews {
  const r = new ByteReader(body);
  const revision = r.uint();
  const offers: Offer[] = [];
  for (let left = r.uint(); left > 0; left--) {
    const offerId = r.text() as OfferId;
    const frameworkId = r.text() as FrameworkId;
    const subscription = r.uint();
    const role = r.text();
    const agentId = r.text() as AgentId;
    offers.push({ offerId, frameworkId, subscription, role, agentId, member, resources: readResources(r) });
  }
  r.expectEnd('offers');
  return { revision, offers };
}

export function encodeRescindNews(news: RescindNews): Uint8Array {
  const w = new ByteWriter(64 + 64 * news.offers.length).uint(news.offers.length);
  for (const { frameworkId, offerId } of news.offers) w.text(frameworkId).text(offerId);
  return w.finish();
}

/** Throws `MalformedError`. */
export function decodeRescindNews(body: Uint8Array): RescindNews {
  const r = new ByteReader(body);
  const offers: RescindNews['offers'][number][] = [];
  for (let left = r.uint(); left > 0; left--) {
    offers.push({ frameworkId: r.text() as FrameworkId, offerId: r.text() as OfferId });
  }
  r.expectEnd('withdrawn offers');
  return { offers };
}

/** Every offer of `term` and before is void. */
export function encodeVoidNews(term: number): Uint8Array {
  return new ByteWriter(8).uint(term).finish();
}

/** Throws `MalformedError`. */
export function decodeVoidNews(body: Uint8Array): number {
  const r = new ByteReader(body);
  const term = r.uint();
  r.expectEnd('void offers');
  return term;
}
