import { TepuiError } from '../../base/index.js';
import { PERMISSION, type WireAcl } from '../../wire/zookeeper/index.js';

const LETTERS: readonly (readonly [string, number])[] = [
  ['c', PERMISSION.create],
  ['d', PERMISSION.delete],
  ['r', PERMISSION.read],
  ['w', PERMISSION.write],
  ['a', PERMISSION.admin],
];

/** `scheme:id:cdrwa`, as zkCli writes it. An id may hold colons and commas (addresses, names of certificates). */
const ENTRY = /([^:,]+):(.*?):([cdrwa]+)(?:,|$)/gy;

/** Everybody may do everything. */
export const OPEN_ACL: readonly WireAcl[] = [{ permissions: PERMISSION.all, scheme: 'world', id: 'anyone' }];

/** `cdrwa`, or those of the letters that apply. */
export function permissionLetters(permissions: number): string {
  return LETTERS.map(([letter, bit]) => ((permissions & bit) === 0 ? '' : letter)).join('');
}

export function aclText(acl: readonly WireAcl[]): string {
  return acl
    .map(({ scheme, id, permissions }) => `${scheme}:${id}:${permissionLetters(permissions)}`)
    .join(',');
}

/** Entries divided by commas. Throws USAGE. */
export function parseAcl(text: string): WireAcl[] {
  const entries: WireAcl[] = [];
  let end = 0;
  for (const [whole, scheme = '', id = '', letters = ''] of text.matchAll(ENTRY)) {
    end += whole.length;
    entries.push({ scheme, id, permissions: bitsOf(letters) });
  }
  if (entries.length > 0 && end === text.length && !text.endsWith(',')) return entries;
  throw new TepuiError('USAGE', `"${text}" is no ACL: scheme:id:cdrwa, divided by commas`);
}

function bitsOf(letters: string): number {
  return LETTERS.reduce((bits, [letter, bit]) => (letters.includes(letter) ? bits | bit : bits), 0);
}
