import { isJoint, type Configuration, type Message, type PeerProgress } from '../../../lib/raft/index.js';
import type { Cluster, Member } from '../harness.js';

type Observation = Readonly<Record<string, (() => string) | undefined>>;

/** What scripts can say about a member, a link, or the group: every value is a word. */
export function observe(cluster: Cluster, subject: string, key: string): string {
  const keys = observationOf(cluster, subject);
  const value = keys[key];
  if (value === undefined) throw new Error(`${subject} has no ${key}: ${Object.keys(keys).join(', ')}`);
  return value();
}

function observationOf(cluster: Cluster, subject: string): Observation {
  if (subject === 'group') return ofGroup(cluster);
  const [from, to] = subject.split('>');
  return to === undefined ? ofMember(cluster.member(from!)) : ofLink(cluster, cluster.member(from!), to);
}

function ofGroup(cluster: Cluster): Observation {
  const members = [...cluster.members.values()];
  const leaders = members.filter(({ role }) => role === 'leader').sort((a, b) => b.term - a.term);
  return {
    leader: () => leaders[0]?.id ?? 'none',
    leaders: () => list(leaders.map(({ id }) => id)),
    terms: () => list(members.map(({ term }) => String(term))),
    committed: () => String(cluster.checker.lastCommitted),
    wire: () => String(cluster.wire.length),
  };
}

function ofMember(member: Member): Observation {
  const { view } = member.node;
  return {
    role: () => view.role,
    term: () => String(view.term),
    vote: () => view.vote ?? 'none',
    leader: () => view.leader ?? 'none',
    commit: () => String(view.commit),
    applied: () => String(view.applied),
    handed: () => String(view.handedOut),
    first: () => String(view.firstIndex),
    last: () => String(view.lastIndex),
    stable: () => String(view.stableIndex),
    base: () => String(view.baseIndex()),
    log: () => list(member.entries),
    texts: () => list(member.texts),
    writing: () => (member.pendingWrite === null ? 'no' : 'yes'),
    reads: () => list(member.reads.map(({ context, index }) => `${context}@${index}`)),
    wants: () => list(member.snapshotsWanted),
    transfer: () => member.node.status().transferTo ?? 'none',
    lease: () => String(member.node.leaseAgeTicks() ?? 'none'),
    ...ofConfiguration(view.configuration),
  };
}

function ofConfiguration(configuration: Configuration): Observation {
  return {
    joint: () => (isJoint(configuration) ? 'yes' : 'no'),
    voters: () => list([...configuration.voters].sort()),
    outgoing: () => list([...configuration.outgoing].sort()),
    learners: () => list([...configuration.learners].sort()),
    next: () => list([...configuration.learnersNext].sort()),
  };
}

function ofLink(cluster: Cluster, from: Member, to: string): Observation {
  const peer = from.node.view.peers().find(({ id }) => id === to);
  const wire = cluster.wire.filter((message) => message.from === from.id && message.to === to);
  const of = (value: (peer: PeerProgress) => string | number) => () =>
    peer === undefined ? 'none' : String(value(peer));
  return {
    state: of(({ state }) => state),
    match: of(({ match }) => match),
    next: of(({ next }) => next),
    inflight: of(({ inflightMessages }) => inflightMessages),
    active: of(({ recentlyActive }) => (recentlyActive ? 'yes' : 'no')),
    learner: of(({ learner }) => (learner ? 'yes' : 'no')),
    wire: () => list(wire.map(describeMessage)),
  };
}

function list(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(',');
}

/** Type, and what tells two messages of that type apart. */
function describeMessage(message: Message): string {
  switch (message.type) {
    case 'vote':
      return message.pre ? 'pre-vote' : 'vote';
    case 'vote-reply':
      return `${message.pre ? 'pre-' : ''}${message.granted ? 'granted' : 'refused'}`;
    case 'append': {
      const first = message.prevIndex + 1;
      const last = message.prevIndex + message.entries.length;
      return last < first ? `empty@${message.prevIndex}` : `append:${first}-${last}`;
    }
    case 'append-reply':
      return message.rejected ? `reject:${message.index}` : `ack:${message.index}`;
    case 'read-reply':
      return `read-reply:${message.index}`;
    case 'snapshot':
      return `snapshot:${message.meta.index}`;
    case 'heartbeat':
    case 'heartbeat-reply':
    case 'read':
    case 'timeout-now':
      return message.type;
  }
}
