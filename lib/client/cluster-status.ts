import type { TepuiError } from '../base/index.js';
import {
  asTepuiError,
  type Alarm,
  type MemberStatus,
  type Restored,
  type StatusReply,
} from '../wire/index.js';
import type { Ports } from './connection.js';
import type { Door } from './door.js';

/** The whole group as its members tell, each for itself. */
export interface ClusterStatus {
  /** Null when no member answered. */
  readonly clusterId: string | null;
  /** Null while no member leads. */
  readonly leader: string | null;
  /** The highest term that a member knows. */
  readonly term: number;
  /** The highest revision that a member has applied. */
  readonly revision: number;
  /** In order of ids. Who did not answer is `unreachable`, with what others last knew of it. */
  readonly members: readonly MemberStatus[];
  /** Why the group is not serving, as a member explains it; empty when it is. */
  readonly trouble: string;
  /** What stands in the group's record, as the member that has applied most of it tells. */
  readonly alarms: readonly Alarm[];
  /** The last time that the running cluster was taken back to a snapshot; null: never. */
  readonly restored: Restored | null;
  /** What operators should look at, each with the member that says so. */
  readonly warnings: readonly { readonly member: string; readonly text: string }[];
  /** Addresses that did not answer, and why. */
  readonly unanswered: readonly { readonly address: string; readonly reason: string }[];
}

interface Answer {
  readonly address: string;
  readonly reply: StatusReply | null;
  readonly error: TepuiError | null;
}

/**
 * Asks every address at once, and every further member that an answer names, all within `timeoutMs`.
 */
export async function clusterStatus(
  addresses: readonly string[],
  ports: Ports,
  timeoutMs: number,
): Promise<ClusterStatus> {
  const deadlineAt = ports.world.clock.monotonicMs() + timeoutMs;
  const asked = new Set<string>();
  const answers: Answer[] = [];
  const ask = async (address: string): Promise<void> => {
    if (asked.has(address)) return;
    asked.add(address);
    const answer = await askOne(address, ports, deadlineAt);
    answers.push(answer);
    const named = answer.reply?.members.flatMap(({ grpc }) => grpc ?? []) ?? [];
    await Promise.all(named.map(ask));
  };
  await Promise.all(addresses.map(ask));
  return merge(answers);
}

async function askOne(address: string, ports: Ports, deadlineAt: number): Promise<Answer> {
  const leftMs = (): number => Math.max(1, deadlineAt - ports.world.clock.monotonicMs());
  const door: Door = ports.dial(address);
  try {
    await new Promise<void>((resolve, reject) => {
      door.ready(leftMs(), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    return { address, reply: await door.call('status', {}, leftMs()), error: null };
  } catch (cause) {
    return { address, reply: null, error: asTepuiError(cause) };
  } finally {
    door.close();
  }
}

function merge(answers: readonly Answer[]): ClusterStatus {
  const replies = settled(answers.flatMap(({ reply }) => reply ?? []).sort((a, b) => b.term - a.term));
  const members = new Map<string, MemberStatus>();
  for (const reply of replies) {
    for (const member of reply.members) {
      if (!members.has(member.id))
        members.set(member.id, { ...member, role: 'unreachable', healthy: false, interruptions: null });
    }
  }
  for (const { self } of replies) if (self !== null) members.set(self.id, self);
  const furthest = replies.toSorted((a, b) => b.revision - a.revision)[0];
  const silent = answers.filter(({ reply }) => reply === null);
  return {
    clusterId: replies.find(({ clusterId }) => clusterId !== null)?.clusterId ?? null,
    leader: leaderOf(replies, members, answers),
    term: replies[0]?.term ?? 0,
    revision: Math.max(0, ...replies.map(({ revision }) => revision)),
    members: [...members.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    trouble: replies.find(({ trouble }) => trouble !== '')?.trouble ?? '',
    alarms: furthest?.alarms ?? [],
    restored: furthest?.restored ?? null,
    warnings: replies.flatMap(({ self, warnings }) =>
      warnings.map((text) => ({ member: self?.id ?? '?', text })),
    ),
    unanswered: silent.map(({ address, error }) => ({ address, reason: reasonOf(error) })),
  };
}

/**
 * Who was removed from the group may not know it yet: where the leader answers, it says who has a vote, and others say
 * nothing about anybody but themselves.
 */
function settled(replies: readonly StatusReply[]): StatusReply[] {
  const leader = replies.find(({ self, term }) => self?.role === 'leader' && term === replies[0]?.term);
  if (leader === undefined) return [...replies];
  const named = new Set(leader.members.map(({ id }) => id));
  return replies.map((reply) => {
    const { self } = reply;
    if (self === null || named.has(self.id)) return reply;
    return { ...reply, self: { ...self, voter: false, healthy: false }, members: [], trouble: '' };
  });
}

/**
 * Who says of itself that it leads, in the highest term. One that did not answer in time leads if members of
 * the highest term say so; one whose process is gone (connection refused) does not, whatever they still say.
 */
function leaderOf(
  replies: readonly StatusReply[],
  members: ReadonlyMap<string, MemberStatus>,
  answers: readonly Answer[],
): string | null {
  const own = replies.find(({ self }) => self?.role === 'leader');
  const term = replies[0]?.term ?? 0;
  if (own !== undefined && own.term === term) return own.self?.id ?? null;
  const claimed = replies.find((reply) => reply.term === term && reply.leader !== null)?.leader ?? null;
  const claimedMember = claimed === null ? undefined : members.get(claimed);
  if (claimedMember === undefined || claimedMember.role !== 'unreachable') return null;
  const answer = answers.find(({ address }) => address === claimedMember.grpc);
  return answer?.error?.fields['reason'] === 'refused' ? null : claimed;
}

function reasonOf(error: TepuiError | null): string {
  const reason = error?.fields['reason'];
  return typeof reason === 'string' ? reason : (error?.message ?? 'not asked in time');
}
