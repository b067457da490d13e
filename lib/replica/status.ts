import { memberOf, type MemberId } from '../base/index.js';
import type { PeerHello } from '../transport/types.js';
import type { ReplicaOptions } from './ports.js';
import type { Roster } from './roster.js';
import type { RunningMember } from './running.js';
import type { GroupMembers, Interruptions, ReplicaStatus } from './types.js';

const NONE: Interruptions = {
  loopGaps: 0,
  longestLoopGapMs: 0,
  doubts: 0,
  diskHandOvers: 0,
  quorumLosses: 0,
};

/** What this member says about itself. */
export function describeMember(
  options: ReplicaOptions,
  self: PeerHello,
  peers: ReadonlySet<MemberId>,
  roster: Roster,
  running: RunningMember | null,
  trouble: string,
): ReplicaStatus {
  const clusterId = options.disk.identity.clusterId;
  if (running === null) {
    const members = [...peers].map((id) => {
      return { id, hello: roster.hello(id), voter: false, connected: roster.connected(id) };
    });
    const nothing = { term: 0, leader: null, lastIndex: 0, commitIndex: 0, appliedIndex: 0, revision: 0 };
    const own = { id: self.memberId, hello: self, voter: false, connected: true };
    return {
      role: 'candidate',
      ...nothing,
      clusterId,
      self,
      voter: false,
      members: [own, ...members],
      synced: [],
      group: null,
      trouble,
      interruptions: NONE,
      lease: { leaseMs: 0, held: false, reads: 0 },
    };
  }
  const status = running.raftStatus;
  const members = roster.statuses(self, status.configuration);
  return {
    role: roleOf(running),
    term: status.term,
    leader: status.leader === null ? null : memberOf(status.leader),
    lastIndex: status.lastIndex,
    commitIndex: status.commit,
    appliedIndex: running.appliedIndex,
    revision: running.machine.revision,
    clusterId,
    self,
    voter: members.find((member) => member.id === self.memberId)?.voter ?? false,
    members,
    synced: synced(status),
    group: groupMembers(running.membership),
    trouble: running.serving ? null : trouble,
    interruptions: running.interruptions,
    lease: running.leaseStatus,
  };
}

function synced({ peers }: RunningMember['raftStatus']): MemberId[] {
  return peers
    .filter((peer) => peer.state === 'replicate' && peer.recentlyActive)
    .map(({ id }) => memberOf(id));
}

function groupMembers({ configuration, committed }: RunningMember['membership']): GroupMembers {
  const { voters, outgoing, learners, learnersNext } = configuration;
  const voting = new Set(voters.map(memberOf));
  // A folder that is to take a vote over learns beside the one that has it.
  const learning = new Set([...learners, ...learnersNext].map(memberOf).filter((id) => !voting.has(id)));
  const changing = !committed || outgoing.length > 0;
  return { voters: [...voting].sort(), learners: [...learning].sort(), changing };
}

function roleOf(running: RunningMember): ReplicaStatus['role'] {
  if (running.isRecovering) return 'recovering';
  const { role, configuration, id } = running.raftStatus;
  if (configuration.learners.includes(id) || configuration.voters.length === 0) return 'learner';
  if (role === 'leader') return 'leader';
  return role === 'follower' && running.raftStatus.leader !== null ? 'follower' : 'candidate';
}
