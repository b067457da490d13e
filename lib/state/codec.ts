import { MalformedError, type ByteReader, type ByteWriter, type NodeId } from '../base/index.js';
import type { Connection } from './agents/types.js';
import type { NamedAmount, Resources } from './resources.js';

/** How one kind of command is written and read. Fields are never reordered: a new shape is a new version. */
export interface CommandCodec<C> {
  /** Refused when the machine is over its budget. */
  readonly grows: boolean;
  readonly write: (w: ByteWriter, command: C) => void;
  /** Byte fields are views into the entry: apply copies what it keeps. */
  readonly read: (r: ByteReader) => C;
}

/** One codec for each kind of a union of commands. */
export type CodecsOf<Union extends { readonly kind: string }> = {
  readonly [Kind in Union['kind']]: CommandCodec<Extract<Union, { readonly kind: Kind }>>;
};

export function writeList<T>(
  w: ByteWriter,
  list: readonly T[],
  write: (w: ByteWriter, item: T) => void,
): void {
  w.uint(list.length);
  for (const item of list) write(w, item);
}

export function readList<T>(r: ByteReader, read: (r: ByteReader) => T): T[] {
  const count = r.uint();
  // Every item takes a byte at least: a count beyond the input is damage, not a reason to allocate.
  if (count > r.remaining) throw new MalformedError(`a list of ${count} items in ${r.remaining} bytes`);
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(read(r));
  return list;
}

export function writeTexts(w: ByteWriter, texts: readonly string[]): void {
  writeList(w, texts, (w, text) => w.text(text));
}

export function readTexts(r: ByteReader): string[] {
  return readList(r, (r) => r.text());
}

/** One of `choices` by its position, which is never changed. */
export function writeChoice<T extends string>(w: ByteWriter, choices: readonly T[], choice: T): void {
  const position = choices.indexOf(choice);
  if (position < 0) throw new MalformedError(`${choice} is none of ${choices.join(', ')}`);
  w.u8(position);
}

export function readChoice<T extends string>(r: ByteReader, choices: readonly T[]): T {
  const position = r.u8();
  const choice = choices[position];
  if (choice === undefined) throw new MalformedError(`choice ${position} of ${choices.length}`);
  return choice;
}

export function writeResources(w: ByteWriter, resources: Resources): void {
  w.uint(resources.cpuMilli).uint(resources.memoryBytes).uint(resources.diskBytes);
  writeList(w, resources.others, (w, other) => w.text(other.name).uint(other.milli));
}

export function readResources(r: ByteReader): Resources {
  return {
    cpuMilli: r.uint(),
    memoryBytes: r.uint(),
    diskBytes: r.uint(),
    others: readList(r, (r): NamedAmount => ({ name: r.text(), milli: r.uint() })),
  };
}

export function writeConnection(w: ByteWriter, connection: Connection): void {
  w.text(connection.member).uint(connection.stream);
}

export function readConnection(r: ByteReader): Connection {
  return { member: r.text() as NodeId, stream: r.uint() };
}
