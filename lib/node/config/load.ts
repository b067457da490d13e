import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { TepuiError } from '../../base/index.js';

/** Nested settings from flags and environment; they win over the file. */
export type Overrides = {
  readonly [key: string]: string | number | boolean | readonly string[] | Overrides | undefined;
};

/** Reads `file` (YAML), lays `overrides` over it and checks the whole. Throws CONFIG naming every bad key. */
export function loadConfig<T extends z.ZodType>(
  schema: T,
  file: string | undefined,
  overrides: Overrides,
): z.output<T> {
  const base = file === undefined ? {} : readYaml(file);
  const result = schema.safeParse(merge(base, overrides));
  if (result.success) return result.data;
  const where = file ?? 'flags and environment';
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`);
  throw new TepuiError('CONFIG', `${where}: ${problems.join('; ')}`, { fields: { problems } });
}

function readYaml(file: string): unknown {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TepuiError('CONFIG', `${file} cannot be read: ${String(error)}`, { cause: error });
  }
  try {
    return parse(text) ?? {};
  } catch (error) {
    throw new TepuiError('CONFIG', `${file} is not YAML: ${String(error)}`, { cause: error });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(base: unknown, overrides: Overrides): unknown {
  if (!isRecord(base)) return base;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    const inner = isRecord(value) ? merge(merged[key] ?? {}, value) : value;
    if (isRecord(inner) && Object.keys(inner).length === 0) continue;
    merged[key] = inner;
  }
  return merged;
}
