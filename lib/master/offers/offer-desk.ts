import { assert, type AgentId, type FrameworkId, type MemberId } from '../../base/index.js';
import { Allocator, type AllocatorLimits } from '../allocator/allocator.js';
import { explainOffers, type OfferExplanation } from '../allocator/explain.js';
import { Filters } from '../allocator/filters.js';
import { Inventory } from '../allocator/inventory.js';
import type { Grant } from '../allocator/types.js';
import type { MasterContext } from '../context.js';
import type { LeaderLoop } from '../leader-loop.js';
import { PUSH_TOPICS } from '../numbers.js';
import { OfferBook } from './book.js';
import { offerIdOf } from './offer-id.js';
import { encodeOfferNews, encodeRescindNews, encodeVoidNews } from './push-codec.js';
import type { Offer, OfferLimits } from './types.js';

/** Makes offers, withdraws them and takes back what is not used. All of it is soft: a new leader starts afresh. */
export class OfferDesk implements LeaderLoop {
  readonly inventory: Inventory;
  readonly filters: Filters;
  readonly allocator: Allocator;
  private readonly context: MasterContext;
  private readonly limits: OfferLimits;
  private readonly nowMs: () => number;
  private readonly book: OfferBook;
  private readonly reachableMembers: Set<MemberId> = new Set();
  private term: number | null = null;
  private lastNumber = 0;

  constructor(
    context: MasterContext,
    limits: OfferLimits & AllocatorLimits,
    slotMs: number,
    nowMs: () => number,
  ) {
    this.context = context;
    this.limits = limits;
    this.nowMs = nowMs;
    this.book = new OfferBook(slotMs);
    this.filters = new Filters(slotMs);
    this.inventory = new Inventory(() => context.replica.machine);
    this.allocator = new Allocator(context, limits, this.inventory, this.filters, {
      reachable: (member) => this.reachableMembers.has(member),
      grant: (grants) => this.make(grants),
    });
  }

  start(term: number): void {
    this.term = term;
    this.lastNumber = 0;
    for (const { id, connected } of this.context.replica.status().members) {
      if (connected) this.reachableMembers.add(id);
    }
    this.reachableMembers.add(this.context.replica.memberId);
    this.inventory.rebuild();
    this.allocator.start(term);
  }

  stop(): void {
    this.term = null;
    this.allocator.stop();
    this.book.clear();
    this.filters.clear();
    this.inventory.clear();
    this.reachableMembers.clear();
  }

  /** Nothing is offered until `resume`, and what was offered is withdrawn. */
  suspend(): void {
    this.allocator.stop();
    this.withdraw(this.book.takeAll());
  }

  resume(): void {
    if (this.term !== null) this.allocator.start(this.term);
  }

  tick(nowMs: number): void {
    if (this.term === null) return;
    const late = this.book.takeTimedOut(nowMs);
    this.withdraw(late);
    const untilMs = nowMs + this.limits.timeoutRefuseMs;
    for (const { frameworkId, role, agentId, resources } of late) {
      this.filters.refuse(frameworkId, role, agentId, resources, untilMs);
    }
    this.allocator.tick(nowMs);
  }

  memberUp(member: MemberId): void {
    if (this.term === null) return;
    // Offers that were on their way may be lost, and withdrawals too: that member begins with a clean sheet.
    this.context.replica.push(member, PUSH_TOPICS.offersVoid, encodeVoidNews(this.term));
    this.reachableMembers.add(member);
    this.release(this.book.takeOfMember(member));
    this.allocator.offerEverything();
  }

  memberDown(member: MemberId): void {
    if (this.term === null) return;
    this.reachableMembers.delete(member);
    this.release(this.book.takeOfMember(member));
  }

  /** Takes offers out of the book for use: their resources stay reserved until `release` or `decline`. */
  take(frameworkId: FrameworkId, offerIds: readonly Offer['offerId'][]): Offer[] {
    return this.book.take(frameworkId, offerIds);
  }

  /** The offers' resources (what is left of them) may be offered again. */
  release(offers: readonly Offer[]): void {
    for (const offer of offers) {
      this.inventory.release(offer);
      this.allocator.offerAgent(offer.agentId);
    }
  }

  /** As `release`, but `rest` stays away from the framework for a while. */
  decline(offers: readonly Offer[], rest: (offer: Offer) => Grant['resources'], refuseMs: number): void {
    if (refuseMs > 0) {
      const untilMs = this.nowMs() + refuseMs;
      for (const offer of offers) {
        this.filters.refuse(offer.frameworkId, offer.role, offer.agentId, rest(offer), untilMs);
      }
    }
    this.release(offers);
  }

  withdrawAgent(agentId: AgentId): void {
    this.withdraw(this.book.takeOfAgent(agentId));
  }

  withdrawFramework(frameworkId: FrameworkId): void {
    this.withdraw(this.book.takeOfFramework(frameworkId));
  }

  explain(frameworkId: FrameworkId): OfferExplanation {
    return explainOffers(frameworkId, {
      input: this.allocator.input([]),
      framework: this.inventory.frameworks.get(frameworkId),
      agents: this.inventory.agents.values(),
      offers: this.book.countOf(frameworkId),
      reachable: (member) => this.reachableMembers.has(member),
      offeredElsewhere: ({ agentId }) => this.book.ofAgent(agentId).size > 0,
    });
  }

  private make(grants: readonly Grant[]): void {
    const { term } = this;
    assert(term !== null, 'offers are made by a leader only');
    if (grants.length === 0) return;
    const timeoutAtMs = this.nowMs() + this.limits.offerTimeoutMs;
    const byMember = new Map<MemberId, Offer[]>();
    for (const grant of grants) {
      const { member, subscription } = this.inventory.frameworks.get(grant.frameworkId)!;
      assert(member !== null, () => `${grant.frameworkId} is not connected and was granted an offer`);
      const offer = { ...grant, offerId: offerIdOf(term, ++this.lastNumber), subscription, member };
      this.book.add(offer, timeoutAtMs);
      this.inventory.offer(grant);
      group(byMember, offer);
    }
    const { revision } = this.context.replica.machine;
    for (const [member, offers] of byMember) {
      this.context.replica.push(member, PUSH_TOPICS.offers, encodeOfferNews({ revision, offers }));
    }
  }

  private withdraw(offers: readonly Offer[]): void {
    const byMember = new Map<MemberId, Offer[]>();
    for (const offer of offers) group(byMember, offer);
    for (const [member, list] of byMember) {
      this.context.replica.push(member, PUSH_TOPICS.rescind, encodeRescindNews({ offers: list }));
    }
    this.release(offers);
  }
}

function group(byMember: Map<MemberId, Offer[]>, offer: Offer): void {
  const offers = byMember.get(offer.member);
  if (offers === undefined) byMember.set(offer.member, [offer]);
  else offers.push(offer);
}
