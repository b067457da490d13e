import { utf8Decode } from '../../base/index.js';

/**
 * A value of the machine as plain JSON: bytes become text where they are text, else `{"base64"}`; maps become objects,
 * and what JSON cannot say (undefined, functions) is left out.
 */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesOf(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

const PRINTABLE = /^[\t\n\r\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]*$/;

function bytesOf(bytes: Uint8Array): unknown {
  const text = tryText(bytes);
  return text !== null && PRINTABLE.test(text) ? text : { base64: Buffer.from(bytes).toString('base64') };
}

function tryText(bytes: Uint8Array): string | null {
  try {
    return utf8Decode(bytes);
  } catch {
    return null;
  }
}
