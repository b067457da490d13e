export {
  CoordinationService,
  answerOf,
  type Answer,
  type Node,
  type NodeQuery,
  type SessionUse,
  type SessionWrite,
  type Written,
} from './service.js';
