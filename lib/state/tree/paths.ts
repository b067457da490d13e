import { utf8Length } from '../../base/index.js';
import type { MachineLimits } from '../limits.js';
import type { Refusal } from '../turn.js';

/**
 * ZooKeeper's path rules (its PathUtils.validatePath): absolute, no trailing slash, no empty, `.` or `..` part,
 * no U+0000-001F, 007F-009F, D800-F8FF, FFF0-FFFF. Returns what is wrong, or null.
 */
export function pathFault(path: string): string | null {
  if (path.length === 0) return 'a path must not be empty';
  if (path.charCodeAt(0) !== SLASH) return 'a path must start with /';
  if (path.length === 1) return null;
  let start = 1;
  for (let i = 1; i < path.length; i++) {
    const c = path.charCodeAt(i);
    if (c === SLASH) {
      const fault = partFault(path, start, i);
      if (fault !== null) return fault;
      start = i + 1;
    } else if (c < 0x20 || (c >= 0x7f && isForbidden(c))) {
      return `character ${c} at ${i} is not allowed in a path`;
    }
  }
  return partFault(path, start, path.length);
}

/** What ZooKeeper looks at before it looks for the parent of a path: whether there can be one. */
export function parentFault(path: string): Refusal | null {
  if (path.includes('/') && !path.includes('\0')) return null;
  return { code: 'BAD_ARGUMENTS', message: 'a path must start with / and hold no NUL' };
}

/** Limits that ZooKeeper has for a whole request only. */
export function lengthFault(path: string, dataBytes: number, limits: MachineLimits): Refusal | null {
  const pathBytes = path.length * 3 <= limits.pathBytes ? 0 : utf8Length(path);
  if (pathBytes > limits.pathBytes) {
    return { code: 'TOO_LARGE', message: `a path of ${pathBytes} bytes; the limit is ${limits.pathBytes}` };
  }
  if (dataBytes <= limits.nodeDataBytes) return null;
  return { code: 'TOO_LARGE', message: `${dataBytes} bytes of data; the limit is ${limits.nodeDataBytes}` };
}

const SLASH = 0x2f;
const DOT = 0x2e;

function partFault(path: string, start: number, end: number): string | null {
  const length = end - start;
  if (length === 0) return end === path.length ? 'a path must not end with /' : `empty part at ${start}`;
  if (length > 2 || path.charCodeAt(start) !== DOT) return null;
  if (length === 2 && path.charCodeAt(start + 1) !== DOT) return null;
  return `relative part at ${start}`;
}

function isForbidden(c: number): boolean {
  return c <= 0x9f || (c >= 0xd800 && c <= 0xf8ff) || (c >= 0xfff0 && c <= 0xffff);
}
