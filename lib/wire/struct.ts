import { MalformedError, TepuiError, assert } from '../base/index.js';

/** A message as proto-loader hands it over: snake_case names, absent when unset. */
export type WireObject = Record<string, unknown>;

/** Translates a message between its wire object and our type. */
export interface Codec<T> {
  fromWire(raw: WireObject): T;
  toWire(value: T): WireObject;
}

/** Translates one field (or one oneof) of a message. `name` is the field's name on the wire. */
export interface FieldCodec<T> {
  read(raw: WireObject, name: string): T;
  write(raw: WireObject, name: string, value: T): void;
}

type FieldCodecs<T> = { readonly [K in keyof T]-?: FieldCodec<T[K]> };

/** `heartbeatMs` is `heartbeat_ms` on the wire. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A message whose fields are named alike, in camelCase here and snake_case on the wire. */
export function struct<T extends object>(fields: FieldCodecs<T>): Codec<T> {
  const table = Object.keys(fields).map((key) => ({
    key,
    name: snakeCase(key),
    codec: fields[key as keyof T] as FieldCodec<unknown>,
  }));
  return {
    fromWire(raw) {
      const value: WireObject = {};
      for (const { key, name, codec } of table) value[key] = codec.read(raw, name);
      return value as T;
    },
    toWire(value) {
      const raw: WireObject = {};
      for (const { key, name, codec } of table) codec.write(raw, name, (value as WireObject)[key]);
      return raw;
    },
  };
}

/** Proto3 leaves zero, the empty string and false off the wire: absent means them. */
function scalar<T>(whenAbsent: T, check: (value: unknown, name: string) => T): FieldCodec<T> {
  return {
    read: (raw, name) => {
      const value = raw[name];
      return value === undefined ? whenAbsent : check(value, name);
    },
    write: (raw, name, value) => {
      if (value !== whenAbsent) raw[name] = value;
    },
  };
}

function checkedInteger(value: unknown, name: string): number {
  const integer = typeof value === 'string' ? Number(value) : value;
  if (!Number.isSafeInteger(integer)) throw new MalformedError(`${name} ${String(value)} is above 2^53`);
  return integer as number;
}

/** A counter, at most 2^53 - 1 in either direction of the wire. */
export const uint64: FieldCodec<number> = {
  read: (raw, name) => (raw[name] === undefined ? 0 : checkedInteger(raw[name], name)),
  write: (raw, name, value) => {
    assert(
      Number.isSafeInteger(value) && value >= 0,
      () => `${name}: not an unsigned safe integer: ${value}`,
    );
    if (value !== 0) raw[name] = value;
  },
};

/** An `optional uint64`: null when absent, and 0 is not absent. */
export const uint64OrNull: FieldCodec<number | null> = {
  read: (raw, name) => (raw[name] === undefined ? null : uint64.read(raw, name)),
  write: (raw, name, value) => {
    if (value === null) return;
    uint64.write(raw, name, value);
    raw[name] = value;
  },
};

/** 32-bit integers of every kind. */
export const int32: FieldCodec<number> = scalar(0, (value) => value as number);
export const double: FieldCodec<number> = scalar(0, (value) => value as number);
export const bool: FieldCodec<boolean> = scalar(false, (value) => value as boolean);
export const text: FieldCodec<string> = scalar('', (value) => value as string);

/** The empty string on the wire means null here. */
export const textOrNull: FieldCodec<string | null> = {
  read: (raw, name) => text.read(raw, name) || null,
  write: (raw, name, value) => text.write(raw, name, value ?? ''),
};

/** Text with a narrower type here (a branded id): the wire cannot know the brand, the doors validate. */
export function branded<T extends string>(): FieldCodec<T> {
  return text as unknown as FieldCodec<T>;
}

export function brandedOrNull<T extends string>(): FieldCodec<T | null> {
  return textOrNull as unknown as FieldCodec<T | null>;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** A view of the received message. */
export const bytes: FieldCodec<Uint8Array> = {
  read: (raw, name) => (raw[name] === undefined ? NO_BYTES : (raw[name] as Uint8Array)),
  write: (raw, name, value) => {
    if (value.length > 0) raw[name] = value;
  },
};

/** An enum by name; the first one is what absence means. A number is a name of a newer release. */
export function oneOf<T extends string>(names: readonly [T, ...T[]]): FieldCodec<T> {
  return {
    read: (raw, name) => {
      const value = raw[name];
      if (value === undefined) return names[0];
      if (names.includes(value as T)) return value as T;
      throw new TepuiError(
        'UNSUPPORTED',
        `${name}: value ${JSON.stringify(value)} is unknown to this release`,
      );
    },
    write: (raw, name, value) => {
      if (value !== names[0]) raw[name] = value;
    },
  };
}

/** A message that must be there. */
export function nested<T>(codec: Codec<T>): FieldCodec<T> {
  return {
    read: (raw, name) => {
      const value = raw[name];
      if (value === undefined) throw new MalformedError(`${name} is missing`);
      return codec.fromWire(value as WireObject);
    },
    write: (raw, name, value) => {
      raw[name] = codec.toWire(value);
    },
  };
}

export function nestedOrNull<T>(codec: Codec<T>): FieldCodec<T | null> {
  const present = nested(codec);
  return {
    read: (raw, name) => (raw[name] === undefined ? null : present.read(raw, name)),
    write: (raw, name, value) => {
      if (value !== null) present.write(raw, name, value);
    },
  };
}

export function repeated<T>(codec: Codec<T>): FieldCodec<readonly T[]> {
  return {
    read: (raw, name) => ((raw[name] ?? []) as WireObject[]).map((item) => codec.fromWire(item)),
    write: (raw, name, value) => {
      raw[name] = value.map((item) => codec.toWire(item));
    },
  };
}

/** A list of texts, possibly branded. */
export function texts<T extends string>(): FieldCodec<readonly T[]> {
  return {
    read: (raw, name) => (raw[name] ?? []) as T[],
    write: (raw, name, value) => {
      raw[name] = value;
    },
  };
}

/** A Mesos message, left as it is: snake_case is its vocabulary. */
export function foreign<T extends object>(): Codec<T> {
  return { fromWire: (raw) => raw as T, toWire: (value) => value as WireObject };
}

/** A message with one member of a oneof set: `{ kind: 'created', … }`. */
type Members<T extends { readonly kind: string }> = {
  readonly [K in T['kind']]: Member<Omit<Extract<T, { readonly kind: K }>, 'kind'>>;
};

/** How the member of a oneof is written: as a message, or as a bare value that becomes `value`. */
export interface Member<T> {
  read(raw: WireObject, name: string): T;
  write(raw: WireObject, name: string, value: T): void;
}

export function bare<T>(field: FieldCodec<T>): Member<{ readonly value: T }> {
  return {
    read: (raw, name) => ({ value: field.read(raw, name) }),
    write: (raw, name, { value }) => {
      field.write(raw, name, value);
      // Zero, false and the empty string count as set inside a oneof.
      raw[name] ??= value;
    },
  };
}

/** The oneof `name` of a message, whose members may be messages (`nested`) or values (`bare`). */
export function union<T extends { readonly kind: string }>(name: string, members: Members<T>): Codec<T> {
  const byName = members as unknown as Record<string, Member<object>>;
  return {
    fromWire(raw) {
      const chosen = raw[name];
      const kind = typeof chosen === 'string' ? camelCase(chosen) : '';
      const member = byName[kind];
      if (member === undefined) {
        throw new TepuiError('UNSUPPORTED', `${name}: nothing set that this release knows`);
      }
      return { kind, ...member.read(raw, chosen as string) } as unknown as T;
    },
    toWire(value) {
      const raw: WireObject = {};
      byName[value.kind]!.write(raw, snakeCase(value.kind), value);
      return raw;
    },
  };
}

/** A oneof beside other fields of the same message. Its name on the wire is the field's own. */
export function embedded<T extends { readonly kind: string }>(members: Members<T>): FieldCodec<T> {
  let codec: Codec<T> | null = null;
  const named = (name: string): Codec<T> => (codec ??= union(name, members));
  return {
    read: (raw, name) => named(name).fromWire(raw),
    write: (raw, name, value) => {
      Object.assign(raw, named(name).toWire(value));
    },
  };
}
