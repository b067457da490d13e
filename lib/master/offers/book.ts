import { assert, type AgentId, type FrameworkId, type MemberId, type OfferId } from '../../base/index.js';
import { Deadlines } from '../time/deadlines.js';
import type { Offer } from './types.js';

/** Outstanding offers, found by what may end them. An offer leaves the book when it is used, declined or withdrawn. */
export class OfferBook {
  private readonly byId: Map<OfferId, Offer> = new Map();
  private readonly byAgent: Map<AgentId, Set<Offer>> = new Map();
  private readonly byFramework: Map<FrameworkId, Set<Offer>> = new Map();
  private readonly timeouts: Deadlines<OfferId>;

  constructor(slotMs: number) {
    this.timeouts = new Deadlines(slotMs);
  }

  get size(): number {
    return this.byId.size;
  }

  clear(): void {
    this.byId.clear();
    this.byAgent.clear();
    this.byFramework.clear();
    this.timeouts.clear();
  }

  add(offer: Offer, timeoutAtMs: number): void {
    assert(!this.byId.has(offer.offerId), () => `offer ${offer.offerId} is made twice`);
    this.byId.set(offer.offerId, offer);
    index(this.byAgent, offer.agentId, offer);
    index(this.byFramework, offer.frameworkId, offer);
    this.timeouts.set(offer.offerId, timeoutAtMs);
  }

  /** Takes the framework's offers out of the book; ids that are not its own outstanding offers are left out. */
  take(frameworkId: FrameworkId, offerIds: readonly OfferId[]): Offer[] {
    const taken: Offer[] = [];
    for (const offerId of offerIds) {
      const offer = this.byId.get(offerId);
      if (offer?.frameworkId === frameworkId) taken.push(this.remove(offer));
    }
    return taken;
  }

  takeOfAgent(agentId: AgentId): Offer[] {
    return [...(this.byAgent.get(agentId) ?? [])].map((offer) => this.remove(offer));
  }

  takeOfFramework(frameworkId: FrameworkId): Offer[] {
    return [...(this.byFramework.get(frameworkId) ?? [])].map((offer) => this.remove(offer));
  }

  takeAll(): Offer[] {
    return [...this.byId.values()].map((offer) => this.remove(offer));
  }

  takeOfMember(member: MemberId): Offer[] {
    return [...this.byId.values()]
      .filter((offer) => offer.member === member)
      .map((offer) => this.remove(offer));
  }

  takeTimedOut(nowMs: number): Offer[] {
    return this.timeouts
      .expired(nowMs)
      .map((offerId) => this.byId.get(offerId))
      .filter((offer) => offer !== undefined)
      .map((offer) => this.remove(offer));
  }

  /** Offers to the framework, or of the agent. */
  countOf(frameworkId: FrameworkId): number {
    return this.byFramework.get(frameworkId)?.size ?? 0;
  }

  ofAgent(agentId: AgentId): ReadonlySet<Offer> {
    return this.byAgent.get(agentId) ?? NO_OFFERS;
  }

  private remove(offer: Offer): Offer {
    this.byId.delete(offer.offerId);
    unindex(this.byAgent, offer.agentId, offer);
    unindex(this.byFramework, offer.frameworkId, offer);
    this.timeouts.delete(offer.offerId);
    return offer;
  }
}

const NO_OFFERS: ReadonlySet<Offer> = new Set();

function index<K>(map: Map<K, Set<Offer>>, key: K, offer: Offer): void {
  const offers = map.get(key);
  if (offers === undefined) map.set(key, new Set([offer]));
  else offers.add(offer);
}

function unindex<K>(map: Map<K, Set<Offer>>, key: K, offer: Offer): void {
  const offers = map.get(key);
  offers?.delete(offer);
  if (offers?.size === 0) map.delete(key);
}
