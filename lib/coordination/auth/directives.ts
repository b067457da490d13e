import { MalformedError } from '../../base/index.js';

const DIRECTIVE = /\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)/y;

/** `name=value, name="value"…` as in challenges and responses of DIGEST-MD5 (RFC 2831, 2.1). Throws `MalformedError`. */
export function readDirectives(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  DIRECTIVE.lastIndex = 0;
  while (DIRECTIVE.lastIndex < text.length) {
    const at = DIRECTIVE.lastIndex;
    const match = DIRECTIVE.exec(text);
    if (match === null) throw new MalformedError(`no directive at ${at}`);
    const name = match[1]!.toLowerCase();
    if (found.has(name)) throw new MalformedError(`${name} comes twice`);
    found.set(name, match[2]?.replaceAll(/\\(.)/g, '$1') ?? match[3]!);
  }
  return found;
}
