import {
  ByteReader,
  ByteWriter,
  MalformedError,
  assert,
  copyWithFront,
  unreachable,
  type NodeId,
} from '../base/index.js';
import {
  decodeConfiguration,
  encodeConfiguration,
  type Append,
  type Entry,
  type EntryKind,
  type Message,
} from '../raft/index.js';

// A batch of consensus messages for one node:
//
//   version (1 byte) | addressee (text) | message | message | …
//   message: type (1 byte) | term (varint) | fields of the type, in the order written below
//
// The sender is not in it: it is who the stream belongs to.

const VERSION = 1;

/** Numbers of the message types on the wire: append-only. */
const TYPE_NUMBERS: Readonly<Record<Message['type'], number>> = {
  vote: 1,
  'vote-reply': 2,
  append: 3,
  'append-reply': 4,
  heartbeat: 5,
  'heartbeat-reply': 6,
  read: 7,
  'read-reply': 8,
  snapshot: 9,
  'timeout-now': 10,
};

const TYPES: readonly (Message['type'] | undefined)[] = invert(TYPE_NUMBERS);

const ENTRY_KINDS: readonly EntryKind[] = ['normal', 'noop', 'configuration'];

function invert(numbers: Readonly<Record<Message['type'], number>>): (Message['type'] | undefined)[] {
  const types: (Message['type'] | undefined)[] = [];
  for (const [type, number] of Object.entries(numbers)) types[number] = type as Message['type'];
  return types;
}

/** The bytes of `messages`, which all go to the same node: valid until `writer` is used again. */
export function encodeMessages(writer: ByteWriter, messages: readonly Message[]): Uint8Array {
  const to = messages[0]?.to;
  assert(to !== undefined, 'a batch of messages is not empty');
  writer.reset();
  writer.u8(VERSION).text(to);
  for (const message of messages) {
    assert(message.to === to, () => `one batch for ${to} and ${message.to}`);
    writer.u8(TYPE_NUMBERS[message.type]).uint(message.term);
    encodeFields(writer, message);
  }
  return writer.view();
}

function encodeFields(writer: ByteWriter, message: Message): void {
  switch (message.type) {
    case 'vote':
      writer.bool(message.pre).uint(message.lastIndex).uint(message.lastTerm).bool(message.transfer);
      return;
    case 'vote-reply':
      writer.bool(message.pre).bool(message.granted);
      return;
    case 'append':
      encodeAppend(writer, message);
      return;
    case 'append-reply':
      writer.uint(message.index).bool(message.rejected).uint(message.hintIndex).uint(message.hintTerm);
      return;
    case 'heartbeat':
      writer.uint(message.commit).uint(message.round);
      return;
    case 'heartbeat-reply':
      writer.uint(message.round);
      return;
    case 'read':
      writer.uint(message.context);
      return;
    case 'read-reply':
      writer.uint(message.context).int(message.index);
      return;
    case 'snapshot':
      writer.uint(message.meta.index).uint(message.meta.term);
      writer.bytes(encodeConfiguration(message.meta.configuration));
      return;
    case 'timeout-now':
      return;
    default:
      unreachable(message, 'message');
  }
}

/** Entries are contiguous after `prevIndex`, so their indexes are not written. */
function encodeAppend(writer: ByteWriter, { prevIndex, prevTerm, commit, entries }: Append): void {
  writer.uint(prevIndex).uint(prevTerm).uint(commit).uint(entries.length);
  let index = prevIndex;
  for (const entry of entries) {
    index++;
    assert(entry.index === index, () => `entry ${entry.index} where ${index} follows`);
    writer.uint(entry.term).u8(ENTRY_KINDS.indexOf(entry.kind)).bytes(entry.data);
  }
}

/**
 * Messages of a batch that `from` sent. Null when the batch is for another instance of this member: it was
 * meant for a data folder that is gone. Nothing refers to `batch` afterwards. Throws `MalformedError`.
 */
export function decodeMessages(batch: Uint8Array, from: NodeId, self: NodeId): Message[] | null {
  const reader = new ByteReader(batch);
  const version = reader.u8();
  if (version !== VERSION)
    throw new MalformedError(`messages of version ${version}, this release reads ${VERSION}`);
  if (reader.text() !== self) return null;
  const messages: Message[] = [];
  while (reader.remaining > 0) messages.push(decodeMessage(reader, from, self));
  return messages;
}

function decodeMessage(reader: ByteReader, from: NodeId, to: NodeId): Message {
  const number = reader.u8();
  const type = TYPES[number];
  const term = reader.uint();
  switch (type) {
    case 'vote':
      return {
        type,
        from,
        to,
        term,
        pre: reader.bool(),
        lastIndex: reader.uint(),
        lastTerm: reader.uint(),
        transfer: reader.bool(),
      };
    case 'vote-reply':
      return { type, from, to, term, pre: reader.bool(), granted: reader.bool() };
    case 'append':
      return decodeAppend(reader, from, to, term);
    case 'append-reply':
      return {
        type,
        from,
        to,
        term,
        index: reader.uint(),
        rejected: reader.bool(),
        hintIndex: reader.uint(),
        hintTerm: reader.uint(),
      };
    case 'heartbeat':
      return { type, from, to, term, commit: reader.uint(), round: reader.uint() };
    case 'heartbeat-reply':
      return { type, from, to, term, round: reader.uint() };
    case 'read':
      return { type, from, to, term, context: reader.uint() };
    case 'read-reply':
      return { type, from, to, term, context: reader.uint(), index: reader.int() };
    case 'snapshot':
      return {
        type,
        from,
        to,
        term,
        meta: {
          index: reader.uint(),
          term: reader.uint(),
          configuration: decodeConfiguration(reader.bytes()),
        },
      };
    case 'timeout-now':
      return { type, from, to, term };
    case undefined:
      throw new MalformedError(`message type ${number} is unknown to this release`);
    default:
      return unreachable(type, 'message type');
  }
}

function decodeAppend(reader: ByteReader, from: NodeId, to: NodeId, term: number): Append {
  const prevIndex = reader.uint();
  const prevTerm = reader.uint();
  const commit = reader.uint();
  const count = reader.uint();
  const entries: Entry[] = [];
  for (let index = prevIndex + 1; entries.length < count; index++) {
    if (!Number.isSafeInteger(index)) throw new MalformedError('entry index above 2^53');
    entries.push(decodeEntry(reader, index));
  }
  return { type: 'append', from, to, term, prevIndex, prevTerm, entries, commit };
}

function decodeEntry(reader: ByteReader, index: number): Entry {
  const term = reader.uint();
  const kind = ENTRY_KINDS[reader.u8()];
  if (kind === undefined) throw new MalformedError(`entry ${index} of a kind unknown to this release`);
  // Entries stay in memory for long, what they came in must not; the copy is the one that the log makes its record of.
  const data = copyWithFront(reader.bytes());
  // Read here once, so that one that this release cannot read is refused before anything of the batch counts.
  if (kind === 'configuration') decodeConfiguration(data);
  return { term, index, kind, data };
}
