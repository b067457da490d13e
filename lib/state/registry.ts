import { ByteReader, ByteWriter, MalformedError, TepuiError, type SessionId } from '../base/index.js';
import { AGENT_CODECS } from './agents/codec.js';
import { CLUSTER_CODECS } from './cluster/codec.js';
import type { CodecsOf, CommandCodec } from './codec.js';
import type { Command, PlainCommand } from './command.js';
import { COORDINATION_CODECS } from './zookeeper/codec.js';
import { FRAMEWORK_CODECS } from './frameworks/codec.js';
import { MEMBERSHIP_CODECS } from './membership/codec.js';
import { OPERATION_CODECS } from './operations/codec.js';
import { RESTORE_CODECS } from './restores/codec.js';
import { ROLE_CODECS } from './roles/roles.js';
import { SESSION_CODECS } from './sessions/codec.js';
import { TASK_CODECS } from './tasks/codec.js';
import { TREE_CODECS } from './tree/codec.js';

/**
 * Which commands this release understands: raised whenever a command or a version of one is added. Members tell
 * it (`member-info`), and a command is proposed only when the lowest member knows it.
 */
export const COMMAND_LEVEL = 7;

/** What every release understands, and members that never told a level are taken to. */
export const FIRST_LEVEL = 1;

/** A member that knows more commands than this release. */
interface NewerMember {
  readonly member: string;
  readonly release: string;
  readonly commandLevel: number;
}

/** A command that a newer release proposed. Committed, it stops the node with this message. */
export class UnknownCommandError extends TepuiError {
  readonly number: number;
  readonly version: number;

  /** `newer`: members that may know it, by their own word. */
  constructor(number: number, version: number, newer: readonly NewerMember[] = []) {
    const which = `command ${number} version ${version} is unknown to this release (command level ${COMMAND_LEVEL})`;
    const who = newer
      .map((one) => `${one.member} runs ${one.release} (level ${one.commandLevel})`)
      .join(', ');
    const needed =
      who === '' ? 'start the newest release that a member runs' : `it needs a newer one: ${who}`;
    super('NEWER_FORMAT', `${which}; ${needed}`, { fields: { number, version, level: COMMAND_LEVEL } });
    this.number = number;
    this.version = version;
  }
}

/** Numbers as they stand in logs. Append only: a number is never changed or given to another command. */
export const COMMAND_NUMBERS: Readonly<Record<Command['kind'], number>> = {
  'in-session': 1,
  'session-open': 2,
  'session-close': 3,
  'session-expire': 4,
  'tree-create': 5,
  'tree-set': 6,
  'tree-delete': 7,
  'agent-register': 8,
  'agent-reregister': 9,
  'agent-disconnect': 10,
  'agent-unreachable': 11,
  'agent-remove': 12,
  'framework-subscribe': 13,
  'framework-disconnect': 14,
  'framework-failover-remaining': 15,
  'framework-teardown': 16,
  'framework-suppress': 17,
  'framework-revive': 18,
  'task-launch': 19,
  'task-kill': 20,
  'task-update': 21,
  'task-master-update': 22,
  'task-acknowledge': 23,
  sweep: 24,
  checkpoint: 25,
  'checkpoint-digest': 26,
  'cluster-init': 27,
  'member-info': 28,
  'member-forget': 29,
  'revision-raise': 30,
  'role-weight': 31,
  'alarm-raise': 32,
  'alarm-clear': 33,
  'join-token-issue': 34,
  'join-token-redeem': 35,
  'member-mark': 36,
  'member-retire': 37,
  'upkeep-set': 38,
  'member-retired': 39,
  'restore-begin': 40,
  'restore-chunk': 41,
  'restore-settle': 42,
  'restore-commit': 43,
  'restore-abandon': 44,
  'coordination-open': 45,
  'coordination-attach': 46,
  'coordination-authenticate': 47,
  'coordination-close': 48,
  'coordination-expire': 49,
  'coordination-write': 50,
  'coordination-collect': 51,
  'coordination-members': 52,
};

/** The only version there is of any command so far. */
const VERSION = 1;

/** Levels of the versions of a command, the first one's first. Those of the first release are not listed. */
const LEVELS: Partial<Readonly<Record<Command['kind'], readonly number[]>>> = {
  'alarm-raise': [2],
  'alarm-clear': [2],
  'join-token-issue': [3],
  'join-token-redeem': [3],
  'member-mark': [3],
  'member-retire': [3],
  'upkeep-set': [3],
  'member-retired': [4],
  'restore-begin': [5],
  // Carries records: whoever adds a table or a version of a record adds a version of this command at that level.
  'restore-chunk': [6],
  'restore-settle': [5],
  'restore-commit': [5],
  'restore-abandon': [5],
  'coordination-open': [6],
  'coordination-attach': [6],
  'coordination-authenticate': [6],
  'coordination-close': [6],
  'coordination-expire': [6],
  'coordination-write': [6],
  'coordination-collect': [6],
  'coordination-members': [7],
};

const CODECS: CodecsOf<PlainCommand> = {
  ...SESSION_CODECS,
  ...TREE_CODECS,
  ...AGENT_CODECS,
  ...FRAMEWORK_CODECS,
  ...TASK_CODECS,
  ...OPERATION_CODECS,
  ...CLUSTER_CODECS,
  ...COORDINATION_CODECS,
  ...MEMBERSHIP_CODECS,
  ...RESTORE_CODECS,
  ...ROLE_CODECS,
};

const IN_SESSION = COMMAND_NUMBERS['in-session'];
const BY_NUMBER: readonly (CommandCodec<PlainCommand> | undefined)[] = byNumber();

function byNumber(): (CommandCodec<PlainCommand> | undefined)[] {
  const list: (CommandCodec<PlainCommand> | undefined)[] = [];
  for (const kind of Object.keys(CODECS) as PlainCommand['kind'][])
    list[COMMAND_NUMBERS[kind]] = codecOf(kind);
  return list;
}

function codecOf(kind: PlainCommand['kind']): CommandCodec<PlainCommand> {
  // The pairing of kind and codec is what CodecsOf states; indexing by a union of kinds loses it.
  return CODECS[kind] as unknown as CommandCodec<PlainCommand>;
}

const KINDS: readonly (Command['kind'] | undefined)[] = kindsByNumber();

function kindsByNumber(): (Command['kind'] | undefined)[] {
  const kinds: (Command['kind'] | undefined)[] = [];
  for (const kind of Object.keys(COMMAND_NUMBERS) as Command['kind'][]) kinds[COMMAND_NUMBERS[kind]] = kind;
  return kinds;
}

/** What a member must know to apply a command. */
export interface CommandNeed {
  readonly what: string;
  readonly level: number;
}

const ANY: CommandNeed = { what: '', level: FIRST_LEVEL };
const NEEDS: readonly (readonly CommandNeed[] | undefined)[] = KINDS.map((kind) => {
  const levels = kind === undefined ? undefined : (LEVELS[kind] ?? [FIRST_LEVEL]);
  return levels?.map((level, i) => ({ what: `${kind} version ${i + 1}`, level }));
});

/**
 * What it takes to apply these bytes, without decoding them: asked for every command that is proposed. Infinity
 * for what no release up to this one knows. Bytes that are cut short need nothing: apply refuses them.
 */
export function commandNeed(bytes: Uint8Array): CommandNeed {
  const own = needAt(bytes, 0);
  if (bytes[0] !== IN_SESSION || own.level > COMMAND_LEVEL) return own;
  const inner = needAt(bytes, innerAt(bytes));
  return inner.level > own.level ? inner : own;
}

function needAt(bytes: Uint8Array, at: number): CommandNeed {
  const number = bytes[at];
  const version = bytes[at + 1];
  if (number === undefined || version === undefined) return ANY;
  const known = NEEDS[number]?.[version - 1];
  return known ?? { what: `command ${number} version ${version}`, level: Infinity };
}

/** Where the command within a session command begins: after number, version, session and two counters. */
function innerAt(bytes: Uint8Array): number {
  // Session ids are 16 digits, so their length is one byte; another one is refused when it is decoded.
  return afterUint(bytes, afterUint(bytes, 3 + (bytes[2] ?? 0)));
}

function afterUint(bytes: Uint8Array, from: number): number {
  let at = from;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return at + 1;
}

/** Whether the command adds to the state and is refused when the machine is over its budget. */
export function grows(command: PlainCommand): boolean {
  return codecOf(command.kind).grows;
}

const writer = new ByteWriter(1024);

/** Written by the member where the request came in. */
export function encodeCommand(command: Command): Uint8Array {
  writer.reset();
  if (command.kind === 'in-session') {
    writer.u8(IN_SESSION).u8(VERSION);
    writer.text(command.session).uint(command.sequence).uint(command.acknowledgedBelow);
    writePlain(command.command);
  } else writePlain(command);
  return writer.finishShort();
}

function writePlain(command: PlainCommand): void {
  writer.u8(COMMAND_NUMBERS[command.kind]).u8(VERSION);
  codecOf(command.kind).write(writer, command);
}

/** Throws `UnknownCommandError` (the node must stop) or `MalformedError` (the command is refused). */
export function decodeCommand(bytes: Uint8Array): Command {
  const r = new ByteReader(bytes);
  const number = r.u8();
  const version = r.u8();
  const command = number === IN_SESSION ? readInSession(r, version) : readPlain(r, number, version);
  r.expectEnd('command');
  return command;
}

function readInSession(r: ByteReader, version: number): Command {
  if (version !== VERSION) throw new UnknownCommandError(IN_SESSION, version);
  const session = r.text() as SessionId;
  const sequence = r.uint();
  const acknowledgedBelow = r.uint();
  const number = r.u8();
  if (number === IN_SESSION) throw new MalformedError('a session command within a session command');
  return { kind: 'in-session', session, sequence, acknowledgedBelow, command: readPlain(r, number, r.u8()) };
}

function readPlain(r: ByteReader, number: number, version: number): PlainCommand {
  const codec = BY_NUMBER[number];
  if (codec === undefined || version !== VERSION) throw new UnknownCommandError(number, version);
  return codec.read(r);
}
