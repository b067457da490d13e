import { equalBytes, utf8Length } from '../../base/index.js';
import { firstFault, idFault, isSortedSet, lengthFault, textFault } from '../checks.js';
import { resourceShortage, resourcesFault } from '../resources.js';
import type { CommandResult } from '../results.js';
import type { State } from '../state.js';
import { done, effect, refuse, refuseWith, type Refusal, type Turn } from '../turn.js';
import type {
  AgentDisconnect,
  AgentRegister,
  AgentRemove,
  AgentReregister,
  AgentUnreachable,
  AgentView,
  Connection,
} from './types.js';

function factsFault(turn: Turn, facts: AgentRegister | AgentReregister): Refusal | null {
  const { limits } = turn;
  const resources = resourcesFault(facts.resources, limits.namedResources);
  const sorted = isSortedSet(facts.attributes.map((attribute) => attribute.name));
  return firstFault(
    idFault('an agent id', facts.agentId, limits),
    textFault('a hostname', facts.hostname, limits.idBytes),
    textFault('a boot id', facts.bootId, limits.idBytes),
    resources === null ? null : { code: 'INVALID_ARGUMENT', message: `resources: ${resources}` },
    lengthFault('attributes', facts.attributes.length, limits.attributesPerAgent),
    sorted
      ? null
      : { code: 'INVALID_ARGUMENT', message: 'attributes must be sorted by name, each name once' },
    ...facts.attributes.map(({ name, value }) =>
      lengthFault('an attribute', utf8Length(name) + utf8Length(value), limits.messageBytes),
    ),
    lengthFault('an agent spec', facts.spec.length, limits.specBytes),
  );
}

/** A stream that the same member accepted earlier than the present one: the command was overtaken. */
export function isOvertaken(present: Connection | null, asking: Connection): boolean {
  return present !== null && present.member === asking.member && asking.stream < present.stream;
}

function connectionOf(agent: AgentView): Connection | null {
  return agent.status.kind === 'connected' ? agent.status.connection : null;
}

export function applyRegister(
  state: State,
  turn: Turn,
  command: AgentRegister | AgentReregister,
): CommandResult {
  const fault = factsFault(turn, command);
  if (fault !== null) return refuseWith(turn, fault);
  const before = state.agents.get(command.agentId);
  if (before === null) {
    if (command.kind === 'agent-register') return admit(state, turn, command);
    return refuse(turn, 'UNKNOWN_AGENT', `agent ${command.agentId} is not registered`);
  }
  if (before.status.kind === 'removed') {
    return refuse(turn, 'AGENT_REMOVED', `agent ${command.agentId} was removed`);
  }
  if (isOvertaken(connectionOf(before), command.connection)) {
    return refuse(turn, 'STALE_CONNECTION', `agent ${command.agentId} has attached anew since`);
  }
  const shortage = resourceShortage(command.resources, state.tasks.lists.allocatedOn(command.agentId));
  if (shortage !== null) {
    return refuse(turn, 'INSUFFICIENT_RESOURCES', `the tasks of ${command.agentId} hold more: ${shortage}`);
  }
  return attach(state, turn, command, before);
}

function admit(state: State, turn: Turn, command: AgentRegister): CommandResult {
  const { kind: _, connection, ...facts } = command;
  state.agents.put({
    ...facts,
    status: { kind: 'connected', connection },
    attachment: 1,
    registeredMs: turn.nowMs,
    reregisteredMs: turn.nowMs,
    sweep: null,
    revision: turn.revision,
  });
  const { agentId } = facts;
  const since = { previous: null, again: false, returned: false };
  turn.events.push({
    kind: 'agent-registered',
    revision: turn.revision,
    agentId,
    connection,
    attachment: 1,
    ...since,
  });
  return done(turn, { kind: 'agent', agentId, attachment: 1 });
}

function attach(
  state: State,
  turn: Turn,
  command: AgentRegister | AgentReregister,
  before: AgentView,
): CommandResult {
  const { kind: _, connection, ...facts } = command;
  const { agentId } = facts;
  const { revision, nowMs } = turn;
  const returned = before.status.kind === 'unreachable';
  const attachment = before.attachment + 1;
  const hasTasks = state.tasks.lists.countOfAgent(agentId) > 0;
  state.agents.put({
    ...facts,
    status: { kind: 'connected', connection },
    attachment,
    registeredMs: before.registeredMs,
    reregisteredMs: nowMs,
    sweep: returned ? (hasTasks ? 'agent-returned' : null) : before.sweep,
    revision,
  });
  const previous = connectionOf(before);
  turn.events.push({
    kind: 'agent-registered',
    revision,
    agentId,
    connection,
    attachment,
    previous,
    again: true,
    returned,
  });
  if (returned && hasTasks)
    turn.events.push({ kind: 'sweep-began', revision, sweep: 'agent-returned', id: agentId });
  if (!sameOffer(before, facts)) turn.events.push({ kind: 'agent-offers-invalid', revision, agentId });
  return done(turn, { kind: 'agent', agentId, attachment });
}

/** Whether offers made of the agent before are still true after. */
function sameOffer(before: AgentView, after: Omit<AgentRegister, 'kind' | 'connection'>): boolean {
  return (
    resourceShortage(before.resources, after.resources) === null &&
    resourceShortage(after.resources, before.resources) === null &&
    before.hostname === after.hostname &&
    equalBytes(before.spec, after.spec) &&
    JSON.stringify(before.attributes) === JSON.stringify(after.attributes)
  );
}

export function applyDisconnect(state: State, turn: Turn, command: AgentDisconnect): CommandResult {
  const agent = state.agents.get(command.agentId);
  if (agent?.status.kind !== 'connected' || agent.attachment !== command.attachment)
    return effect(turn, false);
  const { revision } = turn;
  state.agents.put({ ...agent, status: { kind: 'disconnected', sinceMs: turn.nowMs }, revision });
  turn.events.push({ kind: 'agent-disconnected', revision, agentId: agent.agentId });
  turn.events.push({ kind: 'agent-offers-invalid', revision, agentId: agent.agentId });
  return effect(turn, true);
}

export function applyUnreachable(state: State, turn: Turn, command: AgentUnreachable): CommandResult {
  const agent = state.agents.get(command.agentId);
  if (agent === null || agent.attachment !== command.attachment) return effect(turn, false);
  if (agent.status.kind !== 'connected' && agent.status.kind !== 'disconnected') return effect(turn, false);
  const { agentId } = agent;
  const { revision } = turn;
  const sweep = state.tasks.lists.countOfAgent(agentId) > 0 ? 'agent-unreachable' : null;
  state.agents.put({ ...agent, status: { kind: 'unreachable', sinceMs: turn.nowMs }, sweep, revision });
  turn.events.push({ kind: 'agent-unreachable', revision, agentId });
  turn.events.push({ kind: 'agent-offers-invalid', revision, agentId });
  if (sweep !== null) turn.events.push({ kind: 'sweep-began', revision, sweep, id: agentId });
  return effect(turn, true);
}

export function applyRemove(state: State, turn: Turn, command: AgentRemove): CommandResult {
  const agent = state.agents.get(command.agentId);
  if (agent === null) return refuse(turn, 'UNKNOWN_AGENT', `agent ${command.agentId} is not registered`);
  if (agent.status.kind === 'removed') return effect(turn, false);
  const { agentId } = agent;
  const { revision } = turn;
  const sweep = state.tasks.lists.countOfAgent(agentId) > 0 ? 'agent-removed' : null;
  state.agents.put({
    ...agent,
    spec: new Uint8Array(0),
    attributes: [],
    status: { kind: 'removed', sinceMs: turn.nowMs, cause: command.cause },
    sweep,
    revision,
  });
  turn.events.push({ kind: 'agent-removed', revision, agentId });
  turn.events.push({ kind: 'agent-offers-invalid', revision, agentId });
  if (sweep !== null) turn.events.push({ kind: 'sweep-began', revision, sweep, id: agentId });
  state.agents.forgetRemoved(turn.limits.removedAgents);
  return effect(turn, true);
}
