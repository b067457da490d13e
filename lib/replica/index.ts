export { BackupSource, type Backup, type BackupOptions } from './backup.js';
export { HALT_NOTE, decodeHalt, type Halt } from './halt.js';
export { REPLICA_LIMITS, type ReplicaLimits } from './limits.js';
export { Member } from './member.js';
export type { MemberChange, MemberChangeAnswer, Membership } from './membership/changes.js';
export type { ChangeReply } from './membership/requests.js';
export type { ReplicaOptions } from './ports.js';
export type {
  CallHandler,
  CallMethod,
  GroupMembers,
  CallReply,
  Interruptions,
  AnswerTime,
  LeadershipView,
  LeaseStatus,
  MemberStatus,
  Outcome,
  ProposalOrder,
  Replica,
  ReplicaListeners,
  ReplicaStatus,
} from './types.js';
