export {
  digestIdentities,
  DigestMd5Exchange,
  addressIdentity,
  type SaslStep,
  type SaslUsers,
} from './auth/index.js';
export {
  AttachedSession,
  SessionHub,
  type Arrival,
  type Arrived,
  type ClientLink,
  type EndCause,
  type SessionHubOptions,
  type SessionKey,
} from './connections/index.js';
export {
  CoordinationService,
  answerOf,
  type Answer,
  type Node,
  type Refused,
  type SessionUse,
  type SessionWrite,
  type Written,
} from './service.js';
export { WatchTable, type WatchEvent, type WatchKind } from './watches/index.js';
