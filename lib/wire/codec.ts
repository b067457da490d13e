import { InvariantError, MalformedError, TepuiError } from '../base/index.js';
import { messageType, type SchemaFile } from './protos.js';
import type { Codec, WireObject } from './struct.js';

/** A whole message to and from its bytes. */
export interface MessageCodec<T> {
  /** Throws TOO_LARGE. */
  encode(value: T): Buffer;
  /** Throws MALFORMED, TOO_LARGE or UNSUPPORTED. Byte fields are views of `bytes`. */
  decode(bytes: Uint8Array): T;
}

/** What is wrong with bytes that did not decode, as a coded error. */
export function decodeError(name: string, error: unknown): TepuiError {
  if (error instanceof TepuiError) return error;
  if (error instanceof InvariantError) throw error;
  const detail = error instanceof Error ? error.message : String(error);
  const why = error instanceof MalformedError ? detail : `not a ${name}: ${detail}`;
  return new TepuiError('MALFORMED', `malformed ${name}: ${why}`, { cause: error });
}

export function checkSize(name: string, sizeBytes: number, limitBytes: number): void {
  if (sizeBytes <= limitBytes) return;
  throw new TepuiError(
    'TOO_LARGE',
    `${name} of ${sizeBytes} bytes is above the limit of ${limitBytes} bytes`,
    {
      fields: { sizeBytes, limitBytes },
    },
  );
}

/** Messages of the schema's type `name`, at most `limitBytes` long. The schema is read at the first use. */
export function messageCodec<T>(
  file: SchemaFile,
  name: string,
  codec: Codec<T>,
  limitBytes: number,
): MessageCodec<T> {
  let type: ReturnType<typeof messageType> | null = null;
  return {
    encode(value) {
      type ??= messageType(file, name);
      const encoded = type.serialize(codec.toWire(value));
      checkSize(name, encoded.length, limitBytes);
      return encoded;
    },
    decode(bytes) {
      type ??= messageType(file, name);
      checkSize(name, bytes.length, limitBytes);
      const whole = Buffer.isBuffer(bytes)
        ? bytes
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      try {
        return codec.fromWire(type.deserialize(whole) as WireObject);
      } catch (error) {
        throw decodeError(name, error);
      }
    },
  };
}
