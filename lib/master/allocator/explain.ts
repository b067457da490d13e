import type { FrameworkId, MemberId } from '../../base/index.js';
import { noOffer } from './allocate.js';
import type { AgentStock, FrameworkStock } from './inventory.js';
import type { AllocationInput } from './types.js';

/** Why a framework has the offers it has: one count per reason, over all agents and its roles. */
export interface OfferExplanation {
  readonly frameworkId: FrameworkId;
  /** Its outstanding offers. */
  readonly offers: number;
  readonly agents: number;
  /** What rules out every agent at once; null when agents are judged one by one. */
  readonly obstacle: string | null;
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
}

export interface ExplainFacts {
  readonly input: AllocationInput;
  readonly framework: FrameworkStock | undefined;
  readonly agents: Iterable<AgentStock>;
  readonly offers: number;
  readonly reachable: (member: MemberId) => boolean;
  /** What keeps an agent's resources from being free, in words: outstanding offers of others and of itself. */
  readonly offeredElsewhere: (agent: AgentStock) => boolean;
}

export function explainOffers(frameworkId: FrameworkId, facts: ExplainFacts): OfferExplanation {
  const counts = new Map<string, number>();
  const count = (reason: string): void => void counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const obstacle = obstacleOf(facts);
  let agents = 0;
  for (const agent of facts.agents) {
    agents++;
    if (obstacle === null) for (const role of facts.framework!.roles) count(reasonOf(facts, role, agent));
  }
  const reasons = [...counts].map(([reason, number]) => ({ reason, count: number }));
  reasons.sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  return { frameworkId, offers: facts.offers, agents, obstacle, reasons };
}

function obstacleOf({ framework, reachable }: ExplainFacts): string | null {
  if (framework === undefined) return 'the framework is not known or was removed';
  const { member, roles, suppressed } = framework;
  if (member === null) return 'the framework is not connected';
  if (!reachable(member)) return `its master ${member} cannot be reached`;
  return roles.length > 0 ? null : `all ${suppressed.length} roles are suppressed: ${suppressed.join(', ')}`;
}

function reasonOf(facts: ExplainFacts, role: string, agent: AgentStock): string {
  if (!agent.connected) return 'the agent is not connected';
  const reason = noOffer(facts.input, facts.framework!, role, agent);
  if (reason === 'nothing free')
    return facts.offeredElsewhere(agent) ? 'offered and not answered yet' : reason;
  return reason ?? 'free: another framework may be further below its share, or a round is due';
}
