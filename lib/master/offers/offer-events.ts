import type { AgentId, FrameworkId } from '../../base/index.js';
import type { StateEvent } from '../../state/index.js';
import { dispatchEvents, type EventHandlers } from '../events.js';
import type { OfferDesk } from './offer-desk.js';

/** Keeps the offers in step with the log: one refresh per agent and framework, whatever happened to them. */
export class OfferEvents {
  private readonly desk: OfferDesk;
  private readonly agents: Set<AgentId> = new Set();
  private readonly frameworks: Set<FrameworkId> = new Set();
  private everything = false;
  private readonly handlers: EventHandlers;

  constructor(desk: OfferDesk) {
    this.desk = desk;
    const agent = ({ agentId }: { readonly agentId: AgentId }): void => void this.agents.add(agentId);
    const changedAgent = (event: { readonly agentId: AgentId }): void => {
      this.desk.filters.agentChanged(event.agentId);
      agent(event);
    };
    const framework = ({ frameworkId }: { readonly frameworkId: FrameworkId }): void => {
      this.frameworks.add(frameworkId);
    };
    const both = (event: { readonly agentId: AgentId; readonly frameworkId: FrameworkId }): void => {
      agent(event);
      framework(event);
    };
    this.handlers = {
      'agent-registered': changedAgent,
      'agent-unreachable': changedAgent,
      'agent-removed': changedAgent,
      'agent-disconnected': agent,
      'agent-offers-invalid': ({ agentId }) => this.desk.withdrawAgent(agentId),
      'framework-offers-invalid': ({ frameworkId }) => this.desk.withdrawFramework(frameworkId),
      'framework-subscribed': ({ frameworkId }) => this.revived(frameworkId, null),
      'framework-disconnected': framework,
      'framework-tearing-down': framework,
      'framework-completed': framework,
      'framework-roles-changed': (event) => {
        if (event.change === 'revived') this.revived(event.frameworkId, event.roles);
        else framework(event);
      },
      'task-launched': both,
      'resources-freed': both,
    };
  }

  applied(events: readonly StateEvent[]): void {
    dispatchEvents(events, this.handlers);
    for (const frameworkId of this.frameworks) this.desk.inventory.refreshFramework(frameworkId);
    for (const agentId of this.agents) {
      this.desk.inventory.refreshAgent(agentId);
      this.desk.allocator.offerAgent(agentId);
    }
    if (this.everything) this.desk.allocator.offerEverything();
    this.frameworks.clear();
    this.agents.clear();
    this.everything = false;
  }

  /** The framework wants to see everything: what it declined before counts no more. */
  private revived(frameworkId: FrameworkId, roles: readonly string[] | null): void {
    this.desk.filters.revived(frameworkId, roles);
    this.frameworks.add(frameworkId);
    this.everything = true;
  }
}
