import type { AgentView, Machine } from '../../state/index.js';
import type { mesos } from '../../wire/index.js';
import { mesosResources } from '../mesos/index.js';
import type { Offer } from '../offers/types.js';

/** The leader's offer in Mesos's words; null when its agent has gone meanwhile. */
export function mesosOffer(machine: Machine, offer: Offer): mesos.Offer | null {
  const agent = machine.agents.get(offer.agentId);
  if (agent === null) return null;
  const attributes = attributesOf(agent);
  return {
    id: { value: offer.offerId },
    framework_id: { value: offer.frameworkId },
    agent_id: { value: offer.agentId },
    hostname: agent.hostname,
    resources: mesosResources(offer.resources, offer.role),
    ...(attributes.length === 0 ? {} : { attributes }),
    allocation_info: { role: offer.role },
  };
}

function attributesOf(agent: AgentView): mesos.Attribute[] {
  return agent.attributes.map(({ name, value }) => ({ name, type: 'TEXT', text: { value } }));
}
