/** Error numbers as they stand in reply headers (KeeperException.Code). 0 is success. */
export const ZK_ERROR = {
  ok: 0,
  systemError: -1,
  runtimeInconsistency: -2,
  marshallingError: -5,
  unimplemented: -6,
  badArguments: -8,
  newConfigNoQuorum: -13,
  reconfigInProgress: -14,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  noChildrenForEphemerals: -108,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  invalidAcl: -114,
  authFailed: -115,
  notReadOnly: -119,
  noWatcher: -121,
  reconfigDisabled: -123,
  quotaExceeded: -125,
  throttled: -127,
} as const;

export type ZkError = (typeof ZK_ERROR)[keyof typeof ZK_ERROR];
