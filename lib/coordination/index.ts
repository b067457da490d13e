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
