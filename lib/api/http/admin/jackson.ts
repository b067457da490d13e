/** What an answer consists of; `bigint` for numbers of 64 bits. */
export type Json =
  string | number | bigint | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const INDENT = '  ';

/** As the AdminServer prints it (Jackson's default pretty printer): 64-bit ids are numbers there, whatever their size. */
export function printJson(value: Json, indent: string = ''): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) {
    return value.length === 0 ? '[ ]' : `[ ${value.map((one) => printJson(one, indent)).join(', ')} ]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return '{ }';
  const inner = indent + INDENT;
  const lines = entries.map(([key, one]) => `${inner}${JSON.stringify(key)} : ${printJson(one, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function isList(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value);
}
