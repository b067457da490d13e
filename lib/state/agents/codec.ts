import type { AgentId, ByteReader, ByteWriter } from '../../base/index.js';
import {
  readChoice,
  readConnection,
  readList,
  readResources,
  writeChoice,
  writeConnection,
  writeList,
  writeResources,
  type CodecsOf,
} from '../codec.js';
import type { RecordCodec } from '../store/object-table.js';
import type { SweepKind } from '../tasks/types.js';
import type { AgentCommand, AgentRegister, AgentStatus, AgentView, Attribute } from './types.js';

const CAUSES: readonly ('gone' | 'left')[] = ['gone', 'left'];
const STATUSES: readonly AgentStatus['kind'][] = ['connected', 'disconnected', 'unreachable', 'removed'];
const SWEEPS: readonly ('none' | SweepKind)[] = [
  'none',
  'agent-unreachable',
  'agent-returned',
  'agent-removed',
];

type AgentFacts = Omit<AgentRegister, 'kind' | 'connection'>;

function writeFacts(w: ByteWriter, facts: AgentFacts): void {
  w.text(facts.agentId).text(facts.hostname).text(facts.bootId);
  writeResources(w, facts.resources);
  writeList(w, facts.attributes, (w, { name, value }) => w.text(name).text(value));
  w.bytes(facts.spec);
}

function readFacts(r: ByteReader): AgentFacts {
  return {
    agentId: r.text() as AgentId,
    hostname: r.text(),
    bootId: r.text(),
    resources: readResources(r),
    attributes: readList(r, (r): Attribute => ({ name: r.text(), value: r.text() })),
    // A copy: the record outlives the entry that it came in.
    spec: r.bytes().slice(),
  };
}

function writeStatus(w: ByteWriter, status: AgentStatus): void {
  writeChoice(w, STATUSES, status.kind);
  if (status.kind === 'connected') {
    writeConnection(w, status.connection);
    return;
  }
  w.uint(status.sinceMs);
  if (status.kind === 'removed') writeChoice(w, CAUSES, status.cause);
}

function readStatus(r: ByteReader): AgentStatus {
  const kind = readChoice(r, STATUSES);
  if (kind === 'connected') return { kind, connection: readConnection(r) };
  const sinceMs = r.uint();
  return kind === 'removed' ? { kind, sinceMs, cause: readChoice(r, CAUSES) } : { kind, sinceMs };
}

export const AGENT_RECORD: RecordCodec<AgentView> = {
  write: (w, agent) => {
    writeFacts(w, agent);
    writeStatus(w, agent.status);
    w.uint(agent.attachment).uint(agent.registeredMs).uint(agent.reregisteredMs);
    writeChoice(w, SWEEPS, agent.sweep ?? 'none');
    w.uint(agent.revision);
  },
  read: (r) => {
    const facts = readFacts(r);
    const status = readStatus(r);
    const counters = { attachment: r.uint(), registeredMs: r.uint(), reregisteredMs: r.uint() };
    const sweep = readChoice(r, SWEEPS);
    return { ...facts, status, ...counters, sweep: sweep === 'none' ? null : sweep, revision: r.uint() };
  },
};

export const AGENT_CODECS: CodecsOf<AgentCommand> = {
  'agent-register': {
    grows: true,
    write: (w, c) => {
      writeFacts(w, c);
      writeConnection(w, c.connection);
    },
    read: (r) => ({ kind: 'agent-register', ...readFacts(r), connection: readConnection(r) }),
  },
  'agent-reregister': {
    grows: false,
    write: (w, c) => {
      writeFacts(w, c);
      writeConnection(w, c.connection);
    },
    read: (r) => ({ kind: 'agent-reregister', ...readFacts(r), connection: readConnection(r) }),
  },
  'agent-disconnect': {
    grows: false,
    write: (w, c) => w.text(c.agentId).uint(c.attachment),
    read: (r) => ({ kind: 'agent-disconnect', agentId: r.text() as AgentId, attachment: r.uint() }),
  },
  'agent-unreachable': {
    grows: false,
    write: (w, c) => w.text(c.agentId).uint(c.attachment),
    read: (r) => ({ kind: 'agent-unreachable', agentId: r.text() as AgentId, attachment: r.uint() }),
  },
  'agent-remove': {
    grows: false,
    write: (w, c) => {
      w.text(c.agentId);
      writeChoice(w, CAUSES, c.cause);
    },
    read: (r) => ({ kind: 'agent-remove', agentId: r.text() as AgentId, cause: readChoice(r, CAUSES) }),
  },
};
