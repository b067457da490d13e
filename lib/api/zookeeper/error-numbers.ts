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
  // ThrottledOp (-127) would say more, but many clients do not know it: kazoo 2.8 never ends the request that is answered
  // with a number that it does not know, and Java's before 3.6 fails with a null pointer.
  GROWTH_REFUSED: ZK_ERROR.systemError,
  OVERLOADED: ZK_ERROR.systemError,
  DIVERGED: ZK_ERROR.systemError,
};

export function errorNumber(code: ErrorCode): ZkError {
  return NUMBERS[code] ?? ZK_ERROR.systemError;
}
