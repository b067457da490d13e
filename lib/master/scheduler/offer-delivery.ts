import type { FrameworkId } from '../../base/index.js';
import type { mesos } from '../../wire/index.js';
import type { MasterContext } from '../context.js';
import { PUSH_TOPICS } from '../numbers.js';
import { termOf } from '../offers/offer-id.js';
import { decodeOfferNews, decodeRescindNews, decodeVoidNews } from '../offers/push-codec.js';
import type { Offer } from '../offers/types.js';
import { NewsInbox } from './news-inbox.js';
import { mesosOffer } from './offer-events.js';
import type { Streams } from './streams.js';

/** An event must fit a message, with every attribute that an agent may have. */
const OFFERS_PER_EVENT = 100;

/** Brings the leader's offers to the streams of this member, and takes them back when it says so or is gone. */
export class OfferDelivery {
  private readonly context: MasterContext;
  private readonly streams: Streams;
  private readonly inbox: NewsInbox;
  private term = 0;

  constructor(context: MasterContext, waitingNews: number, streams: Streams) {
    this.context = context;
    this.streams = streams;
    this.inbox = new NewsInbox(waitingNews, context.replica);
  }

  clear(): void {
    this.inbox.clear();
  }

  /** Whatever an older leader offered is void. */
  termChanged(term: number): void {
    if (term <= this.term) return;
    this.term = term;
    for (const stream of this.streams.subscribed()) stream.rescindBefore(term);
  }

  pushed(topic: number, body: Uint8Array): void {
    const { memberId } = this.context.replica;
    if (topic === PUSH_TOPICS.offers) {
      const { revision, offers } = decodeOfferNews(body, memberId);
      if (!this.inbox.add(revision, () => this.deliver(offers))) {
        this.context.logger.warn(
          { offers: offers.length, revision },
          'offers dropped: this member lags behind',
        );
      }
    } else if (topic === PUSH_TOPICS.rescind) {
      const { offers } = decodeRescindNews(body);
      this.inbox.add(0, () => {
        for (const { frameworkId, offerId } of offers) this.streams.of(frameworkId)?.rescind(offerId);
      });
    } else if (topic === PUSH_TOPICS.offersVoid) {
      const term = decodeVoidNews(body);
      this.inbox.add(0, () => {
        for (const stream of this.streams.subscribed()) stream.rescindBefore(term + 1);
      });
    } else this.context.logger.warn({ topic }, 'news of a kind that this release does not know were dropped');
  }

  private deliver(offers: readonly Offer[]): void {
    const { machine } = this.context.replica;
    const byFramework = new Map<FrameworkId, mesos.Offer[]>();
    for (const offer of offers) {
      const state = this.streams.of(offer.frameworkId)?.state;
      const current = state?.kind === 'subscribed' && state.subscription === offer.subscription;
      const translated =
        current && (termOf(offer.offerId) ?? 0) >= this.term ? mesosOffer(machine, offer) : null;
      if (translated === null) continue;
      const list = byFramework.get(offer.frameworkId);
      if (list === undefined) byFramework.set(offer.frameworkId, [translated]);
      else list.push(translated);
    }
    for (const [frameworkId, list] of byFramework) {
      for (let from = 0; from < list.length; from += OFFERS_PER_EVENT) {
        this.streams.of(frameworkId)?.deliver(list.slice(from, from + OFFERS_PER_EVENT));
      }
    }
  }
}
