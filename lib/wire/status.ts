import { Metadata, status as Status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { InvariantError, TepuiError, type ErrorCode } from '../base/index.js';
import { errorOf } from './common.js';

/** The one table from our codes to gRPC status. Generic clients act upon the status, ours upon the code. */
export const GRPC_STATUS: Readonly<Record<ErrorCode, Status>> = {
  MALFORMED: Status.INVALID_ARGUMENT,
  TOO_LARGE: Status.RESOURCE_EXHAUSTED,
  INVALID_ARGUMENT: Status.INVALID_ARGUMENT,
  UNSUPPORTED: Status.UNIMPLEMENTED,
  CONFIG: Status.INVALID_ARGUMENT,
  USAGE: Status.INVALID_ARGUMENT,
  NO_LEADER: Status.UNAVAILABLE,
  NOT_LEADER: Status.UNAVAILABLE,
  OVERLOADED: Status.RESOURCE_EXHAUSTED,
  GROWTH_REFUSED: Status.RESOURCE_EXHAUSTED,
  DIVERGED: Status.UNAVAILABLE,
  TRANSFERRING: Status.UNAVAILABLE,
  OUTCOME_UNKNOWN: Status.UNKNOWN,
  DEADLINE: Status.DEADLINE_EXCEEDED,
  OUT_OF_RANGE: Status.OUT_OF_RANGE,
  UNREACHABLE: Status.UNAVAILABLE,
  SHUTTING_DOWN: Status.UNAVAILABLE,
  SESSION_EXPIRED: Status.FAILED_PRECONDITION,
  SEQUENCE_STALE: Status.FAILED_PRECONDITION,
  SESSION_LIMIT: Status.RESOURCE_EXHAUSTED,
  NODE_EXISTS: Status.ALREADY_EXISTS,
  NO_NODE: Status.NOT_FOUND,
  BAD_VERSION: Status.FAILED_PRECONDITION,
  NOT_EMPTY: Status.FAILED_PRECONDITION,
  BAD_PATH: Status.INVALID_ARGUMENT,
  BAD_ARGUMENTS: Status.INVALID_ARGUMENT,
  NO_AUTH: Status.PERMISSION_DENIED,
  INVALID_ACL: Status.INVALID_ARGUMENT,
  NO_CHILDREN_FOR_EPHEMERALS: Status.FAILED_PRECONDITION,
  QUOTA_EXCEEDED: Status.RESOURCE_EXHAUSTED,
  SESSION_EXISTS: Status.ALREADY_EXISTS,
  SESSION_MOVED: Status.FAILED_PRECONDITION,
  AUTH_FAILED: Status.UNAUTHENTICATED,
  UNKNOWN_FRAMEWORK: Status.NOT_FOUND,
  FRAMEWORK_REMOVED: Status.FAILED_PRECONDITION,
  FRAMEWORK_DISCONNECTED: Status.FAILED_PRECONDITION,
  UNKNOWN_AGENT: Status.NOT_FOUND,
  AGENT_REMOVED: Status.FAILED_PRECONDITION,
  AGENT_UNREACHABLE: Status.FAILED_PRECONDITION,
  STALE_CONNECTION: Status.ABORTED,
  SEQUENCE_GAP: Status.FAILED_PRECONDITION,
  UNKNOWN_UPDATE: Status.FAILED_PRECONDITION,
  INVALID_OFFER: Status.FAILED_PRECONDITION,
  INSUFFICIENT_RESOURCES: Status.FAILED_PRECONDITION,
  TASK_EXISTS: Status.ALREADY_EXISTS,
  UNKNOWN_TASK: Status.NOT_FOUND,
  FOREIGN_CLUSTER: Status.FAILED_PRECONDITION,
  FOREIGN_MEMBER: Status.FAILED_PRECONDITION,
  UNKNOWN_MEMBER: Status.NOT_FOUND,
  TOKEN_REFUSED: Status.UNAUTHENTICATED,
  RESTORING: Status.FAILED_PRECONDITION,
  RESTORE_LOST: Status.FAILED_PRECONDITION,
  RESTORED: Status.ABORTED,
  CHANGE_PENDING: Status.FAILED_PRECONDITION,
  QUORUM_AT_RISK: Status.FAILED_PRECONDITION,
  NEWER_FORMAT: Status.FAILED_PRECONDITION,
  FORMER_GENERATION: Status.FAILED_PRECONDITION,
  RETIRED: Status.FAILED_PRECONDITION,
  REMOVED: Status.FAILED_PRECONDITION,
  FOLDER_IN_USE: Status.FAILED_PRECONDITION,
  FOLDER_OCCUPIED: Status.FAILED_PRECONDITION,
  RECOVERY_NOT_NEEDED: Status.FAILED_PRECONDITION,
  PORT_IN_USE: Status.FAILED_PRECONDITION,
  STORAGE: Status.INTERNAL,
  DAMAGED: Status.DATA_LOSS,
  SNAPSHOT_DAMAGED: Status.DATA_LOSS,
  TLS: Status.UNAUTHENTICATED,
  UNAUTHENTICATED: Status.UNAUTHENTICATED,
  INTERNAL: Status.INTERNAL,
};

/** Trailing metadata: the code by name, and whether the request may nevertheless have taken effect. */
const CODE_KEY = 'tepui-code';
const UNKNOWN_KEY = 'tepui-outcome-unknown';

/** How a server ends a call with `error`. */
export function statusOf(error: TepuiError): StatusObject {
  const metadata = new Metadata();
  metadata.set(CODE_KEY, error.code);
  metadata.set(UNKNOWN_KEY, String(error.certainty === 'unknown'));
  return { code: GRPC_STATUS[error.code], details: error.message, metadata };
}

/** What a handler threw, as a coded error. A broken invariant is thrown on: it ends the process. */
export function asTepuiError(thrown: unknown): TepuiError {
  if (thrown instanceof InvariantError) throw thrown;
  if (thrown instanceof TepuiError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new TepuiError('INTERNAL', detail, { cause: thrown });
}

function textOf(metadata: Metadata, key: string): string {
  const value = metadata.get(key)[0];
  return typeof value === 'string' ? value : '';
}

/**
 * The error behind a call that failed. With our trailing metadata it is the server's own; without, only a
 * call that never left this process counts as surely not done. `address` is named when it is given.
 */
export function errorFromStatus(
  failed: StatusObject | ServiceError,
  address: string | null = null,
): TepuiError {
  const code = textOf(failed.metadata, CODE_KEY);
  if (code !== '') {
    return errorOf({
      code,
      message: failed.details,
      outcomeUnknown: textOf(failed.metadata, UNKNOWN_KEY) === 'true',
    });
  }
  const details = failed.details.replace(EMPTY_NOTE, '');
  return new TepuiError(codeWithoutOurs(failed), address === null ? details : `${address}: ${details}`, {
    fields: { grpcStatus: failed.code },
  });
}

/** grpc-js ends its messages so when the name resolver had nothing to say. */
const EMPTY_NOTE = /\s*Resolution note:\s*$/;

/** grpc-js words these when it gave up before a request was on its way. */
const NEVER_SENT = /^No connection established|^Name resolution failed|^Stream refused by server/;
const CERTIFICATE = /certificate|SSL|TLS|altname/i;

const PLAIN: Partial<Record<Status, ErrorCode>> = {
  [Status.DEADLINE_EXCEEDED]: 'DEADLINE',
  [Status.UNIMPLEMENTED]: 'UNSUPPORTED',
  [Status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
};

function codeWithoutOurs({ code, details }: StatusObject | ServiceError): ErrorCode {
  if (code === Status.UNAVAILABLE && NEVER_SENT.test(details)) {
    return CERTIFICATE.test(details) ? 'TLS' : 'UNREACHABLE';
  }
  return PLAIN[code] ?? 'OUTCOME_UNKNOWN';
}
