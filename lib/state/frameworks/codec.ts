import type { ByteReader, ByteWriter, FrameworkId } from '../../base/index.js';
import {
  readChoice,
  readConnection,
  readTexts,
  writeChoice,
  writeConnection,
  writeTexts,
  type CodecsOf,
} from '../codec.js';
import type { RecordCodec } from '../store/object-table.js';
import type { FrameworkCommand, FrameworkStatus, FrameworkSubscribe, FrameworkView } from './types.js';

const CAUSES: readonly ('asked' | 'failover-timeout')[] = ['asked', 'failover-timeout'];
const STATUSES: readonly FrameworkStatus['kind'][] = [
  'connected',
  'disconnected',
  'tearing-down',
  'completed',
];

type FrameworkFacts = Omit<FrameworkSubscribe, 'kind' | 'connection'>;

function writeFacts(w: ByteWriter, facts: FrameworkFacts): void {
  w.text(facts.frameworkId).text(facts.name).text(facts.user).text(facts.principal);
  writeTexts(w, facts.roles);
  writeTexts(w, facts.suppressed);
  w.uint(facts.failoverTimeoutMs).uint(facts.capabilities).bytes(facts.spec);
}

function readFacts(r: ByteReader): FrameworkFacts {
  return {
    frameworkId: r.text() as FrameworkId,
    name: r.text(),
    user: r.text(),
    principal: r.text(),
    roles: readTexts(r),
    suppressed: readTexts(r),
    failoverTimeoutMs: r.uint(),
    capabilities: r.uint(),
    // A copy: the record outlives the entry that it came in.
    spec: r.bytes().slice(),
  };
}

function writeStatus(w: ByteWriter, status: FrameworkStatus): void {
  writeChoice(w, STATUSES, status.kind);
  if (status.kind === 'connected') {
    writeConnection(w, status.connection);
    return;
  }
  w.uint(status.sinceMs);
  if (status.kind === 'disconnected') w.uint(status.remainingMs);
}

function readStatus(r: ByteReader): FrameworkStatus {
  const kind = readChoice(r, STATUSES);
  if (kind === 'connected') return { kind, connection: readConnection(r) };
  const sinceMs = r.uint();
  return kind === 'disconnected' ? { kind, sinceMs, remainingMs: r.uint() } : { kind, sinceMs };
}

export const FRAMEWORK_RECORD: RecordCodec<FrameworkView> = {
  write: (w, framework) => {
    writeFacts(w, framework);
    writeStatus(w, framework.status);
    w.uint(framework.subscription).uint(framework.registeredMs).uint(framework.reregisteredMs);
    w.uint(framework.revision);
  },
  read: (r) => ({
    ...readFacts(r),
    status: readStatus(r),
    subscription: r.uint(),
    registeredMs: r.uint(),
    reregisteredMs: r.uint(),
    revision: r.uint(),
  }),
};

export const FRAMEWORK_CODECS: CodecsOf<FrameworkCommand> = {
  'framework-subscribe': {
    grows: true,
    write: (w, c) => {
      writeFacts(w, c);
      writeConnection(w, c.connection);
    },
    read: (r) => ({ kind: 'framework-subscribe', ...readFacts(r), connection: readConnection(r) }),
  },
  'framework-disconnect': {
    grows: false,
    write: (w, c) => w.text(c.frameworkId).uint(c.subscription),
    read: (r) => ({
      kind: 'framework-disconnect',
      frameworkId: r.text() as FrameworkId,
      subscription: r.uint(),
    }),
  },
  'framework-failover-remaining': {
    grows: false,
    write: (w, c) => w.text(c.frameworkId).uint(c.subscription).uint(c.remainingMs),
    read: (r) => ({
      kind: 'framework-failover-remaining',
      frameworkId: r.text() as FrameworkId,
      subscription: r.uint(),
      remainingMs: r.uint(),
    }),
  },
  'framework-teardown': {
    grows: false,
    write: (w, c) => {
      w.text(c.frameworkId);
      writeChoice(w, CAUSES, c.cause);
      w.uint(c.subscription);
    },
    read: (r) => ({
      kind: 'framework-teardown',
      frameworkId: r.text() as FrameworkId,
      cause: readChoice(r, CAUSES),
      subscription: r.uint(),
    }),
  },
  'framework-suppress': {
    grows: false,
    write: (w, c) => {
      w.text(c.frameworkId);
      writeTexts(w, c.roles);
    },
    read: (r) => ({
      kind: 'framework-suppress',
      frameworkId: r.text() as FrameworkId,
      roles: readTexts(r),
    }),
  },
  'framework-revive': {
    grows: false,
    write: (w, c) => {
      w.text(c.frameworkId);
      writeTexts(w, c.roles);
    },
    read: (r) => ({ kind: 'framework-revive', frameworkId: r.text() as FrameworkId, roles: readTexts(r) }),
  },
};
