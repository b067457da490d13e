import { utf8Length } from '../base/index.js';
import type { MachineLimits } from './limits.js';
import type { Refusal } from './turn.js';

/** Ids become parts of paths (sandbox folders) and of addresses: no separators, no control characters. */
export function idFault(what: string, id: string, limits: MachineLimits): Refusal | null {
  const long = textFault(what, id, limits.idBytes);
  if (long !== null) return long;
  if (id === '' || id === '.' || id === '..') return { code: 'INVALID_ARGUMENT', message: `${what} "${id}"` };
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    if (c > 0x20 && c !== 0x7f && c !== SLASH && c !== BACKSLASH) continue;
    return { code: 'INVALID_ARGUMENT', message: `${what} with the character ${c} at ${i}` };
  }
  return null;
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const UUID_BYTES = 16;

/** Whether a text takes more than `limit` bytes in UTF-8. */
export function textFault(what: string, text: string, limit: number): Refusal | null {
  // Three bytes at most for each UTF-16 unit: most texts need no counting.
  if (text.length * 3 <= limit) return null;
  return lengthFault(`${what} (bytes)`, utf8Length(text), limit);
}

export function lengthFault(what: string, length: number, limit: number): Refusal | null {
  return length <= limit
    ? null
    : { code: 'TOO_LARGE', message: `${what} of ${length}; the limit is ${limit}` };
}

export function uuidFault(what: string, uuid: Uint8Array): Refusal | null {
  if (uuid.length === UUID_BYTES) return null;
  return { code: 'INVALID_ARGUMENT', message: `${what} of ${uuid.length} bytes, not ${UUID_BYTES}` };
}

/** Whether the texts are sorted and each occurs once. */
export function isSortedSet(texts: readonly string[]): boolean {
  return texts.every((text, i) => i === 0 || texts[i - 1]! < text);
}

export function firstFault(...faults: readonly (Refusal | null)[]): Refusal | null {
  return faults.find((fault) => fault !== null) ?? null;
}
