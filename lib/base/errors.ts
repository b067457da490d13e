/**
 * The one catalogue of coded errors. Every refusal that a person or a program may meet has its code here;
 * the doors translate codes to gRPC and HTTP status in one table each.
 *
 * `certainty` is the heart of it: `not-done` means that surely nothing changed, `unknown` that the change may
 * have happened or may still happen. The two are never confused.
 */
export type Certainty = 'not-done' | 'unknown';

export interface CatalogueEntry {
  readonly certainty: Certainty;
  /** What the reader can do about it. */
  readonly remedy: string;
}

export type ErrorCode =
  | 'MALFORMED'
  | 'TOO_LARGE'
  | 'INVALID_ARGUMENT'
  | 'UNSUPPORTED'
  | 'CONFIG'
  | 'USAGE'
  | 'NO_LEADER'
  | 'NOT_LEADER'
  | 'OVERLOADED'
  | 'GROWTH_REFUSED'
  | 'DIVERGED'
  | 'TRANSFERRING'
  | 'OUTCOME_UNKNOWN'
  | 'DEADLINE'
  | 'OUT_OF_RANGE'
  | 'UNREACHABLE'
  | 'SHUTTING_DOWN'
  | 'SESSION_EXPIRED'
  | 'SEQUENCE_STALE'
  | 'SESSION_LIMIT'
  | 'NODE_EXISTS'
  | 'NO_NODE'
  | 'BAD_VERSION'
  | 'NOT_EMPTY'
  | 'BAD_PATH'
  | 'BAD_ARGUMENTS'
  | 'NO_AUTH'
  | 'INVALID_ACL'
  | 'NO_CHILDREN_FOR_EPHEMERALS'
  | 'QUOTA_EXCEEDED'
  | 'SESSION_EXISTS'
  | 'SESSION_MOVED'
  | 'AUTH_FAILED'
  | 'UNKNOWN_FRAMEWORK'
  | 'FRAMEWORK_REMOVED'
  | 'FRAMEWORK_DISCONNECTED'
  | 'UNKNOWN_AGENT'
  | 'AGENT_REMOVED'
  | 'AGENT_UNREACHABLE'
  | 'STALE_CONNECTION'
  | 'SEQUENCE_GAP'
  | 'UNKNOWN_UPDATE'
  | 'INVALID_OFFER'
  | 'INSUFFICIENT_RESOURCES'
  | 'TASK_EXISTS'
  | 'UNKNOWN_TASK'
  | 'FOREIGN_CLUSTER'
  | 'FOREIGN_MEMBER'
  | 'UNKNOWN_MEMBER'
  | 'TOKEN_REFUSED'
  | 'CHANGE_PENDING'
  | 'RESTORING'
  | 'RESTORE_LOST'
  | 'RESTORED'
  | 'QUORUM_AT_RISK'
  | 'NEWER_FORMAT'
  | 'FORMER_GENERATION'
  | 'RETIRED'
  | 'REMOVED'
  | 'FOLDER_IN_USE'
  | 'FOLDER_OCCUPIED'
  | 'RECOVERY_NOT_NEEDED'
  | 'PORT_IN_USE'
  | 'STORAGE'
  | 'DAMAGED'
  | 'SNAPSHOT_DAMAGED'
  | 'TLS'
  | 'UNAUTHENTICATED'
  | 'INTERNAL';

export const CATALOGUE: Readonly<Record<ErrorCode, CatalogueEntry>> = {
  // Input
  MALFORMED: { certainty: 'not-done', remedy: 'Send a message that fits the schema.' },
  TOO_LARGE: { certainty: 'not-done', remedy: 'Send less at once; the message names the limit.' },
  INVALID_ARGUMENT: { certainty: 'not-done', remedy: 'Correct the named field.' },
  UNSUPPORTED: { certainty: 'not-done', remedy: 'Use a call this release knows, or upgrade.' },
  CONFIG: { certainty: 'not-done', remedy: 'Correct the configuration; docs/cli.md lists every key.' },
  USAGE: { certainty: 'not-done', remedy: 'See --help.' },
  // Group
  NO_LEADER: { certainty: 'not-done', remedy: 'Retry; if it lasts, see `tepui status`.' },
  NOT_LEADER: { certainty: 'not-done', remedy: 'Retry; the request finds the new leader.' },
  OVERLOADED: { certainty: 'not-done', remedy: 'Retry later, slower.' },
  GROWTH_REFUSED: { certainty: 'not-done', remedy: 'Delete what is not needed, or add memory or disk.' },
  DIVERGED: {
    certainty: 'not-done',
    remedy: 'Let `tepui status` name the members; wipe those that are wrong, and repeat when it has cleared.',
  },
  TRANSFERRING: { certainty: 'not-done', remedy: 'Retry; leadership is moving.' },
  OUTCOME_UNKNOWN: {
    certainty: 'unknown',
    remedy: 'Repeat with the same session and sequence, or read back.',
  },
  DEADLINE: { certainty: 'unknown', remedy: 'Repeat with the same session and sequence, or read back.' },
  OUT_OF_RANGE: { certainty: 'not-done', remedy: 'List anew and resume from the index of that list.' },
  UNREACHABLE: { certainty: 'not-done', remedy: 'Check the addresses and that the masters run.' },
  SHUTTING_DOWN: { certainty: 'not-done', remedy: 'Use another master.' },
  // Sessions
  SESSION_EXPIRED: { certainty: 'unknown', remedy: 'Open a new session and read back what was unanswered.' },
  SEQUENCE_STALE: { certainty: 'unknown', remedy: 'The answer was acknowledged and dropped; read back.' },
  SESSION_LIMIT: { certainty: 'not-done', remedy: 'Acknowledge answers, or keep fewer requests in flight.' },
  // Tree
  NODE_EXISTS: { certainty: 'not-done', remedy: 'Use set, or another path.' },
  NO_NODE: { certainty: 'not-done', remedy: 'Create it first.' },
  BAD_VERSION: { certainty: 'not-done', remedy: 'Read the current version and repeat.' },
  NOT_EMPTY: { certainty: 'not-done', remedy: 'Delete the children first.' },
  BAD_PATH: { certainty: 'not-done', remedy: 'Paths are absolute, without empty, `.` or `..` parts.' },
  BAD_ARGUMENTS: { certainty: 'not-done', remedy: 'Correct the path, the flags or the time to live.' },
  NO_AUTH: { certainty: 'not-done', remedy: 'Authenticate as somebody whom the ACL of the node names.' },
  INVALID_ACL: { certainty: 'not-done', remedy: 'Give an ACL that names somebody, by a scheme that exists.' },
  NO_CHILDREN_FOR_EPHEMERALS: {
    certainty: 'not-done',
    remedy: 'Put the node below one that is not ephemeral.',
  },
  QUOTA_EXCEEDED: { certainty: 'not-done', remedy: 'Delete nodes or data below the quota, or raise it.' },
  SESSION_EXISTS: { certainty: 'not-done', remedy: 'Draw another session id.' },
  SESSION_MOVED: { certainty: 'not-done', remedy: 'Use the connection to which the session has moved.' },
  AUTH_FAILED: { certainty: 'not-done', remedy: 'Correct the credentials.' },
  // Cluster
  UNKNOWN_FRAMEWORK: { certainty: 'not-done', remedy: 'Subscribe first.' },
  FRAMEWORK_REMOVED: { certainty: 'not-done', remedy: 'Subscribe without an id to get a new one.' },
  FRAMEWORK_DISCONNECTED: { certainty: 'not-done', remedy: 'Subscribe again.' },
  UNKNOWN_AGENT: { certainty: 'not-done', remedy: 'Register without an id to get a new one.' },
  AGENT_REMOVED: { certainty: 'not-done', remedy: 'Register without an id to get a new one.' },
  AGENT_UNREACHABLE: { certainty: 'not-done', remedy: 'Use an offer of another agent.' },
  STALE_CONNECTION: {
    certainty: 'not-done',
    remedy: 'A newer stream of the same id took over; attach again.',
  },
  SEQUENCE_GAP: {
    certainty: 'not-done',
    remedy: 'Send the updates of a task in order, from the last answered.',
  },
  UNKNOWN_UPDATE: {
    certainty: 'not-done',
    remedy: 'Acknowledge the oldest update that was not acknowledged.',
  },
  INVALID_OFFER: { certainty: 'not-done', remedy: 'Wait for a fresh offer.' },
  INSUFFICIENT_RESOURCES: { certainty: 'not-done', remedy: 'Ask for no more than the offers hold.' },
  TASK_EXISTS: { certainty: 'not-done', remedy: 'Give every task an id of its own.' },
  UNKNOWN_TASK: { certainty: 'not-done', remedy: 'Reconcile to learn which tasks exist.' },
  // Identity and disk
  FOREIGN_CLUSTER: { certainty: 'not-done', remedy: 'Point the member at its own data folder or masters.' },
  FOREIGN_MEMBER: { certainty: 'not-done', remedy: 'Use the folder of this member, or an empty one.' },
  UNKNOWN_MEMBER: { certainty: 'not-done', remedy: '`tepui members` lists those that exist.' },
  TOKEN_REFUSED: { certainty: 'not-done', remedy: 'Get a new token with `tepui members add`.' },
  CHANGE_PENDING: { certainty: 'not-done', remedy: 'Repeat it when the change under way has ended.' },
  RESTORING: {
    certainty: 'not-done',
    remedy: 'Wait for the restore under way, or for ten minutes if nobody goes on.',
  },
  RESTORE_LOST: {
    certainty: 'not-done',
    remedy: 'Begin the restore anew; `tepui status` tells of the last one.',
  },
  RESTORED: {
    certainty: 'not-done',
    remedy: 'The cluster was taken back to a snapshot meanwhile: read what is there, then repeat it.',
  },
  QUORUM_AT_RISK: {
    certainty: 'not-done',
    remedy: 'Bring back the voters that the message names, then repeat it.',
  },
  NEWER_FORMAT: {
    certainty: 'not-done',
    remedy: 'Start a release at least as new as the one that wrote it.',
  },
  FORMER_GENERATION: {
    certainty: 'not-done',
    remedy: 'Start it again: its data is set aside, and it joins the recovered group as a new instance.',
  },
  RETIRED: {
    certainty: 'not-done',
    remedy:
      'Start it again: its data is set aside, and it comes back with a new folder if the one that replaced it is gone; ' +
      'if that one is alive, stop this process.',
  },
  REMOVED: {
    certainty: 'not-done',
    remedy: 'Nothing is left to do here. To take it in again, empty its folder and use `tepui members add`.',
  },
  FOLDER_IN_USE: { certainty: 'not-done', remedy: 'Stop the process that holds the folder.' },
  FOLDER_OCCUPIED: {
    certainty: 'not-done',
    remedy: 'Name an empty folder, or set this one aside with --replace.',
  },
  RECOVERY_NOT_NEEDED: {
    certainty: 'not-done',
    remedy: 'Start all members that are left: they elect a leader, and nothing is lost.',
  },
  PORT_IN_USE: { certainty: 'not-done', remedy: 'Stop the other program, or choose other ports.' },
  STORAGE: { certainty: 'unknown', remedy: 'Check the disk; the process has ended and can be restarted.' },
  DAMAGED: { certainty: 'not-done', remedy: 'See docs/data-on-disk.md; the member stays out of votes.' },
  SNAPSHOT_DAMAGED: { certainty: 'not-done', remedy: 'Use another snapshot file, or save a new one.' },
  TLS: { certainty: 'not-done', remedy: 'Check certificate, key and authority.' },
  UNAUTHENTICATED: { certainty: 'not-done', remedy: 'Present a certificate that the group trusts.' },
  INTERNAL: { certainty: 'unknown', remedy: 'This is a defect; please report it with the log.' },
};

/** An error with a code of the catalogue. `message` says what happened in numbers; `fields` carry them. */
export class TepuiError extends Error {
  override readonly name = 'TepuiError';
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { fields?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? {};
  }

  get certainty(): Certainty {
    return CATALOGUE[this.code].certainty;
  }

  get remedy(): string {
    return CATALOGUE[this.code].remedy;
  }
}

/**
 * What a newer release wrote and this one cannot read. Nothing is guessed and nothing is changed: reading it as
 * damage would throw away what is sound.
 */
export function newerFormat(what: string, found: number, known: number): TepuiError {
  const message = `${what} has version ${found}; this release reads up to version ${known}`;
  return new TepuiError('NEWER_FORMAT', message, { fields: { found, known } });
}

/** Whether `text` names an error of the catalogue: for codes that come over the wire. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(CATALOGUE, text);
}
