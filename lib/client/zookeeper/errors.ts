import { TepuiError, type ErrorCode } from '../../base/index.js';
import { ZK_ERROR } from '../../wire/zookeeper/index.js';

/** Codes of the catalogue for what a server answers with, and the same in words. */
const ANSWERS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  [ZK_ERROR.marshallingError]: ['MALFORMED', 'the server could not read the request'],
  [ZK_ERROR.unimplemented]: ['UNSUPPORTED', 'the server does not offer this'],
  [ZK_ERROR.badArguments]: ['BAD_ARGUMENTS', 'a path, flag or time to live that cannot be'],
  [ZK_ERROR.noNode]: ['NO_NODE', 'no such node'],
  [ZK_ERROR.noAuth]: ['NO_AUTH', 'the ACL does not allow it'],
  [ZK_ERROR.badVersion]: ['BAD_VERSION', 'the node has another version'],
  [ZK_ERROR.noChildrenForEphemerals]: ['NO_CHILDREN_FOR_EPHEMERALS', 'ephemeral nodes have no children'],
  [ZK_ERROR.nodeExists]: ['NODE_EXISTS', 'the node exists'],
  [ZK_ERROR.notEmpty]: ['NOT_EMPTY', 'the node has children'],
  [ZK_ERROR.sessionExpired]: ['SESSION_EXPIRED', 'the session has expired'],
  [ZK_ERROR.invalidAcl]: ['INVALID_ACL', 'the ACL names nobody, or somebody who cannot be'],
  [ZK_ERROR.authFailed]: ['AUTH_FAILED', 'the credentials were refused'],
  [ZK_ERROR.notReadOnly]: ['UNSUPPORTED', 'the server only serves reads'],
  [ZK_ERROR.quotaExceeded]: ['QUOTA_EXCEEDED', 'above the quota'],
  [ZK_ERROR.throttled]: ['OVERLOADED', 'the server takes no more for now'],
};

/** `what` was refused with the number `err`. One that is not known says nothing of what happened: INTERNAL. */
export function refusal(err: number, what: string): TepuiError {
  const [code, words] = ANSWERS[err] ?? ['INTERNAL', `the server answered with error ${err}`];
  return new TepuiError(code, `${what}: ${words}`, { fields: { err } });
}

/** The connection broke, or the time was up, after `what` had left: it may have been done, or may still be. */
export function outcomeUnknown(what: string, cause: TepuiError): TepuiError {
  return new TepuiError('OUTCOME_UNKNOWN', `${what}: ${cause.message}`, { cause });
}
