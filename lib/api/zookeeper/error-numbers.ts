import type { ErrorCode } from '../../base/index.js';
import { ZK_ERROR, type ZkError } from '../../wire/zookeeper/index.js';

/** What clients are told where the machine, or a check at the door, refuses. */
const NUMBERS: Partial<Readonly<Record<ErrorCode, ZkError>>> = {
  BAD_ARGUMENTS: ZK_ERROR.badArguments,
  BAD_PATH: ZK_ERROR.badArguments,
  INVALID_ARGUMENT: ZK_ERROR.badArguments,
  TOO_LARGE: ZK_ERROR.badArguments,
  NO_NODE: ZK_ERROR.noNode,
  NO_AUTH: ZK_ERROR.noAuth,
  BAD_VERSION: ZK_ERROR.badVersion,
  NODE_EXISTS: ZK_ERROR.nodeExists,
  NOT_EMPTY: ZK_ERROR.notEmpty,
  NO_CHILDREN_FOR_EPHEMERALS: ZK_ERROR.noChildrenForEphemerals,
  INVALID_ACL: ZK_ERROR.invalidAcl,
  AUTH_FAILED: ZK_ERROR.authFailed,
  QUOTA_EXCEEDED: ZK_ERROR.quotaExceeded,
  SESSION_EXPIRED: ZK_ERROR.sessionExpired,
  // What is refused for want of room now may be accepted later: clients know it as being held back.
  GROWTH_REFUSED: ZK_ERROR.throttled,
  OVERLOADED: ZK_ERROR.throttled,
  DIVERGED: ZK_ERROR.throttled,
};

export function errorNumber(code: ErrorCode): ZkError {
  return NUMBERS[code] ?? ZK_ERROR.systemError;
}
